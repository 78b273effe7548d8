//! The spellings of a value that are looked for.

use super::view::{self, View};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use std::fmt::Write;
use v_secure_core::secret_value::SecretValue;

/// A line of a value is looked for by itself from this length on: shorter ones are words of any text.
const SHORTEST_LINE: usize = 6;
/// The password of a URL likewise.
const SHORTEST_PASSWORD: usize = 4;

/// Adds what a text is searched for: views of it have neither spaces nor line breaks, so forms have none.
pub(super) fn add(value: &[u8], forms: &mut Vec<SecretValue>) {
    spellings(value, forms);
    let lines = value.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let is_part = |line: &&[u8]| line.len() >= SHORTEST_LINE && line.len() < value.len();
    lines.filter(is_part).for_each(|line| spellings(line, forms));
    if let Some(password) = password(value) {
        spellings(password, forms);
        let decoded = View::percent_decoded(password);
        spellings(decoded.bytes(), forms);
    }
    forms.retain(|form| !form.is_empty());
}

fn spellings(text: &[u8], forms: &mut Vec<SecretValue>) {
    forms.push(SecretValue::new(view::View::plain(text).into_bytes()));
    for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
        forms.push(engine.encode(text).into());
        forms.extend((0..3).filter_map(|before| within_base64(text, before, engine)));
    }
    forms.push(hex(text, false));
    forms.push(hex(text, true));
}

/// The digits that only the text decides, where it stands behind some bytes in a longer one, as in `user:password`.
fn within_base64(text: &[u8], before: usize, engine: &impl Engine) -> Option<SecretValue> {
    let mut whole = Vec::with_capacity(before + text.len());
    whole.resize(before, 0);
    whole.extend_from_slice(text);
    let whole = SecretValue::new(whole);
    let digits = SecretValue::from(engine.encode(whole.expose()));
    let (from, to) = ((before * 8).div_ceil(6), whole.len() * 8 / 6);
    let inner = digits.expose().get(from..to).filter(|inner| inner.len() >= SHORTEST_LINE)?;
    Some(SecretValue::new(inner.to_vec()))
}

fn hex(text: &[u8], is_upper: bool) -> SecretValue {
    let mut digits = String::with_capacity(text.len() * 2);
    for byte in text {
        // A string takes every write.
        let _ = match is_upper {
            true => write!(digits, "{byte:02X}"),
            false => write!(digits, "{byte:02x}"),
        };
    }
    digits.into()
}

/// The password of `SCHEME://USER:PASSWORD@…`: of a URL, messages repeat that part.
fn password(value: &[u8]) -> Option<&[u8]> {
    let text = std::str::from_utf8(value).ok()?;
    let (_, rest) = text.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (user, _) = rest[..end].rsplit_once('@')?;
    let (_, password) = user.split_once(':')?;
    (password.len() >= SHORTEST_PASSWORD).then_some(password.as_bytes())
}
