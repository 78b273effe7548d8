//! `v-secure settings set`: changes a signed setting.

use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::people::policy;
use crate::cli::people::policy::{Changed, ReasonArg};
use clap::Args;
use std::collections::BTreeSet;
use v_secure_core::convert::inject::consent;
use v_secure_core::name::Pattern;
use v_secure_core::people::access;
use v_secure_core::policy::access::Subject;
use v_secure_core::policy::settings::{MAX_VALUE, SETTINGS, Setting, SettingKey, is_stated};
use v_secure_core::report::view::settings::SettingsSetView;
use v_secure_core::secret::similar;

/// Change a setting of the vault; the owners sign it
#[derive(Debug, Args)]
#[command(
    after_help = "'v-secure settings show' lists the keys, and what each takes and means.\n\n\
                        Examples:\n  v-secure settings set env.prod.extends base\n  \
                        v-secure settings set retention.versions 10\n  \
                        v-secure settings set variables.allow 'DB_*,API_TOKEN'\n  \
                        v-secure settings set rotation.kek 30d\n  \
                        v-secure settings set reads --unset"
)]
pub struct Set {
    /// A setting
    #[arg(value_name = "KEY", add = clap_complete::engine::ArgValueCompleter::new(crate::cli::args::complete::settings))]
    key: String,

    /// Its new value
    #[arg(value_name = "VALUE", required_unless_present = "unset")]
    value: Option<String>,

    /// Go back to the default
    #[arg(long, conflicts_with = "value")]
    unset: bool,

    #[command(flatten)]
    reason: ReasonArg,
}

impl Set {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let Ok(key) = SettingKey::parse(&self.key) else { return self.unset_carried(context) };
        if self.value.as_deref() == Some("") {
            let message = "an empty value cannot be set: use --unset";
            return Err(Failure::new(Code::BadValue, message)
                .hint(format!("v-secure settings set {} --unset", self.key)));
        }
        let value = self.value.as_deref();
        if let (true, Some(list)) = (key.is("variables.allow"), value) {
            refuse_own(list)?;
        }
        if let Some(refused) = value.filter(|value| !key.takes(value)) {
            return Err(untaken(&self.key, &key, refused));
        }
        let changed = self.change(context, value)?;
        self.tell(context, value, &changed)?;
        if context.ui.json {
            return Ok(());
        }
        if let (Some(heir), Some(base)) = (key.heir(), value) {
            tell_inheritance(context, &changed, heir.as_str());
            if !changed.vault.live().any(|(name, _)| name.environment() == base) {
                let near = similar::environment(&changed.vault, base);
                let near = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
                context.ui.warn(&format!(
                    "the environment {base} has no secrets{near} (v-secure env list)"
                ));
            }
        }
        policy::tell(&context.ui, &changed.effects);
        Ok(())
    }

    /// What a later version set is nothing that this one can set: only to take it away needs no
    /// knowledge of it.
    fn unset_carried(&self, context: &Context<'_>) -> Outcome {
        if !self.unset || !is_stated(&self.key) {
            return Err(unknown(&self.key));
        }
        let changed = self.change(context, None)?;
        if !changed.written {
            return Err(unknown(&self.key));
        }
        self.tell(context, None, &changed)?;
        if !context.ui.json {
            policy::tell(&context.ui, &changed.effects);
        }
        Ok(())
    }

    fn change(&self, context: &Context<'_>, value: Option<&str>) -> Result<Changed, Failure> {
        let reason = match value {
            Some(_) => format!("set {}", self.key),
            None => format!("unset {}", self.key),
        };
        policy::change(context, &self.reason, &reason, |vault| {
            Ok(access::setting(vault.policy(), &self.key, value))
        })
    }

    fn tell(&self, context: &Context<'_>, value: Option<&str>, changed: &Changed) -> Outcome {
        if context.ui.json {
            let (key, changed, effects) = (self.key.as_str(), changed.written, &changed.effects);
            return context.ui.object(&SettingsSetView { key, value, changed, effects });
        }
        let verb = if changed.written { "is" } else { "was" };
        context.ui.note(&format!("{} {verb} {}", self.key, value.unwrap_or("unset")));
        Ok(())
    }
}

/// The key is repeated only where it is made as keys are: a value may stand in its place.
fn unknown(key: &str) -> Failure {
    let is_key = !key.is_empty() && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'.');
    let keys: Vec<String> = SETTINGS.iter().map(|setting| like(key, setting, is_key)).collect();
    let near = similar::nearest(key, keys.iter().map(String::as_str));
    let message = match (is_key, near) {
        (_, Some(near)) => format!("there is no such setting; did you mean {near}?"),
        (true, None) => format!("there is no setting {key}"),
        (false, None) => "there is no such setting".to_owned(),
    };
    Failure::new(Code::PolicyOpSetting, message).hint("v-secure settings show")
}

/// The key of a setting with the name that is typed, where it has one.
fn like(key: &str, setting: &Setting, is_key: bool) -> String {
    let name =
        setting.around_name().and_then(|(before, _)| key.strip_prefix(before)?.rsplit_once('.'));
    match name {
        Some((name, _)) if is_key => setting.named(name),
        _ => setting.key.to_owned(),
    }
}

fn untaken(text: &str, key: &SettingKey, value: &str) -> Failure {
    let why = match value.len() > MAX_VALUE {
        true => format!("it has more than {MAX_VALUE} bytes"),
        false => format!("{text} takes {}", key.setting.values),
    };
    let mut failure = Failure::new(Code::PolicyOpSetting, format!("{text} is not changed"));
    failure.causes.push(why);
    failure.hint("v-secure settings show")
}

/// No setting lets a secret set a variable of this program's own.
fn refuse_own(list: &str) -> Outcome {
    if !consent::names_own(list) {
        return Ok(());
    }
    let message = "no secret may set a variable that begins with V_SECURE_";
    Err(Failure::new(Code::SettingVariable, message)
        .hint("v-secure settings set variables.allow 'DB_*,API_TOKEN'"))
}

/// Who can change what an environment gives changes with what it inherits.
fn tell_inheritance(context: &Context<'_>, changed: &Changed, heir: &str) {
    let Ok(pattern) = Pattern::new(format!("{heir}/*")) else { return };
    let access = changed.vault.policy().access(Subject::Pattern(&pattern));
    let members: BTreeSet<_> =
        access.iter().filter(|found| found.through.is_some()).map(|found| &found.member).collect();
    context.ui.note(&format!(
        "by what is inherited, these can change what {heir} gives: {}",
        policy::listed(members)
    ));
}
