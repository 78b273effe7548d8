//! The text of a JSON string, which may be a value: serde_json would decode it in a buffer that it does not wipe.

use v_secure_core::secret_value::SecretValue;
use zeroize::Zeroizing;

/// What a JSON string says; `None` for what is no string, and for halves of characters. The grammar was checked.
pub(super) fn decoded(json: &str) -> Option<SecretValue> {
    let mut rest = json.strip_prefix('"')?.strip_suffix('"')?;
    // An escape is longer than what it stands for.
    let mut bytes = Zeroizing::new(Vec::with_capacity(rest.len()));
    while let Some(at) = rest.find('\\') {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        let (c, behind) = escape(&rest[at + 1..])?;
        bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        rest = behind;
    }
    bytes.extend_from_slice(rest.as_bytes());
    Some(SecretValue::new(std::mem::take(&mut *bytes)))
}

/// The character of an escape, behind its backslash, and what follows.
fn escape(text: &str) -> Option<(char, &str)> {
    let (letter, behind) = (text.chars().next()?, text.get(1..)?);
    let c = match letter {
        '"' | '\\' | '/' => letter,
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => return unicode(behind),
        _ => return None,
    };
    Some((c, behind))
}

fn unicode(text: &str) -> Option<(char, &str)> {
    let (first, behind) = unit(text)?;
    if let Some(c) = char::from_u32(u32::from(first)) {
        return Some((c, behind));
    }
    let (second, behind) = unit(behind.strip_prefix("\\u")?)?;
    let c = char::decode_utf16([first, second]).next()?.ok()?;
    Some((c, behind))
}

fn unit(text: &str) -> Option<(u16, &str)> {
    let (digits, behind) = text.split_at_checked(4)?;
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    Some((is_hex.then(|| u16::from_str_radix(digits, 16).ok()).flatten()?, behind))
}
