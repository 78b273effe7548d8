//! What is said of proposals to other owners, and which one is meant.

use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::output::shell_word;
use crate::cli::people::closing;
use crate::cli::people::policy::listed;
use crate::engine::proposals::{Found, ProposalError, Proposed};
use crate::engine::session::Session;
use std::ffi::OsString;
use v_secure_core::name::Name;
use v_secure_core::proposal::{Proposal, SignError, Unfit};
use v_secure_core::record::text::escape_for_display;
use v_secure_core::report::view::proposal::{ProposalView, ProposedChangeView};
use v_secure_core::vault::Vault;

/// The words for a change that waits: it is none yet, so whoever goes on as if it were is stopped.
pub(in crate::cli) fn proposed(proposed: &Proposed) -> Failure {
    let Proposed { id, threshold, before } = proposed;
    let failure = match before {
        None => {
            let message = format!(
                "{threshold} owners must sign this: it is proposed to them, and signed by you; nothing is changed yet"
            );
            Failure::new(Code::OwnerThreshold, message)
                .hint("commit and push .v-secure, so that the other owners get it")
        }
        Some(signed_by) => Failure::new(
            Code::OwnerThreshold,
            format!(
                "{threshold} owners must sign this, and it is proposed already, signed by {}: nothing was added",
                listed(signed_by)
            ),
        ),
    };
    let failure = failure
        .hint(format!("v-secure policy sign {id}, by another owner"))
        .hint("v-secure policy proposals");
    Failure { is_proposed: before.is_none(), ..failure }
}

/// What lies beside the vault, as it stands to it.
pub(crate) fn all(session: &Session, vault: &Vault) -> Outcome<(Vec<ProposalView>, bool)> {
    let (found, more) = session.proposals()?;
    let views = found.into_iter().map(|Found { name, proposal }| match proposal {
        Ok(proposal) => ProposalView::of(vault, &proposal),
        Err(error) => ProposalView::unreadable(name, said(&error)),
    });
    Ok((views.collect(), more))
}

fn said(error: &ProposalError) -> String {
    let failure = Failure::from_error(Code::Proposal, error);
    std::iter::once(failure.message).chain(failure.causes).collect::<Vec<_>>().join(": ")
}

/// How many wait for this owner.
pub(crate) fn waiting(session: &Session, vault: &Vault, member: &Name) -> Vec<String> {
    if !vault.policy().is_owner(member) {
        return Vec::new();
    }
    let views = all(session, vault).map(|(views, _)| views).unwrap_or_default();
    let mine = views.into_iter().filter(|view| view.waits_for(member));
    mine.map(|view| view.proposal).collect()
}

/// The name of the one that is meant: the whole of it, its beginning, or the only one that there is.
pub(crate) fn pick(session: &Session, wanted: Option<&str>) -> Outcome<String> {
    pick_any(session, wanted).map(|name| name.to_string_lossy().into_owned())
}

/// The same as the system has it: whoever can push can put there what is no text, or none that can be typed. It is
/// meant by what the list shows of it, too.
pub(crate) fn pick_any(session: &Session, wanted: Option<&str>) -> Outcome<OsString> {
    let names = session.proposal_names()?;
    let wanted = wanted.filter(|text| !text.is_empty());
    let is = |name: &OsString, test: fn(&str, &str) -> bool| {
        let name = name.to_string_lossy();
        wanted.is_some_and(|text| test(&name, text) || test(&escape_for_display(&name), text))
    };
    // Who can push can put a longer name beside it.
    if let Some(name) = names.iter().find(|name| is(name, |name, text| name == text)) {
        return Ok(name.clone());
    }
    let begins =
        |name: &&OsString| wanted.is_none() || is(name, |name, text| name.starts_with(text));
    let mut meant = names.iter().filter(begins);
    let message = match (meant.next(), meant.next(), wanted) {
        (Some(name), None, _) => return Ok(name.clone()),
        (Some(_), Some(_), Some(_)) => "that is the beginning of more than one proposal",
        (Some(_), Some(_), None) => "there is more than one proposal",
        (None, _, Some(_)) => {
            "there is no such proposal: it may be complete, withdrawn, or not pulled yet"
        }
        (None, _, None) => "there is no proposal",
    };
    Err(Failure::new(Code::NoProposal, message).hint("v-secure policy proposals"))
}

