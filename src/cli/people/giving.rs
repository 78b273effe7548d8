//! What is said before access is given: who gets what, with which devices and recipients, and whom
//! nobody vouched for who could give it. These are asked about, or named by an option; neither the
//! list of them nor the question is hidden by `--quiet`.

use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::output::layout;
use crate::cli::output::ui::escape_lines;
use clap::Args;
use std::collections::BTreeSet;
use v_secure_core::name::{Name, SecretName};
use v_secure_core::policy::vouching::{
    AccessOfRole, Credential, Gift, Receiver, Voucher, VoucherStatus, VouchingVerdict, named,
};
use v_secure_core::report::view::giving::{GivenView, access_texts};

#[derive(Debug, Clone, Default, Args)]
pub(crate) struct VouchArgs {
    /// Vouch for this device, recipient (by the id that is shown) or membership (ROLE/MEMBER),
    /// which
    /// nobody with the right to give it that access has vouched for; may be given several times
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    vouch: Vec<String>,
}

#[derive(Debug, Clone, Default, Args)]
pub(crate) struct OlderArgs {
    /// Do not ask before giving it the keys to values that the role could read in the past
    #[arg(long)]
    older_values: bool,
}

/// Something that nobody stands for who could give it what it gets.
struct Marked {
    /// What `--vouch` names it by.
    tag: String,
    named: bool,
}

impl VouchArgs {
    /// Says what is given to whom, and goes on only if all of it is vouched for or agreed to.
    pub fn check(&self, context: &Context<'_>, gifts: &[Gift]) -> Outcome<Vec<GivenView>> {
        tell(context, gifts);
        self.check_names(gifts)?;
        let marked = self.marked(gifts);
        let open: BTreeSet<&str> =
            marked.iter().filter(|found| !found.named).map(|found| found.tag.as_str()).collect();
        if !open.is_empty() {
            ask(context, gifts)?;
        }
        Ok(GivenView::all(gifts))
    }

    /// Each `--vouch` must name one credential of those listed: a key can be made whose short form is that
    /// of another, to be vouched for along with it.
    fn check_names(&self, gifts: &[Gift]) -> Outcome {
        let listed = listed(gifts);
        let ambiguous = self.vouch.iter().find(|text| named(text, &listed).len() > 1);
        let Some(text) = ambiguous else { return Ok(()) };
        let all: Vec<String> = named(text, &listed).iter().map(ToString::to_string).collect();
        let message = format!("--vouch {text} names more than one: {}", all.join(" and "));
        Err(Failure::new(Code::VouchAmbiguous, message).hint(
            "--vouch with the whole id or recipient, which 'v-secure policy review --json' shows",
        ))
    }

    fn marked(&self, gifts: &[Gift]) -> Vec<Marked> {
        let listed = listed(gifts);
        let agreed: BTreeSet<&Credential> =
            self.vouch.iter().flat_map(|text| named(text, &listed)).collect();
        let mut marked = Vec::new();
        for (gift, receiver) in
            gifts.iter().flat_map(|gift| gift.to.iter().map(move |to| (gift, to)))
        {
            if receiver.membership.as_ref().is_some_and(|verdict| !verdict.is_vouched) {
                let tag = membership_tag(&gift.access.role, &receiver.member);
                let named = self.vouch.contains(&tag);
                marked.push(Marked { tag, named });
            }
            let unvouched = receiver.credentials.iter().filter(|(_, verdict)| !verdict.is_vouched);
            marked.extend(unvouched.map(|(credential, _)| Marked {
                tag: credential.tag(),
                named: agreed.contains(credential),
            }));
        }
        marked
    }
}

impl OlderArgs {
    /// Goes on only if it is agreed to that these members get the keys to values that they may not read.
    pub fn check(&self, context: &Context<'_>, older: &BTreeSet<(Name, SecretName)>) -> Outcome {
        if older.is_empty() || self.older_values {
            return Ok(());
        }
        let members: BTreeSet<&str> = older.iter().map(|(member, _)| member.as_str()).collect();
        let secrets: BTreeSet<&str> = older.iter().map(|(_, secret)| secret.as_str()).collect();
        let [members, secrets] =
            [members, secrets].map(|names| names.into_iter().collect::<Vec<_>>().join(", "));
        let what = format!(
            "{members} would get the keys to values that the role could read in the past: {secrets}"
        );
        let failure = match context.interactive() {
            false => Failure::new(Code::OlderValues, format!("{what}; nothing was changed")),
            true => {
                context.ui.say_wrapped("", 0, &what);
                if context.ui.confirm("Give them too?", false)? {
                    return Ok(());
                }
                Failure::new(Code::Declined, "nothing was changed")
            }
        };
        Err(failure
            .hint("v-secure role create NEW, for a role that never read them")
            .hint("v-secure set NAME, for each: a new value is under keys that the role does not have")
            .hint("--older-values, to give them"))
    }
}

fn listed(gifts: &[Gift]) -> BTreeSet<&Credential> {
    let receivers = gifts.iter().flat_map(|gift| &gift.to);
    receivers.flat_map(|to| &to.credentials).map(|(credential, _)| credential).collect()
}

