//! `v-secure member show`: one member, with all that the policy says of it.

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::people::policy::unknown_member;
use crate::cli::unlocking::identities;
use crate::engine::door::Purpose;
use clap::Args;
use serde::Serialize;
use std::collections::BTreeSet;
use v_secure_core::convert::duration;
use v_secure_core::name::Name;
use v_secure_core::policy::state::{Member, PolicyState};
use v_secure_core::vault::Depth;

/// Show a member: recipients, devices, roles, grants, audiences
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  v-secure member show admin\n  v-secure member show ci --json")]
pub struct Show {
    #[arg(value_name = "NAME", add = clap_complete::engine::ArgValueCompleter::new(crate::cli::args::complete::members))]
    name: Name,
}

#[derive(Serialize)]
struct Report {
    member: String,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    expired: bool,
    recipients: Vec<String>,
    devices: Vec<Device>,
    roles: Vec<String>,
    grants: Vec<Grant>,
    /// The sets of roles it reads with, each with keys of its own.
    audiences: Vec<String>,
}

#[derive(Serialize)]
struct Device {
    device: String,
    key: String,
    recipient: String,
    /// Whether the identity here is the one that it is sealed to.
    #[serde(skip)]
    is_here: bool,
}

#[derive(Serialize)]
struct Grant {
    role: String,
    pattern: String,
    rights: String,
}

impl Show {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let (session, opened) = context.open(Purpose::Look, Depth::Everything)?;
        let state = opened.vault.policy();
        let member = state.member(&self.name).ok_or_else(|| unknown_member(&self.name))?;
        // Without a question or a word: what cannot be told so is not marked.
        let own = identities::own_recipients(context, &opened.vault).unwrap_or_default();
        let report = report(state, (&self.name, member), &own, session.now);
        if context.ui.json { context.ui.object(&report) } else { show(context, &report) }
    }
}

fn report(
    state: &PolicyState,
    (name, member): (&Name, &Member),
    own: &BTreeSet<String>,
    now: u64,
) -> Report {
    let grants = member.roles().flat_map(|role| {
        state.grants_of(role).into_iter().map(|(pattern, rights)| Grant {
            role: role.to_string(),
            pattern: pattern.to_string(),
            rights: rights.to_string(),
        })
    });
    let devices = member.keys.iter().map(|(device, key)| Device {
        device: device.to_string(),
        key: key.id.to_string(),
        recipient: key.recipient.clone(),
        is_here: own.contains(&key.recipient),
    });
    let audiences = state.audiences().map(|(audience, _)| audience);
    Report {
        member: name.to_string(),
        kind: member.kind.as_str(),
        expires: member.expires.map(duration::rfc3339),
        expired: member.expires.is_some_and(|at| at <= now),
        recipients: member.recipients.iter().cloned().collect(),
        devices: devices.collect(),
        roles: member.roles().map(ToString::to_string).collect(),
        grants: grants.collect(),
        audiences: audiences
            .filter(|audience| state.members_of(audience).contains(name))
            .map(str::to_owned)
            .collect(),
    }
}

fn show(context: &Context<'_>, report: &Report) -> Outcome {
    let field = |label: &str, value: &str| context.ui.line(&format!("{label:<11} {value}"));
    field("member", &format!("{} ({})", context.ui.strong(&report.member), report.kind))?;
    if let Some(expires) = &report.expires {
        let expired =
            if report.expired { " (expired: only removing it ends its rights)" } else { "" };
        field("expires", &format!("{expires}{expired}"))?;
    }
    for device in &report.devices {
        let here = if device.is_here { " (this device)" } else { "" };
        field("device", &format!("{} key {}{here}", device.device, device.key))?;
        field("recipient", &device.recipient)?;
    }
    let is_keyless =
        |recipient: &&String| report.devices.iter().all(|device| device.recipient != **recipient);
    for recipient in report.recipients.iter().filter(is_keyless) {
        field("recipient", recipient)?;
    }
    if report.devices.is_empty() {
        field("device", "none with a signing key: it can read, and never write")?;
    }
    for role in &report.roles {
        field("role", role)?;
    }
    for grant in &report.grants {
        field("grant", &format!("{} on {} by {}", grant.rights, grant.pattern, grant.role))?;
    }
    for audience in &report.audiences {
        field("audience", audience)?;
    }
    Ok(())
}
