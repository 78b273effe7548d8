//! `v-secure rotation settle`: a secret and its provider are brought together again.

use crate::cli::args::secret_arg::SecretArg;
use crate::cli::confirm::ConfirmArgs;
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::rotating::{self, Published};
use clap::Args;
use v_secure_core::log::describe::short;
use v_secure_core::name::SecretName;
use v_secure_core::report::view::rotation::RotationSettleView;
use v_secure_core::report::view::secret::value::CurrentView;
use v_secure_core::vault::Vault;
use v_secure_rotation::engine::Publication;

/// Bring a secret and its provider together again
#[derive(Debug, Args)]
#[command(
    after_help = "After a merge of two rotations, a value that was set by hand, or a crash that nobody went on from. Where the \
                  current value does not work, the provider is set to it, if a rotation made it or with --set; where that \
                  cannot be, the newest value that works becomes current. Rotations that cannot go on are aborted. Where nothing works, nothing is changed.\n\n\
                  Needs write, and to read the secret.\n\n\
                  Examples:\n  v-secure rotation settle prod/DATABASE_URL\n  \
                  v-secure rotation settle prod/DATABASE_URL --json"
)]
pub struct Settle {
    #[command(flatten)]
    secret: SecretArg,

    /// Have the provider take the current value, also where it was set by hand
    #[arg(long)]
    set: bool,

    #[command(flatten)]
    confirm: ConfirmArgs,

    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Settle {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let secret = self.secret.resolve(context)?;
        let mut published = Published::open_for(context, self.reason.as_deref())?;
        if self.set {
            self.confirm.check(context, &question(published.vault(), &secret))?;
        }
        rotating::with(&mut published, &secret, false, |engine| {
            let settled = engine.settle(self.set)?;
            let view = RotationSettleView {
                secret: &secret,
                resolved: settled.resolved,
                set_again: settled.set_again,
                chosen: settled.chosen,
                aborted: settled.aborted,
                current: CurrentView::of(engine.vault(), &secret),
            };
            match context.ui.json {
                true => context.ui.object(&view),
                false => {
                    tell(context, &secret, &view);
                    Ok(())
                }
            }
        })
    }
}

fn question(vault: &Vault, secret: &SecretName) -> String {
    let current = vault.secret(secret).and_then(|state| state.current());
    let who = current.map_or_else(String::new, |version| {
        format!(", which is version {} by {}", version.number, version.author)
    });
    format!(
        "Whoever knows the current value of {secret}{who}, is let in by it. Set the provider to it?"
    )
}

fn tell(context: &Context<'_>, secret: &SecretName, view: &RotationSettleView<'_>) {
    let number = view.current.version.map_or("none".into(), |number| number.to_string());
    let note = |text: &str| context.ui.note(&format!("{secret}: {text}"));
    if view.resolved.is_some() {
        note(&format!("of several active versions version {number} stays"));
    }
    if view.set_again {
        note(&format!("the provider was set to version {number} again"));
    }
    if view.chosen.is_some() {
        note(&format!("the current value did not work; version {number} does, and is current now"));
    }
    for rotation in &view.aborted {
        note(&format!("rotation {} could not go on, and is aborted", short(rotation)));
    }
    note(&format!("version {number} works"));
}