fn ask(context: &Context<'_>, gifts: &[Gift]) -> Outcome {
    if !context.interactive() {
        return Err(unanswered(gifts));
    }
    let agreed = context.ui.confirm("Give it to those marked '!' too?", false)?;
    if agreed {
        return Ok(());
    }
    Err(Failure::new(Code::Declined, "nothing was changed")
        .hint("v-secure policy review")
        .hint("v-secure member key remove MEMBER/DEVICE, for a device that is not theirs"))
}

/// Without a line to copy: each is to be looked at, and asked about.
fn unanswered(gifts: &[Gift]) -> Failure {
    let message = "nobody with the right to grant this has vouched for what is marked '!': nothing was changed";
    let failure = Failure::new(Code::NotVouched, message)
        .hint("--vouch ID, for each that you checked with the person");
    let mut memberships = gifts.iter().flat_map(|gift| &gift.to).flat_map(|to| &to.membership);
    let failure = match memberships.any(|verdict| !verdict.is_vouched) {
        true => failure.hint("--vouch ROLE/MEMBER, for each that you want to have the role"),
        false => failure,
    };
    failure.hint("v-secure policy review")
}

/// Says who gets what.
pub fn tell(context: &Context<'_>, gifts: &[Gift]) {
    let width = context.host.err_width();
    // A role without grants gives nothing yet, and who is in it will have what it is given.
    for gift in gifts {
        let lines = lines(gift, width).join("\n");
        match gift.to.iter().all(Receiver::is_vouched) {
            true => context.ui.note(&lines),
            false => context.host.write_err(&escape_lines(&lines)),
        }
    }
}

fn lines(gift: &Gift, width: Option<usize>) -> Vec<String> {
    let role = &gift.access.role;
    let access = access_texts(&gift.access).join("; ");
    let heading = match (gift.is_grant, gift.access.is_empty()) {
        (true, _) => format!("this gives {access} to all in the role {role}:"),
        (_, true) => format!("this gives the role {role} (nothing yet) to:"),
        _ => format!("this gives the role {role} ({access}) to:"),
    };
    let mut lines = vec![layout::paragraph("", 2, &heading, width)];
    lines.extend(gift.to.iter().flat_map(|to| receiver_lines(gift, to, width)));
    lines
}

fn receiver_lines(gift: &Gift, to: &Receiver, width: Option<usize>) -> Vec<String> {
    let (role, member) = (&gift.access.role, &to.member);
    let fine = to.credentials.iter().filter(|(_, verdict)| verdict.is_vouched);
    let fine: Vec<String> = fine.map(|(credential, _)| credential.to_string()).collect();
    let mut lines = Vec::new();
    if !fine.is_empty() {
        let text = format!("{member}: {}", fine.join(", "));
        lines.push(layout::paragraph("  ", 4, &text, width));
    }
    let mut mark = |text: String| lines.push(layout::paragraph("! ", 4, &text, width));
    if let Some(verdict) = to.membership.as_ref().filter(|verdict| !verdict.is_vouched) {
        mark(format!("{member}: in {role} {}", why("by", verdict, &gift.access)));
    }
    for (credentials, why) in marks(gift, to) {
        mark(format!("{member}: {credentials}: {why}"));
    }
    lines
}

/// What nobody stands for who could give it: a device and its recipient as one, where the same is to be
/// said of both.
fn marks(gift: &Gift, to: &Receiver) -> Vec<(String, String)> {
    let mut marks: Vec<(String, String)> = Vec::new();
    let mut before: Option<&Credential> = None;
    for (credential, verdict) in to.credentials.iter().filter(|(_, verdict)| !verdict.is_vouched) {
        let why = why("added by", verdict, &gift.access);
        let is_pair = before.is_some_and(|key| to.is_pair(key, credential));
        match marks.last_mut().filter(|last| is_pair && last.1 == why) {
            Some((text, _)) => text.push_str(&format!(", {credential}")),
            None => marks.push((credential.to_string(), why)),
        }
        before = Some(credential);
    }
    marks
}

/// Who vouched, and why that does not do.
pub fn why(verb: &str, verdict: &VouchingVerdict, access: &AccessOfRole) -> String {
    let by = names(&verdict.added);
    let later = match names(&verdict.confirmed) {
        later if later == "nobody" => String::new(),
        later => format!(" and confirmed by {later}"),
    };
    let all = || verdict.added.iter().chain(&verdict.confirmed);
    let lost = all().any(|voucher| voucher.standing == VoucherStatus::Lost);
    let reason = match &verdict.lacks {
        _ if verdict.is_orphan() && lost => "with a device that was lost".to_owned(),
        _ if verdict.is_orphan() => "who is no longer a member".to_owned(),
        _ if verdict.is_of_proposal => "by this proposal alone".to_owned(),
        _ if access.is_owner() && verdict.has_owner => "and too few owners vouch for it".to_owned(),
        _ if access.is_owner() => "who is not an owner".to_owned(),
        Some(pattern) => format!("who may not grant {pattern}"),
        None if access.is_empty() => format!("who could not give all that {} may get", access.role),
        None => "who could not give this".to_owned(),
    };
    format!("{verb} {by}{later}, {reason}")
}

/// The names of those who vouched; `nobody` for none.
pub fn names(vouchers: &[Voucher]) -> String {
    let names: Vec<&str> = vouchers.iter().map(|voucher| voucher.member.as_str()).collect();
    if names.is_empty() { "nobody".into() } else { names.join(", ") }
}

fn membership_tag(role: &Name, member: &Name) -> String {
    format!("{role}/{member}")
}
