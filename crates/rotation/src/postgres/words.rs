//! What is said of a failure: one line, without control characters and without values.

use super::url::{ConnectionUrl, encode};
use v_secure_core::secret_value::SecretValue;
use zeroize::Zeroizing;

const MOST: usize = 1_000;
const HIDDEN: &str = "[value]";
/// A stored password begins so. It is made here, from the password.
const VERIFIER: &str = "SCRAM-SHA-256$";

/// The texts that must not be shown: values, and the passwords in them.
pub(super) fn hidden<'a>(
    values: impl IntoIterator<Item = &'a SecretValue>,
) -> Vec<Zeroizing<String>> {
    let mut texts = Vec::new();
    for value in values {
        texts.extend(value.expose_str().map(|text| Zeroizing::new(text.to_owned())));
        if let Ok(url) = ConnectionUrl::parse(value) {
            texts.push(encode(url.password()));
            texts.extend(
                std::str::from_utf8(url.password()).ok().map(str::to_owned).map(Zeroizing::new),
            );
        }
    }
    // The longest first: a part of it would leave the rest.
    texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
    texts.dedup();
    texts
}

pub(super) fn clean(text: &str, hidden: &[Zeroizing<String>]) -> String {
    let mut text = text.to_owned();
    for value in hidden.iter().filter(|value| !value.is_empty()) {
        text = text.replace(&**value, HIDDEN);
    }
    while let Some(start) = text.find(VERIFIER) {
        let rest = &text[start..];
        let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '\'' | '"'));
        text.replace_range(start..end.map_or(text.len(), |end| start + end), HIDDEN);
    }
    let line = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    line.take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_passwords_and_verifiers_are_not_said() {
        let value = SecretValue::new(b"postgres://a:p%40ss%2F@h/d".to_vec());
        let hidden = hidden([&value]);
        let said = "x postgres://a:p%40ss%2F@h/d y p@ss/ z p%40ss%2F\n'SCRAM-SHA-256$4096:a$b:c' e";
        assert_eq!(clean(said, &hidden), "x [value] y [value] z [value] '[value]' e");
        assert_eq!(clean(&"ä\n".repeat(2_000), &[]).chars().count(), MOST);
    }
}
