//! `v-secure recovery new`: one more owner, whose identity is kept off the machine.

use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::output::shell_word;
use crate::cli::people::giving;
use crate::cli::people::policy;
use crate::cli::people::policy::ReasonArg;
use crate::cli::people::recovery;
use crate::cli::people::recovery::{Form, Of};
use clap::Args;
use std::path::PathBuf;
use v_secure_core::crypto::identity::recipient_text::RecipientText;
use v_secure_core::crypto::identity::{NewIdentity, generate_identity};
use v_secure_core::keys::policy_change;
use v_secure_core::keys::policy_change::PolicyOutcome;
use v_secure_core::name::Name;
use v_secure_core::people::recovery as ops;
use v_secure_core::report::view::effects::EffectsView;
use v_secure_core::report::view::giving::GivenView;
use v_secure_core::report::view::recovery::RecoveryNewView;
use v_secure_core::vault::Vault;
use v_secure_core::vault::author::Ctx;
use v_secure_core::vault::change::Change;

/// Make a recovery identity: an owner for the day when every device is lost
#[derive(Debug, Args)]
#[command(
    after_help = "It reads everything and can sign, so that its holder can let a new device in. On a terminal it is \
                        shown once, as 24 words. Keep it off this machine, and try it: v-secure recovery test.\n\n\
                        Examples:\n  v-secure recovery new\n  v-secure recovery new --out /media/stick/shop-recovery.txt\n  \
                        v-secure recovery new --words --out words.txt"
)]
pub struct New {
    /// Write it to this new file (mode 0600); '-' prints it alone
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// With --out: as 24 words, and not as text
    #[arg(long)]
    words: bool,

    #[command(flatten)]
    reason: ReasonArg,
}

impl New {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        if self.out.is_none() && !context.interactive() {
            let message = "there is no terminal to show the recovery identity on";
            return Err(Failure::new(Code::NoTerminal, message)
                .hint("v-secure recovery new --out FILE")
                .hint("v-secure recovery new --out -, into a pipe that keeps it"));
        }
        let new = generate_identity();
        let reason = self.reason.reason.as_deref();
        let ((member, outcome, gives), vault) =
            context.write(reason, "make a recovery identity", |vault, ctx| {
                let (member, change, outcome, gives) =
                    change(context, vault, ctx, &new.recipient, !self.prints())?;
                // Only now: an identity that could not be added is none to write down.
                self.keep(context, vault, &new)?;
                Ok(((member, outcome, gives), change))
            })?;
        let keys = vault.policy().member(&member).into_iter().flat_map(|made| made.keys.values());
        context.note_made(&context.session()?, keys.map(|key| key.id));
        self.report(context, (&member, &gives), &vault, &new, &outcome)
    }

    fn form(&self) -> Form {
        if self.words { Form::Words } else { Form::Text }
    }

    fn prints(&self) -> bool {
        self.out.as_ref().is_some_and(|path| path.as_os_str() == "-")
    }

    /// Shows it or writes it to its file.
    fn keep(&self, context: &Context<'_>, vault: &Vault, new: &NewIdentity) -> Outcome {
        match &self.out {
            Some(_) if self.prints() => Ok(()),
            Some(file) => recovery::write(context, file, new, self.form(), of(vault)),
            None if recovery::show(context, new)? => Ok(()),
            None => {
                let message = "not confirmed: nothing was changed, and the words are of no use";
                Err(Failure::new(Code::Declined, message)
                    .hint("v-secure recovery new, for other words")
                    .hint("v-secure recovery new --out FILE"))
            }
        }
    }

    fn report(
        &self,
        context: &Context<'_>,
        (member, gives): (&Name, &[GivenView]),
        vault: &Vault,
        new: &NewIdentity,
        outcome: &PolicyOutcome,
    ) -> Outcome {
        let effects = EffectsView::from(outcome);
        let lost = |failure: Failure| lost(member, &failure);
        if context.ui.json {
            let words = if self.prints() { Some(recovery::words_of(new)?) } else { None };
            let report = RecoveryNewView {
                member,
                recipient: &new.recipient,
                file: self.out.as_deref().filter(|_| !self.prints()),
                identity: new.text.expose_str().filter(|_| self.prints()),
                words: words.as_ref().and_then(|words| words.expose_str()),
                gives,
                effects: &effects,
            };
            let printed = context.ui.object(&report);
            return if self.prints() { printed.map_err(lost) } else { printed };
        }
        context.ui.note(&format!("{member} is an owner now ({})", new.recipient));
        tell_others(context, vault, member);
        let test = "try it: v-secure recovery test";
        context.ui.note(&match self.out.as_deref().filter(|_| !self.prints()) {
            Some(file) => shell_word::on(test, file),
            None => test.to_owned(),
        });
        policy::tell(&context.ui, &effects);
        if !self.prints() {
            return Ok(());
        }
        let text = recovery::file_text(new, self.form(), of(vault), context.host.now())?;
        context.ui.bytes(text.expose()).map_err(lost)
    }
}

/// Makes the owner. What is printed once it is there cannot wait for other owners: it would be lost.
fn change(
    context: &Context<'_>,
    vault: &Vault,
    ctx: &Ctx<'_>,
    recipient: &RecipientText,
    may_wait: bool,
) -> Outcome<(Name, Change, PolicyOutcome, Vec<GivenView>)> {
    let state = vault.policy();
    let taken = |name: &Name| state.member(name).is_some() || state.role(name).is_some();
    let member = ops::free_name(taken);
    let added = ops::ops(ctx.random, Some(&vault.id()), &member, recipient)
        .map_err(|error| Failure::from_error(Code::DeviceKey, &error))?;
    let gifts = policy_change::gifts(vault, &added, ctx)?;
    if !may_wait {
        let alone = policy_change::check_alone(vault, &added, ctx).map_err(Failure::from);
        alone.map_err(|failure| match failure.code {
            Code::OwnerThreshold => {
                Failure { hints: Vec::new(), ..failure }.hint("v-secure recovery new --out FILE")
            }
            _ => failure,
        })?;
    }
    giving::tell(context, &gifts);
    let (change, outcome) = policy_change::change(vault, added, ctx)?;
    Ok((member, change, outcome, GivenView::all(&gifts)))
}

/// A new one takes nothing from those that are there.
fn tell_others(context: &Context<'_>, vault: &Vault, member: &Name) {
    let others: Vec<&str> =
        ops::members(vault.policy()).filter(|name| *name != member).map(Name::as_str).collect();
    if let Some(first) = others.first() {
        context.ui.note(&format!(
            "what was made before opens the vault as before ({}); where the new one takes its place: \
             v-secure member remove {first}",
            others.join(", ")
        ));
    }
}

fn of(vault: &Vault) -> Of<'_> {
    Of { name: vault.file().header.name.as_str(), vault: &vault.file().header.vault }
}

/// The key went nowhere, which must be heard even where the reader of the pipe is what failed.
fn lost(member: &Name, failure: &Failure) -> Failure {
    let message = format!("{member} was added, and its identity could not be printed: it is lost");
    let mut lost = Failure::new(Code::IdentityLost, message);
    lost.causes.clone_from(&failure.causes);
    lost.hint("v-secure recovery new, for another one")
}
