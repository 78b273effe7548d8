//! `v-secure key rotate`: new epochs of audiences, and values encrypted anew under fresh keys.

mod report;

use crate::cli::args::secret_arg;
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::error::codes::Code;
use crate::cli::people::policy::ReasonArg;
use crate::engine::door::Purpose;
use clap::{ArgGroup, Args};
use clap_complete::engine::ArgValueCompleter;
use std::collections::BTreeSet;
use v_secure_core::keys::rotation::dek;
use v_secure_core::keys::rotation::dek::DekPlan;
use v_secure_core::keys::rotation::kek;
use v_secure_core::keys::rotation::kek::KekPlan;
use v_secure_core::keys::status::key_status;
use v_secure_core::report::view::key::rotate::KeyRotateView;
use v_secure_core::vault::Depth;

/// Renew the keys of audiences, or those of values
#[derive(Debug, Args)]
#[command(
    override_usage = "v-secure key rotate [OPTIONS] --audience ROLES|--all|--due|--secret NAME",
    group(ArgGroup::new("which").required(true).args(["audiences", "all", "due", "secrets"])),
    after_help = "A new epoch of an audience is one signed entry and its envelope: what is written from then on \
                        is under the new key, and what was written before stays readable. --dek encrypts active values \
                        anew, each under a fresh key, as a new version with the same value; a secret of which a rotation goes on with a value is left out. Neither takes back what \
                        somebody could read before: for that, set a new value and revoke the old one at its provider.\n\n\
                        --due does what the settings rotation.kek and rotation.dek want done by \
                        now, and nothing else; it exits with 0 where nothing is due. Run it on \
                        the default branch: changes of policy on two branches \
                        do not merge. docs/key-rotation.md sets up the key schedule with cron and on GitHub.\n\n\
                        Examples:\n  v-secure key rotate --all --dry-run\n  v-secure key rotate --audience developer+owner\n  \
                        v-secure key rotate --all --dek\n  v-secure key rotate --dek --secret prod/DATABASE_URL\n  \
                        v-secure key rotate --due"
)]
pub struct Rotate {
    /// This audience, by its roles joined with '+'; may be given several times
    #[arg(long = "audience", value_name = "ROLES")]
    audiences: Vec<String>,

    /// Every audience in use
    #[arg(long)]
    all: bool,

    /// What the schedule in the settings wants done by now
    #[arg(long, conflicts_with = "dek")]
    due: bool,

    /// The keys of values, not those of audiences
    #[arg(long)]
    dek: bool,

    /// The key of this secret's value; may be given several times
    #[arg(long = "secret", value_name = "NAME", requires = "dek")]
    #[arg(add = ArgValueCompleter::new(crate::cli::args::complete::secrets))]
    secrets: Vec<String>,

    /// Say what would be done, and write nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    reason: ReasonArg,
}

/// What is asked for: new epochs, fresh keys of values, or both.
struct RotationPlan {
    keks: Option<kek::KekSelection>,
    deks: Option<dek::DekSelection>,
}

impl Rotate {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let wanted = self.wanted(context)?;
        if self.due && self.idle(context)? {
            return Ok(());
        }
        let is_named = !self.secrets.is_empty();
        if self.dry_run {
            return report::show(context, &self.plan(context, &wanted)?, is_named);
        }
        let mut report = KeyRotateView::default();
        // Each part is whole by itself; what an interruption leaves out is still due afterwards.
        let renewed = match &wanted.keks {
            Some(which) => self.renew(context, which, &mut report),
            None => Ok(()),
        };
        // What waits for other owners holds up nothing else.
        let waits = match renewed {
            Err(failure) if failure.code == Code::OwnerThreshold => Some(failure),
            renewed => renewed.map(|()| None)?,
        };
        if let Some(which) = &wanted.deks {
            self.reencrypt(context, which, &mut report)?;
        }
        let Some(waits) = waits else { return report::show(context, &report, is_named) };
        if !report.secrets.is_empty() {
            report::show(context, &report, false)?;
        }
        Err(waits)
    }

    fn wanted(&self, context: &Context<'_>) -> Outcome<RotationPlan> {
        let names: BTreeSet<String> = self.audiences.iter().cloned().collect();
        let (keks, deks) = match (self.due, self.dek) {
            (true, _) => (Some(kek::KekSelection::Due), Some(dek::DekSelection::Due)),
            (false, false) if self.all => (Some(kek::KekSelection::All), None),
            (false, false) => (Some(kek::KekSelection::Named(names)), None),
            (false, true) if self.all => (None, Some(dek::DekSelection::All)),
            (false, true) if self.secrets.is_empty() => {
                (None, Some(dek::DekSelection::Audiences(names)))
            }
            (false, true) => {
                let names = self.secrets.iter().map(|text| secret_arg::parse(text, context));
                (None, Some(dek::DekSelection::Secrets(names.collect::<Outcome<_>>()?)))
            }
        };
        Ok(RotationPlan { keks, deks })
    }

    /// Whether nothing is due: then nobody is asked to unlock, and no lock is taken.
    fn idle(&self, context: &Context<'_>) -> Outcome<bool> {
        let (session, opened) = context.open(Purpose::Use, Depth::Everything)?;
        let status = key_status(&opened.vault, session.now);
        if status.is_due() {
            return Ok(false);
        }
        report::show_idle(context, self.dry_run, status.next_due(), session.now)?;
        Ok(true)
    }

    fn plan(&self, context: &Context<'_>, wanted: &RotationPlan) -> Outcome<KeyRotateView> {
        let (session, opened) = context.open(Purpose::Use, Depth::Everything)?;
        let (vault, now) = (&opened.vault, session.now);
        let who = context.unlock(vault)?;
        who.signer(vault)?;
        let status = key_status(vault, now);
        let keks = wanted.keks.as_ref().map(|which| kek::plan(&status, who.member(), which));
        let deks = wanted.deks.as_ref().map(|which| dek::plan(vault, &status, &who, which, now));
        Ok(KeyRotateView::planned(keks.transpose()?, deks.transpose()?))
    }

    fn renew(
        &self,
        context: &Context<'_>,
        which: &kek::KekSelection,
        report: &mut KeyRotateView,
    ) -> Outcome {
        let reason = self.reason.reason.as_deref();
        let (outcome, _) = context.write_if(reason, "renew keys", |vault, ctx| {
            let status = key_status(vault, ctx.now);
            let plan: KekPlan = kek::plan(&status, ctx.who.member(), which)?;
            let (change, outcome) = kek::renew(vault, plan, &status, ctx)?;
            Ok((outcome, change))
        })?;
        report.add_keks(outcome);
        Ok(())
    }

    fn reencrypt(
        &self,
        context: &Context<'_>,
        which: &dek::DekSelection,
        report: &mut KeyRotateView,
    ) -> Outcome {
        let reason = self.reason.reason.as_deref();
        let (plan, _) = context.write_if(reason, "renew keys of values", |vault, ctx| {
            let status = key_status(vault, ctx.now);
            let mut plan: DekPlan = dek::plan(vault, &status, ctx.who, which, ctx.now)?;
            let change = dek::reencrypt(vault, &mut plan, ctx)?;
            Ok((plan, change))
        })?;
        report.add_deks(plan);
        Ok(())
    }
}
