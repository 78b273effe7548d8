//! `v-secure policy rebase`: makes one side's changes of members, roles and settings again on the other's, where
//! both changed them.

mod draft;
mod report;
mod sides;

use self::draft::{Decisions, Draft};
use self::sides::{Both, Keep, Side};
use crate::cli::confirm::ConfirmArgs;
use crate::cli::door::context::Context;
use crate::cli::door::reads::{Reading, record};
use crate::cli::error::codes::Code;
use crate::cli::error::failures::merging::{RESOLVE, given_up, not_merged};
use crate::cli::error::{Failure, Outcome};
use crate::cli::output::shell_word;
use crate::cli::people::giving::VouchArgs;
use crate::cli::repository::older_states::OlderStates;
use crate::cli::unlocking;
use crate::engine::resolving::Resolution;
use crate::engine::session::Session;
use crate::engine::transaction::TransactionError;
use crate::engine::writing;
use crate::host::progress::Silent;
use clap::Args;
use std::collections::BTreeMap;
use std::path::Path;
use v_secure_core::keys::policy_change::PolicyOutcome;
use v_secure_core::merge::Merged;
use v_secure_core::name::SecretName;
use v_secure_core::rebase::{self, Sides};
use v_secure_core::report::view::giving::GivenView;
use v_secure_core::secret::carry::{self, CarriedOn, LackingEntry, Origin, Place};
use v_secure_core::vault::Vault;
use v_secure_core::vault::author::Ctx;
use v_secure_core::vault::change::Change;
use v_secure_core::vault::unlock::{Signer, Unlocked};

/// Make one side's changes of members, roles and settings again on the other's, signed by you
#[derive(Debug, Args)]
#[command(
    after_help = "Where two branches both changed members, roles or settings, git cannot merge the vault, and neither \
                        can its driver. In an unfinished merge or rebase the side that was checked out stays as it is, \
                        or the other one with '--keep theirs'; with REV that branch stays, and what is checked out gives way. \
                        Keep the side that others have. Each change of the side that gives way is listed: made again, \
                        there already, or refused with the reason. What its signer could not do there, or what gives more there, is asked \
                        about, or named by --take and --leave. What either side took away stays taken. Values that were \
                        written there are encrypted anew. Only an owner can sign this.\n\n\
                        Examples:\n  v-secure policy rebase\n  v-secure policy rebase --keep theirs\n  \
                        v-secure policy rebase origin/main --leave 3"
)]
pub struct Rebase {
    /// A branch or commit whose policy stays as it is; without it the sides of an unfinished merge or rebase
    #[arg(value_name = "REV")]
    onto: Option<String>,

    /// Which side of an unfinished merge stays as it is
    #[arg(long, value_name = "SIDE", default_value = "ours", conflicts_with = "onto")]
    keep: Keep,

    /// Make this again, which would be asked about: by its number in the list; may be given several times
    #[arg(long, value_name = "NUMBER")]
    take: Vec<usize>,

    /// Do not make this again, which would be asked about
    #[arg(long, value_name = "NUMBER")]
    leave: Vec<usize>,

    #[command(flatten)]
    vouch: VouchArgs,

    #[command(flatten)]
    confirm: ConfirmArgs,
}

/// What came out.
struct Rebased {
    vault: Vault,
    outcome: PolicyOutcome,
    carried: CarriedOn,
}

