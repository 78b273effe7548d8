//! One credential in two secrets: what is revoked of one is revoked of the other. A copied value comes to that by mistake, and by
//! whoever may write the one and read the other.

use super::Published;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use std::collections::BTreeSet;
use v_secure_core::crypto::id::ObjectId;
use v_secure_core::log::state::{SecretState, Version};
use v_secure_core::name::SecretName;
use v_secure_core::policy::settings::{ProviderKind, ProviderSettings};
use v_secure_core::secret::rotate;
use v_secure_core::secret_value::SecretValue;
use v_secure_core::vault::Vault;
use v_secure_rotation::engine::Publication;

/// Refuses a secret one of whose values another one has in use at the same place. Whoever has one rotated there so has to be able to read
/// the others: what cannot be compared is refused.
pub(super) fn refuse(
    published: &Published<'_>,
    provider: &ProviderSettings<'_>,
    secret: &SecretName,
) -> Outcome {
    let vault = published.vault();
    if provider.kind() == Some(ProviderKind::Postgres) {
        refuse_second(vault, provider, secret)?;
    }
    let Some(state) = vault.secret(secret) else { return Ok(()) };
    let own = values(published, secret, &asked_about(state))?;
    if own.is_empty() {
        return Ok(());
    }
    let serving = vault.serving();
    let is_there = |name: &&SecretName| {
        serving.serving(name).iter().any(|other| is_one_place(other, provider))
    };
    for other in vault.live().map(|(name, _)| name).filter(is_there) {
        let Some(state) = vault.secret(other).filter(|_| other != secret) else { continue };
        let theirs = values(published, other, &in_use(state)).map_err(|failure| {
            let message = format!("whether {other} has the same credential cannot be told");
            let mut told = Failure::new(failure.code, message);
            told.causes.push(failure.message);
            told.hint(format!("v-secure access list --secret-id {other}"))
        })?;
        if own.iter().any(|value| theirs.iter().any(|theirs| is_alike(value, theirs))) {
            return Err(shared(secret, other));
        }
    }
    Ok(())
}

/// The users of a database are the provider's, so it has room for one secret.
fn refuse_second(vault: &Vault, provider: &ProviderSettings<'_>, secret: &SecretName) -> Outcome {
    let mut others = vault.live().map(|(name, _)| name);
    match others.find(|name| *name != secret && provider.serves(name)) {
        None => Ok(()),
        Some(other) => {
            let message = format!(
                "{secret} and {other} are served by provider {}, whose users are for one secret",
                provider.name
            );
            Err(Failure::new(Code::ProviderAmbiguous, message)
                .hint(format!("v-secure settings set provider.{}.serves {secret}", provider.name)))
        }
    }
}

fn shared(secret: &SecretName, other: &SecretName) -> Failure {
    let message = format!(
        "{secret} and {other} have one credential: what is revoked of one is revoked of the other"
    );
    Failure::new(Code::ProviderAmbiguous, message)
        .hint(format!("v-secure set {secret}  # with a credential of its own"))
}

fn is_one_place(one: &ProviderSettings<'_>, other: &ProviderSettings<'_>) -> bool {
    one.name == other.name || one.kind() == other.kind() && one.endpoint() == other.endpoint()
}

/// What a provider may be asked to set or to revoke: what is retired too, which settling revokes again.
fn asked_about(state: &SecretState) -> Vec<&Version> {
    let retired = state.held().filter(|version| version.retired);
    in_use(state).into_iter().chain(rotate::over(state)).chain(retired).collect()
}

fn in_use(state: &SecretState) -> Vec<&Version> {
    let open = state.open_rotations().flat_map(|of| &of.objects);
    let open: BTreeSet<&ObjectId> = open.collect();
    state.held().filter(|v| open.contains(&v.object)).chain(state.active()).collect()
}

fn values(
    published: &Published<'_>,
    secret: &SecretName,
    versions: &[&Version],
) -> Outcome<Vec<SecretValue>> {
    let there = versions.iter().filter(|version| !version.pruned && !version.removed);
    there.map(|version| published.peek(secret, version)).collect()
}

/// White space at the ends is none to many services.
fn is_alike(one: &SecretValue, other: &SecretValue) -> bool {
    let trimmed = |value: &SecretValue| SecretValue::new(value.expose().trim_ascii().to_vec());
    trimmed(one).same_as(&trimmed(other))
}
