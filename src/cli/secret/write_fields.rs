//! Metadata alone, without a new version: what `secret tag` and `secret describe` share.

use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use v_secure_core::name::SecretName;
use v_secure_core::record::text::{MAX_VALUE_TEXT, check_text};
use v_secure_core::secret::put;
use v_secure_core::secret::put::PutRequest;
use v_secure_core::secret::read;
use v_secure_core::secret::read::VersionSelector;
use v_secure_core::vault::Vault;

/// Writes fields of a live secret; `None` clears one. Returns whether anything changed, and the
/// vault as it is then.
pub fn write(
    context: &Context<'_>,
    secret: &SecretName,
    fields: Vec<(String, Option<String>)>,
    reason: Option<&str>,
    default_reason: &str,
) -> Outcome<(bool, Vault)> {
    for (field, value) in &fields {
        check_text(value.as_deref().unwrap_or_default(), MAX_VALUE_TEXT).map_err(|error| {
            Failure::new(Code::BadText, format!("{field} cannot be stored")).because(&error)
        })?;
    }
    let ((), written) = context.write_if(reason, default_reason, |vault, ctx| {
        let found = read::find(vault, secret)?;
        read::select(found, secret, &VersionSelector::Current)?;
        let fields = put::changed(Some(found), fields);
        if fields.is_empty() {
            return Ok(((), None));
        }
        let request = PutRequest { secret: secret.clone(), value: None, fields };
        Ok(((), Some(put::put(vault, vec![request], ctx)?)))
    })?;
    Ok(written)
}