/// The one of this name.
pub(crate) fn read(session: &Session, name: &str) -> Outcome<Proposal> {
    session.proposal(name).map_err(|error| {
        Failure::from(error).hint(format!("v-secure policy withdraw {}", word(name)))
    })
}

/// The name of a proposal in a command that is to be typed. What lies there may have any name, also one that a shell
/// or a terminal acts on.
pub(crate) fn word(name: &str) -> String {
    shell_word::word(name).unwrap_or_else(|| "PROPOSAL".to_owned())
}

/// The present owners who signed it. What none of them did is somebody else's word, whoever put it there.
pub(crate) fn signed_by(vault: &Vault, name: &str, proposal: &Proposal) -> Outcome<Vec<Name>> {
    let signed: Vec<Name> = vault.chain().owners_who_signed(&proposal.entry).into_iter().collect();
    if signed.is_empty() {
        return Err(unfit(name, &Unfit::Unsigned));
    }
    Ok(signed)
}

/// Says what a proposal does to the vault as it is, and who asked for it.
pub(crate) fn tell(context: &Context<'_>, vault: &Vault, proposal: &Proposal, signed_by: &[Name]) {
    let ui = &context.ui;
    ui.say_wrapped("", 0, &format!("proposal {}", proposal.id()));
    let by: Vec<&str> = signed_by.iter().map(Name::as_str).collect();
    ui.say_wrapped(
        "",
        2,
        &format!("signed by {}: {}", by.join(", "), quoted(&proposal.entry.reason)),
    );
    for change in ProposedChangeView::all(&proposal.entry) {
        ui.say_wrapped("", 2, &format!("  {}", change.text()));
    }
    closing::tell(context, vault, &proposal.entry.ops);
}

fn quoted(reason: &str) -> &str {
    if reason.is_empty() { "no reason is given" } else { reason }
}

/// Why a proposal cannot be signed, with what helps.
pub(crate) fn unfit(name: &str, why: &Unfit) -> Failure {
    let code = if why.is_stale() { Code::ProposalStale } else { Code::Proposal };
    let failure = Failure::from_error(code, why);
    match why {
        Unfit::LogMissing { .. } => failure.hint("git pull"),
        Unfit::Stale { .. } | Unfit::Voids { .. } => {
            failure.hint(format!("v-secure policy renew {}", word(name)))
        }
        _ => failure,
    }
    .hint(format!("v-secure policy withdraw {}", word(name)))
}

/// Why a proposal was not signed.
pub(crate) fn unsigned(name: &str, error: SignError) -> Failure {
    match error {
        SignError::Unfit(why) => unfit(name, &why),
        SignError::NoOwner { ref owners, .. } => {
            let who: Vec<&str> = owners.iter().map(Name::as_str).collect();
            Failure::from_error(Code::NotPermitted, &error)
                .hint(format!("who can: {}", who.join(", ")))
        }
        SignError::Leaver { .. } => Failure::from_error(Code::NotPermitted, &error)
            .hint(format!("v-secure policy sign {name}, by another owner")),
        SignError::NoIdentity { .. } => {
            Failure::from_error(Code::Locked, &error).hint("v-secure identity show")
        }
        SignError::SignedByLeaver { .. } => Failure::from_error(Code::Proposal, &error)
            .hint(format!("v-secure policy renew {}", word(name)))
            .hint(format!("v-secure policy withdraw {}", word(name))),
        SignError::AlreadySigned { .. } => Failure::from_error(Code::ProposalSigned, &error)
            .hint(format!("v-secure policy sign {name}, by another owner")),
        SignError::Change(error) => error.into(),
        _ => Failure::from_error(Code::Proposal, &error)
            .hint(format!("v-secure policy withdraw {}", word(name))),
    }
}

impl From<ProposalError> for Failure {
    fn from(error: ProposalError) -> Self {
        match error {
            ProposalError::Write(error) => error.into(),
            _ => Self::from_error(Code::Proposal, &error),
        }
    }
}