impl Rebase {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let session = context.session()?;
        let resolution = Resolution::begin(&session)?;
        let wanted = (self.onto.as_deref(), self.keep);
        let past = OlderStates::new(context, &session.location);
        let both = sides::read(context, &session.location, resolution.bytes(), wanted, &past)?;
        let (stays, gives_way) = (&both.stays, &both.gives_way);
        let sides = Sides::new(&stays.vault, &gives_way.vault)
            .ok_or_else(|| not_parted(self.onto.is_some()))?;
        let (who, signer) = unlocked(context, &stays.vault)?;
        permit(context, &sides, (&who, &signer)).map_err(|failure| match failure.code {
            Code::NotPermitted if self.onto.is_none() => {
                given_up(failure, &session.location.folder)
            }
            _ => self.whole(failure),
        })?;
        let path = &session.location.vault;
        let draft = self.decided(context, (&both, &sides, path, &past), &signer)?;
        stays_owner(&draft, &signer)?;
        let gifts = sides.gifts(&draft.replay);
        let gifts =
            gifts.map_err(|error| Failure::from_error(Code::Of((&error).into()), &error))?;
        let gives = self.vouch.check(context, &gifts)?;
        self.confirm.check(context, &question(stays, gives_way))?;
        let rebased = self.made(context, &session, (&sides, &past), &draft)?;
        let Rebased { vault, outcome, carried } = rebased;
        let text = vault.text_alone();
        let written = resolution.commit(context, &Merged { vault, text })?;
        let vault = writing::finish(context, &session, written);
        past.tell_found(&vault);
        self.report(context, &session, (&both, &sides, &draft), (&vault, &outcome, &carried), gives)
    }

    /// Where several owners must sign: entries that nobody looks at one by one could bring rights back, so that one
    /// side stays whole and the other's changes are asked for again, each by its command.
    fn whole(&self, failure: Failure) -> Failure {
        if failure.code != Code::OwnerThreshold {
            return failure;
        }
        let failure = Failure { hints: Vec::new(), ..failure };
        let failure = match self.onto.as_deref() {
            Some(rev) => {
                let rev = shell_word::operand(rev).unwrap_or_else(|| "REV".to_owned());
                failure.hint(format!("git switch -c again {rev}  # that side stays whole"))
            }
            None => failure
                .hint("git merge --abort && git switch -c again REV  # the side that stays whole"),
        };
        failure
            .hint("v-secure pin accept, where this clone had accepted the other side")
            .hint("the other side's commands again: what owners must sign is proposed")
    }

    /// With everything decided that is asked about.
    fn decided<'a>(
        &self,
        context: &Context<'_>,
        (both, sides, path, past): (&Both, &Sides<'a>, &Path, &OlderStates<'_>),
        signer: &Signer,
    ) -> Outcome<Draft<'a>> {
        let mut decisions: Decisions = self.leave.iter().map(|number| (*number, false)).collect();
        decisions.extend(self.take.iter().map(|number| (*number, true)));
        let now = context.host.now();
        let mut draft = Draft::of((sides, path, past), &signer.key, &decisions, now)?;
        if !context.ui.json {
            report::sides(context, both, sides);
            report::table(context, &draft)?;
        }
        loop {
            let open = draft.undecided();
            let Some((number, what)) = open.first() else { break };
            if !context.interactive() {
                return Err(undecided(&open));
            }
            context.ui.say_wrapped("", 0, &format!("{number}  {what}"));
            let taken =
                context.ui.confirm(&format!("Make {number} again, signed by you?"), false)?;
            decisions.insert(*number, taken);
            draft = Draft::of((sides, path, past), &signer.key, &decisions, now)?;
        }
        match draft.replay.kept.is_empty() {
            true => Ok(draft),
            false => Err(blocked(&draft.replay.kept, &both.stays)),
        }
    }

    /// The vault that comes out: the keys that the policy asks for, then what was written under the one that gave
    /// way. Each step needs the keys of the one before.
    fn made(
        &self,
        context: &Context<'_>,
        session: &Session,
        (sides, past): (&Sides<'_>, &OlderStates<'_>),
        draft: &Draft<'_>,
    ) -> Outcome<Rebased> {
        let mut outcome = PolicyOutcome::default();
        let united = sides.united(&draft.replay, context.host.now(), past);
        let mut vault =
            united.map_err(|error| not_merged(&session.location.vault, draft::SIDES, &error))?;
        if !draft.replay.left_behind.is_empty() {
            let made = with_ctx(context, &vault, |ctx| {
                Ok(rebase::conclude(&vault, &draft.replay.left_behind, ctx)?)
            })?;
            vault = applied(vault, Some(made.0))?;
            outcome = made.1;
        }
        let renewed = with_ctx(context, &vault, |ctx| {
            Ok(rebase::renew(&vault, &draft.replay.renewed, &outcome.renewed, ctx)?)
        })?;
        vault = applied(vault, renewed)?;
        let chosen: Vec<LackingEntry<'_>> = draft.chosen();
        if chosen.is_empty() {
            return Ok(Rebased { vault, outcome, carried: CarriedOn::default() });
        }
        let there = reader(context, sides)?;
        let from = Origin { vault: sides.gives_way, who: there.as_ref() };
        let (carried, change) = with_ctx(context, &vault, |ctx| {
            Ok(carry::carry(&vault, from, &chosen, Place::AsBefore, ctx))
        })?;
        if let Some(who) = &there {
            record_reads(context, session, &vault, who, &carried)?;
        }
        Ok(Rebased { vault: applied(vault, change)?, outcome, carried })
    }

    fn report(
        &self,
        context: &Context<'_>,
        session: &Session,
        sides: (&Both, &Sides<'_>, &Draft<'_>),
        made: (&Vault, &PolicyOutcome, &CarriedOn),
        gives: Vec<GivenView>,
    ) -> Outcome {
        let view = report::view(sides, made, gives);
        if context.ui.json {
            return context.ui.object(&view);
        }
        report::tell(context, &view, made.0);
        context
            .ui
            .note(&format!("next: {}", report::next(&session.location, self.onto.as_deref())));
        Ok(())
    }
}

