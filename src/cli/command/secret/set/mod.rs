//! `v-secure secret set`, `v-secure set`: a new version of a secret, its metadata, or both.

mod fields;
pub(super) mod value;

use super::expiry::ExpiryArgs;
use super::interval::IntervalArg;
use crate::cli::args::secret_arg::SecretArg;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::meant;
use crate::cli::error::{Failure, Outcome};
use crate::cli::secret::{rotations, variables};
use crate::cli::unlocking;
use clap::Args;
use std::collections::BTreeSet;
use std::ffi::OsString;
use v_secure_core::name::SecretName;
use v_secure_core::name::environment::EnvironmentName;
use v_secure_core::report::view::secret::value::SecretSetView;
use v_secure_core::secret::put;
use v_secure_core::secret::put::{NewValue, PutRequest};
use v_secure_core::secret::read;
use v_secure_core::secret::read::VersionSelector;
use v_secure_core::vault::{Depth, Vault};

/// Store a value, or change a secret's metadata
#[derive(Debug, Args)]
#[command(
    after_help = "The value comes from a prompt, standard input, a file or a generator, never from \
                        the command line, where other users and the shell's history would see it. One newline \
                        at the end of standard input is dropped, unless --raw is given. Metadata alone is \
                        changed if a secret exists and no value is given: on a terminal nobody is asked, and \
                        elsewhere standard input is empty (</dev/null).\n\n\
                        Examples:\n  v-secure set DATABASE_URL\n  \
                        printf %s \"$TOKEN\" | v-secure set -e prod API_TOKEN --ttl 30d\n  \
                        v-secure set TLS_KEY --file key.pem --type tls_certificate\n  \
                        v-secure set SESSION_KEY --generate=hex:32"
)]
pub struct Set {
    #[command(flatten)]
    secret: SecretArg,

    /// A value typed here by mistake: refused, never shown
    #[arg(hide = true, allow_hyphen_values = true, trailing_var_arg = true)]
    misplaced: Vec<OsString>,

    #[command(flatten)]
    value: value::ValueArgs,

    #[command(flatten)]
    fields: fields::FieldArgs,

    #[command(flatten)]
    expiry: ExpiryArgs,

    #[command(flatten)]
    interval: IntervalArg,

    /// Write only if the current version is this number or id (0: the secret does not exist)
    #[arg(long, value_name = "VERSION")]
    if_version: Option<String>,

    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// What one call is to write.
struct Plan {
    secret: SecretName,
    value: Option<NewValue>,
    fields: Vec<fields::Field>,
    if_version: Option<String>,
}

/// What it wrote.
struct Written {
    value: bool,
    fields: Vec<String>,
    /// The version before expires and this one does not.
    expiry_ends: bool,
}

impl Set {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        if !self.misplaced.is_empty() {
            return Err(self.value.misplaced(&self.misplaced).unwrap_or_else(misplaced));
        }
        let plan = self.plan(context)?;
        let secret = plan.secret.clone();
        let default = if plan.value.is_some() { "set a value" } else { "change metadata" };
        let (written, (_, vault)) =
            context.write_if(self.reason.as_deref(), default, |vault, ctx| {
                let Some((mut request, written)) = plan.request(vault)? else {
                    return Ok((
                        Written { value: false, fields: Vec::new(), expiry_ends: false },
                        None,
                    ));
                };
                if let Some(new) = &mut request.value {
                    new.same = put::same_as_current(vault, &request.secret, &new.value, ctx);
                }
                Ok((written, Some(put::put(vault, vec![request], ctx)?)))
            })?;
        report(context, &vault, &secret, written)
    }

    fn plan(&self, context: &Context<'_>) -> Outcome<Plan> {
        let secret = self.secret.resolve(context)?;
        let expires = self.expiry.expires(context.host.now())?;
        let mut fields = self.fields.fields()?;
        fields.extend(self.interval.field()?);
        let generator = self.value.generator()?;
        fields.extend(generator.map(|spec| ("generate".to_owned(), Some(spec))));
        let may_stay = !fields.is_empty() && expires.is_none();
        let with_fields = !fields.is_empty();
        let exists = || exists(context, &secret, with_fields);
        let value = self.value.value(context, &secret, may_stay, exists)?;
        let value = value.map(|value| NewValue { value, expires, same: Vec::new() });
        Ok(Plan { secret, value, fields, if_version: self.if_version.clone() })
    }
}

