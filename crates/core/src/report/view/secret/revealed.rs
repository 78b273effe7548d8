//! A value that is shown: the one way by which a view holds one.

use crate::secret_value::SecretValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};

/// A value as it stands where it is UTF-8, and as base64 where it is not. Without `Debug`, and what it
/// encodes is wiped.
#[derive(Default, Serialize)]
pub struct RevealedView<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "exposed")]
    value_base64: Option<SecretValue>,
}

impl<'a> From<&'a SecretValue> for RevealedView<'a> {
    fn from(value: &'a SecretValue) -> Self {
        let text = value.expose_str();
        let encoded = || SecretValue::from(STANDARD.encode(value.expose()));
        Self { value: text, value_base64: text.is_none().then(encoded) }
    }
}

fn exposed<S: Serializer>(value: &Option<SecretValue>, serializer: S) -> Result<S::Ok, S::Error> {
    value.as_ref().and_then(SecretValue::expose_str).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::view::testing::json;

    #[test]
    fn a_value_is_shown_once_in_the_form_that_holds_it() {
        let shown = |bytes: &[u8]| json(&RevealedView::from(&SecretValue::new(bytes.to_vec())));
        assert_eq!(shown("é\n".as_bytes()), serde_json::json!({ "value": "é\n" }));
        assert_eq!(shown(&[0xff, 0]), serde_json::json!({ "value_base64": "/wA=" }));
        assert_eq!(shown(b""), serde_json::json!({ "value": "" }));
        assert_eq!(json(&RevealedView::default()), serde_json::json!({}));
    }
}
