//! What an accepted state lacks of what was accepted before: said before it is accepted, and after.

use crate::cli::door::context::Context;
use crate::cli::error::lost;
use crate::engine::lost::Lost;
use crate::store::state::pins::{AcceptedChain, KnownVault, PinError};
use v_secure_core::report::view::pin::GivenUpView;
use v_secure_core::vault::Vault;

/// What this device knew of a vault and no longer asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GivenUp {
    view: GivenUpView,
    /// How many entries of the policy had been accepted.
    accepted: usize,
}

impl GivenUp {
    pub fn of(known: &KnownVault, vault: &Vault) -> Result<Self, PinError> {
        let now = vault.chain().ids();
        let chain = known.chain.as_ref().map(AcceptedChain::ids).transpose()?.unwrap_or_default();
        let lacking = chain.iter().enumerate().filter(|(at, id)| now.get(*at) != Some(*id));
        let heads = known.heads(&vault.id()).iter();
        let missing = heads.filter(|head| !vault.file().entries.contains_key(*head));
        let view = GivenUpView { policy_entries: lacking.count(), log_entries: missing.count() };
        Ok(Self { view, accepted: chain.len() })
    }

    pub const fn view(&self) -> GivenUpView {
        self.view
    }

    pub const fn log_entries(&self) -> usize {
        self.view.log_entries
    }

    pub(crate) const fn is_nothing(&self) -> bool {
        self.view.policy_entries == 0 && self.view.log_entries == 0
    }

    /// What accepting comes to, before anybody is asked.
    pub fn warn(&self, context: &Context<'_>, lost: Option<&Lost>) {
        if self.view.policy_entries > 0 {
            let what = lost.map(|lost| format!(" {}.", lost::sentence(lost))).unwrap_or_default();
            let then = match lost.is_some_and(Lost::is_discarded) {
                true => "no clone will warn that it is missing",
                false => {
                    "the rights that these entries took away are back, and no clone will warn of an older \
                     state"
                }
            };
            context.ui.warn(&format!(
                "the policy here lacks {} of the {} entries that this device has accepted.{what} \
                 Accepting it lowers the pin for every clone of this vault on this device: {then}",
                self.view.policy_entries, self.accepted
            ));
        }
        if self.view.log_entries > 0 {
            context.ui.warn(&format!(
                "the log here lacks {}: accepting it gives up what these wrote",
                entries(
                    self.view.log_entries,
                    "that was last seen here",
                    "that were last seen here"
                )
            ));
        }
    }

    pub const fn question(&self) -> &'static str {
        match self.view.policy_entries {
            0 => "Accept what is in the repository now?",
            _ => "Accept what is in the repository now, for every clone on this device?",
        }
    }

    /// What was done, once it is.
    pub fn tell(&self, context: &Context<'_>) {
        if self.view.policy_entries > 0 {
            context.ui.note(&format!(
                "every clone of this vault on this device is held to this state only, until a newer one \
                 is read: {}",
                entries(self.view.policy_entries, "of the policy given up", "of the policy given up")
            ));
        }
        if self.view.log_entries > 0 {
            let what = entries(self.view.log_entries, "of the log given up", "of the log given up");
            context.ui.note(&format!("here alone: {what}"));
        }
    }
}

fn entries(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 entry {one}") } else { format!("{count} entries {many}") }
}