/// Who the user is in a vault, by an identity: keys that were kept open nothing that is new.
fn unlocked(context: &Context<'_>, vault: &Vault) -> Outcome<(Unlocked, Signer)> {
    let who = unlocking::unlock_anew(context, vault)?.who;
    let signer = who.signer(vault)?;
    Ok((who, signer))
}

fn with_ctx<T>(
    context: &Context<'_>,
    vault: &Vault,
    make: impl FnOnce(&Ctx<'_>) -> Outcome<T>,
) -> Outcome<T> {
    let (who, signer) = unlocked(context, vault)?;
    make(&ctx(context, &who, &signer))
}

fn ctx<'a>(context: &'a Context<'_>, who: &'a Unlocked, signer: &'a Signer) -> Ctx<'a> {
    let (random, now, progress) = (context.host, context.host.now(), &Silent);
    Ctx { who, signer, random, now, reason: "policy rebase".to_owned(), progress }
}

fn applied(vault: Vault, change: Option<Change>) -> Outcome<Vault> {
    match change {
        None => Ok(vault),
        Some(change) => {
            let applied = vault.apply(change);
            Ok(applied.map_err(TransactionError::from)?)
        }
    }
}

/// Before anything is listed: who may not sign it need not look at it.
fn permit(
    context: &Context<'_>,
    sides: &Sides<'_>,
    (who, signer): (&Unlocked, &Signer),
) -> Outcome {
    let head = [sides.gives_way.chain().head()];
    Ok(rebase::check(sides.stays, &head, &ctx(context, who, signer))?)
}

/// The user on the side that gives way, unless they are no member there.
fn reader(context: &Context<'_>, sides: &Sides<'_>) -> Outcome<Option<Unlocked>> {
    let (_, signer) = unlocked(context, sides.stays)?;
    match sides.gives_way.policy().member(&signer.member) {
        Some(_) => Ok(Some(unlocking::unlock_anew(context, sides.gives_way)?.who)),
        None => Ok(None),
    }
}

/// Who is let go by what they make again cannot sign what comes after it.
fn stays_owner(draft: &Draft<'_>, signer: &Signer) -> Outcome {
    let after = draft.replay.chain.state();
    if after.is_owner(&signer.member) && after.is_theirs(&signer.member, &signer.key.id()) {
        return Ok(());
    }
    let owners: Vec<&str> = after.owners().map(|name| name.as_str()).collect();
    let message = format!(
        "the side that gives way took {}'s own rights away: another owner has to make its changes again",
        signer.member
    );
    Err(Failure::new(Code::NotPermitted, message).hint(format!("who can: {}", owners.join(", "))))
}

/// By environment, as a journal has its lines.
fn record_reads(
    context: &Context<'_>,
    session: &Session,
    vault: &Vault,
    who: &Unlocked,
    carried: &CarriedOn,
) -> Outcome {
    let mut read: BTreeMap<&str, Vec<SecretName>> = BTreeMap::new();
    for secret in &carried.read {
        read.entry(secret.environment()).or_default().push(secret.clone());
    }
    read.into_iter().try_for_each(|(environment, secrets)| {
        let reading =
            Reading { who, action: "rebase", environment, secrets: &secrets, reason: None };
        record(context, session, vault, reading)
    })
}

fn question(stays: &Side, gives_way: &Side) -> String {
    format!("Make the changes of '{}' again on '{}', signed by you?", gives_way.label, stays.label)
}

fn not_parted(is_named: bool) -> Failure {
    let message = "the policy of one side goes on from the other's: there is nothing to make again";
    let failure = Failure::new(Code::NotParted, message);
    match is_named {
        true => failure.hint("git merge REV  # they merge as they are"),
        false => failure.hint(RESOLVE),
    }
}

fn undecided(open: &[(usize, String)]) -> Failure {
    let message =
        "some changes are to be decided on, and there is no terminal: nothing was changed";
    let mut failure = Failure::new(Code::RebaseUndecided, message);
    failure.causes = open.iter().map(|(number, what)| format!("{number}  {what}")).collect();
    failure.hint("--take NUMBER, to make it again, or --leave NUMBER")
}

/// What no op ends: a right that the side that stays gave by other means.
fn blocked(kept: &[String], stays: &Side) -> Failure {
    let message = format!(
        "what the other side took away would be in force by what '{}' gave: nothing was changed",
        stays.label
    );
    let mut failure = Failure::new(Code::RebaseBlocked, message);
    failure.causes = kept.to_vec();
    failure
        .hint("v-secure policy rebase --keep theirs  # or ours: the side that may stay as it is")
        .hint("git merge --abort  # and take it away on this side first: v-secure role leave, v-secure access revoke")
}
