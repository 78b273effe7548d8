//! From parts and values to the text.

use super::{MAX_OUTPUT, Part, Reference, Template, TemplateFilter, TextPosition};
use crate::convert::text;
use crate::secret_value::SecretValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use zeroize::Zeroizing;

/// Why nothing was rendered. Places, never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// The reference can be put in only as `| base64`.
    #[error("line {}, column {}: the value is not UTF-8 text", place.line, place.column)]
    NotText { place: TextPosition },
    #[error("the rendered template would have more than {MAX_OUTPUT} bytes")]
    TooLarge,
}

impl Template<'_> {
    /// The text with `values` in place of the references, one for each and in their order.
    ///
    /// # Errors
    /// The first value that cannot stand where it should.
    pub fn render(&self, values: &[&SecretValue]) -> Result<SecretValue, RenderError> {
        // Counted on the way: what is made of one value for each reference may be a thousand times as
        // much as may come out.
        let mut length = self.parts.iter().map(Part::text_length).sum();
        let mut made: Vec<Option<SecretValue>> = Vec::with_capacity(self.references.len());
        for (reference, value) in self.references.iter().zip(values) {
            let filtered = filtered(reference, value)?;
            length = within(length, filtered.as_ref().unwrap_or(value))?;
            made.push(filtered);
        }
        let shown: Vec<&[u8]> = made
            .iter()
            .zip(values)
            .map(|(made, value)| made.as_ref().unwrap_or(value).expose())
            .collect();
        let pieces: Vec<&[u8]> = self.parts.iter().map(|part| part.bytes(&shown)).collect();
        Ok(text::exact(|put| pieces.iter().for_each(|piece| put(piece))))
    }
}

/// The length with a value behind it, if that may come out.
fn within(length: usize, value: &SecretValue) -> Result<usize, RenderError> {
    let sum = length.checked_add(value.len()).filter(|sum| *sum <= MAX_OUTPUT);
    sum.ok_or(RenderError::TooLarge)
}

impl Part<'_> {
    fn text_length(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Value(_) => 0,
        }
    }

    fn bytes<'a>(&'a self, values: &[&'a [u8]]) -> &'a [u8] {
        match self {
            Self::Text(text) => text,
            Self::Value(index) => values.get(*index).copied().unwrap_or_default(),
        }
    }
}

/// The value as its filters make it; `None` where it has none.
fn filtered(
    reference: &Reference,
    value: &SecretValue,
) -> Result<Option<SecretValue>, RenderError> {
    let mut made: Option<SecretValue> = None;
    for filter in &reference.filters {
        let input = made.as_ref().unwrap_or(value);
        made = Some(apply(*filter, input).ok_or(RenderError::NotText { place: reference.place })?);
    }
    if made.is_none() && value.expose_str().is_none() {
        return Err(RenderError::NotText { place: reference.place });
    }
    Ok(made)
}

/// `None` where the value is no text and has to be.
fn apply(filter: TemplateFilter, value: &SecretValue) -> Option<SecretValue> {
    Some(match filter {
        TemplateFilter::Json => {
            let text = value.expose_str()?;
            text::exact(|put| text::json::quote(text, put))
        }
        TemplateFilter::Url => {
            let text = value.expose_str()?;
            text::exact(|put| {
                percent_encode(text.as_bytes(), &RESERVED).for_each(|piece| put(piece.as_bytes()));
            })
        }
        TemplateFilter::Base64 => text::exact(|put| base64(value.expose(), put)),
    })
}

/// All but the unreserved characters of RFC 3986.
const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn base64(bytes: &[u8], put: &mut dyn FnMut(&[u8])) {
    let mut buffer = Zeroizing::new([0; 1024]);
    // A multiple of three, so that only the last piece is padded.
    for piece in bytes.chunks(768) {
        let length = STANDARD.encode_slice(piece, buffer.as_mut()).unwrap_or_default();
        put(&buffer[..length]);
    }
}