fn misplaced() -> Failure {
    let message = "a value cannot be given on the command line (it is in your shell's history now: \
                   clear it)";
    Failure::new(Code::ValueInArguments, message)
        .hint("v-secure set NAME (and type it at the prompt)")
        .hint("printf %s \"$VALUE\" | v-secure set NAME")
}

/// Whether there is a value, in a vault that the user may write to: what would be refused is refused before
/// a value is asked for.
fn exists(context: &Context<'_>, secret: &SecretName, with_fields: bool) -> Outcome<bool> {
    let names = BTreeSet::from([secret.clone()]);
    let (_, opened) = context.open_to_write(Depth::Secrets(&names))?;
    let vault = &opened.vault;
    // Nobody is asked for a passphrase twice, so that it is not known here who has one.
    if context.interactive()
        && let Some(who) = unlocking::unasked(context, vault)
    {
        put::permit(vault, secret, who.member(), with_fields)?;
    }
    let found = vault.secret(secret);
    if let (None, Ok(environment)) = (found, EnvironmentName::new(secret.environment())) {
        meant::begin(context, &environment)?;
    }
    Ok(found.is_some_and(|found| !found.is_gone()))
}

impl Plan {
    /// The request, or `None` where the vault is as it is to be.
    fn request(self, vault: &Vault) -> Outcome<Option<(PutRequest, Written)>> {
        let Self { secret, value, fields, if_version } = self;
        check_version(vault, &secret, if_version.as_deref())?;
        if value.is_none() {
            // Metadata of nothing would be a name without a secret.
            read::select(read::find(vault, &secret)?, &secret, &VersionSelector::Current)?;
        }
        let fields = put::changed(vault.secret(&secret), fields);
        if value.is_none() && fields.is_empty() {
            return Ok(None);
        }
        let names = fields.iter().map(|(field, _)| field.clone()).collect();
        let before = vault.secret(&secret).and_then(|found| found.current());
        let expiry_ends = before.is_some_and(|version| version.expires.is_some())
            && value.as_ref().is_some_and(|value| value.expires.is_none());
        let written = Written { value: value.is_some(), fields: names, expiry_ends };
        Ok(Some((PutRequest { secret, value, fields }, written)))
    }
}

fn check_version(vault: &Vault, secret: &SecretName, wanted: Option<&str>) -> Outcome {
    let Some(wanted) = wanted else { return Ok(()) };
    let current = vault.secret(secret).and_then(|found| found.current());
    let matches = match (current, wanted) {
        (None, wanted) => wanted == "0",
        (Some(version), wanted) => {
            version.number.to_string() == wanted || version.object.to_string() == wanted
        }
    };
    if matches {
        return Ok(());
    }
    let now = current.map_or("none".into(), |version| version.number.to_string());
    let message =
        format!("the current version of {secret} is {now}, not the one that --if-version names");
    Err(Failure::new(Code::VersionConflict, message)
        .hint(format!("v-secure secret versions {secret}")))
}

fn report(context: &Context<'_>, vault: &Vault, secret: &SecretName, written: Written) -> Outcome {
    let version = vault.secret(secret).and_then(|found| found.current());
    let report = SecretSetView::of(vault, secret, written.value, &written.fields);
    variables::remark(context, vault, [secret]);
    rotations::remark(context, vault, written.value.then_some(secret));
    if written.expiry_ends {
        context.ui.warn(&format!(
            "{secret} had an expiry and now has none: set one with --ttl or --expires-at"
        ));
    }
    if version.is_some_and(|version| version.is_expired(context.host.now())) {
        context.ui.warn(&format!("{secret} has expired already: get and exec refuse it"));
    }
    if context.ui.json {
        return context.ui.object(&report);
    }
    context.ui.note(&match (report.value_written, report.current.version) {
        (true, Some(number)) => format!("{secret}: version {number}"),
        _ if report.fields.is_empty() => format!("{secret}: nothing to change"),
        _ => format!("{secret}: metadata changed"),
    });
    Ok(())
}
