//! `v-secure member show`: one member, with all that the policy says of it.

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::people::policy::unknown_member;
use crate::cli::unlocking::identities;
use crate::engine::door::Purpose;
use clap::Args;
use v_secure_core::crypto::identity::recipient_text::RecipientText;
use v_secure_core::name::Name;
use v_secure_core::report::view::member::show::MemberShowView;
use v_secure_core::vault::Depth;

/// Show a member: recipients, devices, roles, grants, audiences
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  v-secure member show admin\n  v-secure member show ci --json")]
pub struct Show {
    /// The member
    #[arg(value_name = "NAME", add = clap_complete::engine::ArgValueCompleter::new(crate::cli::args::complete::members))]
    name: Name,
}

impl Show {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let (session, opened) = context.open(Purpose::Look, Depth::Everything)?;
        let state = opened.vault.policy();
        let member = state.member(&self.name).ok_or_else(|| unknown_member(&self.name))?;
        // Without a question or a word: what cannot be told so is not marked.
        let own = identities::own_recipients(context, &opened.vault).unwrap_or_default();
        let report = MemberShowView::of(state, (&self.name, member), &own, session.now);
        if context.ui.json { context.ui.object(&report) } else { show(context, &report) }
    }
}

fn show(context: &Context<'_>, report: &MemberShowView<'_>) -> Outcome {
    let field = |label: &str, value: &str| context.ui.line(&format!("{label:<11} {value}"));
    field("member", &format!("{} ({})", context.ui.strong(report.member.as_str()), report.kind))?;
    if let Some(expires) = &report.expires {
        let expired =
            if report.expired { " (expired: only removing it ends its rights)" } else { "" };
        field("expires", &format!("{expires}{expired}"))?;
    }
    for device in &report.devices {
        let here = if device.is_here { " (this device)" } else { "" };
        field("device", &format!("{} key {}{here}", device.device, device.key))?;
        field("recipient", device.recipient)?;
    }
    let is_keyless = |recipient: &&RecipientText| {
        report.devices.iter().all(|device| device.recipient != recipient.as_str())
    };
    for recipient in report.recipients.iter().filter(is_keyless) {
        field("recipient", recipient)?;
    }
    if report.devices.is_empty() {
        field("device", "none with a signing key: it can read, and never write")?;
    }
    for role in &report.roles {
        field("role", role.as_str())?;
    }
    for grant in &report.grants {
        field("grant", &format!("{} on {} by {}", grant.rights, grant.pattern, grant.role))?;
    }
    for audience in &report.audiences {
        field("audience", audience)?;
    }
    Ok(())
}
