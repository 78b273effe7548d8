//! `v-secure rotation run`: goes on with whatever rotates, for cron, a timer or a job of CI.

use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::rotating::{self, Published};
use clap::Args;
use std::time::Duration;
use v_secure_core::convert::{duration, generate};
use v_secure_core::host;
use v_secure_core::log::describe::short;
use v_secure_core::name::SecretName;
use v_secure_core::policy::op::Right;
use v_secure_core::report::view::rotation::{RanErrorView, RanView, RetiredView, RotationRunView};
use v_secure_core::secret::list::{self, ListFilter};
use v_secure_core::secret::rotate;
use v_secure_core::vault::Vault;
use v_secure_rotation::engine::{Publication, Ran, Wanted, ended_intents};

/// Go on with what rotates at providers, revoke what is over, and begin what is due
#[derive(Debug, Args)]
#[command(
    after_help = "For cron, a systemd timer or a job of CI: it asks nobody. An open rotation goes on from where it was left, by \
                  whatever machine; an old credential is revoked when its overlap is over; with --due a rotation begins where \
                  a value is older than its 'rotation-interval'. Secrets that this member may not read and rotate are left \
                  alone.\n\n\
                  Exits with 0 where nothing failed, also where something has to wait; with 1 where something did.\n\n\
                  Examples:\n  v-secure rotation run --due --jitter 10m\n  \
                  v-secure rotation run --json"
)]
pub struct Run {
    /// Begin what is due, too
    #[arg(long)]
    due: bool,

    /// Wait for up to this long first, by chance, so that not all machines ask at once
    #[arg(long, value_name = "SPAN")]
    jitter: Option<String>,
}

impl Run {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        self.wait(context)?;
        let mut published = Published::open_for(context, None)?;
        let mut secrets = Vec::new();
        for secret in served(&published) {
            let view = match self.one(context, &mut published, &secret) {
                Ok(Ran::Nothing) => continue,
                Ok(ran) => view(secret, ran),
                Err(failure) => failed(secret, failure),
            };
            tell(context, &view);
            secrets.push(view);
        }
        let failed = secrets.iter().filter(|ran| ran.error.is_some()).count();
        if secrets.is_empty() {
            context.ui.note("nothing rotates, and nothing is due");
        }
        if context.ui.json {
            context.ui.object(&RotationRunView { secrets })?;
        }
        match failed {
            0 => Ok(()),
            count => Err(incomplete(count)),
        }
    }

    fn one(
        &self,
        context: &Context<'_>,
        published: &mut Published<'_>,
        secret: &SecretName,
    ) -> Outcome<Ran> {
        published.refresh()?;
        let is_due = self.due && is_due(published, secret);
        if !is_due && is_at_rest(published.vault(), secret) {
            return Ok(Ran::Nothing);
        }
        rotating::with(published, secret, false, |engine| {
            let mut make = || Ok(generate::generate(&rotating::strong(), context.host));
            engine.run(is_due.then_some(Wanted { make: &mut make, share: None }))
        })
    }

    fn wait(&self, context: &Context<'_>) -> Outcome {
        let Some(span) = &self.jitter else { return Ok(()) };
        let most = duration::parse_span(span).map_err(|error| {
            Failure::new(Code::BadValue, "--jitter is not a span of time")
                .because(&error)
                .hint("--jitter 10m")
        })?;
        let chance = u64::from_le_bytes(host::random(context.host));
        context.host.pause(Duration::from_secs(chance % most.saturating_add(1)));
        Ok(())
    }
}

/// Those that a provider serves and this member may read and rotate, in order.
fn served(published: &Published<'_>) -> Vec<SecretName> {
    let (vault, member) = (published.vault(), published.member());
    let may = |right, secret: &SecretName| vault.policy().holds(member, right, secret);
    let is_own = |secret: &SecretName| {
        may(Right::Read, secret) && (may(Right::Rotate, secret) || may(Right::Write, secret))
    };
    let secrets = vault.state().secrets.keys();
    let served = secrets.filter(|secret| !vault.serving().serving(secret).is_empty());
    served.filter(|secret| is_own(secret)).cloned().collect()
}

/// Whether nothing rotates and nothing is left: then nobody is asked, and what cannot be asked is no failure.
fn is_at_rest(vault: &Vault, secret: &SecretName) -> bool {
    vault.secret(secret).is_none_or(|state| {
        state.open_rotations().next().is_none()
            && !rotate::has_to_retire(state)
            && ended_intents(state).next().is_none()
    })
}

fn is_due(published: &Published<'_>, secret: &SecretName) -> bool {
    let stale = ListFilter { stale: true, ..ListFilter::default() };
    let due = list::list(published.vault(), &stale, published.now());
    due.iter().any(|listed| listed.name == secret)
}

fn view(secret: SecretName, ran: Ran) -> RanView {
    let mut view = RanView {
        secret,
        did: "retired",
        rotation: None,
        retired: Vec::new(),
        until: None,
        error: None,
    };
    match ran {
        Ran::Rotated(id, retired) => {
            (view.did, view.rotation) = ("rotated", Some(id));
            view.retired = retired.iter().map(RetiredView::from).collect();
        }
        Ran::Resumed(id) => (view.did, view.rotation) = ("resumed", Some(id)),
        Ran::Held(id) => (view.did, view.rotation) = ("held", Some(id)),
        Ran::Waits { until } => (view.did, view.until) = ("waits", Some(duration::rfc3339(until))),
        Ran::Retired(retired) => view.retired = retired.iter().map(RetiredView::from).collect(),
        Ran::Nothing => {}
    }
    view
}

fn failed(secret: SecretName, failure: Failure) -> RanView {
    let error = RanErrorView {
        code: failure.code.as_str().to_owned(),
        message: failure.message,
        causes: failure.causes,
        hints: failure.hints,
    };
    let (rotation, retired, until) = (None, Vec::new(), None);
    RanView { secret, did: "failed", rotation, retired, until, error: Some(error) }
}

fn tell(context: &Context<'_>, view: &RanView) {
    let secret = &view.secret;
    let id = view.rotation.map(|id| short(&id)).unwrap_or_default();
    if let Some(error) = &view.error {
        let causes: String = error.causes.iter().map(|cause| format!(": {cause}")).collect();
        let hints: String = error.hints.iter().map(|hint| format!(" (try: {hint})")).collect();
        return context.ui.warn(&format!("{secret}: {}{causes}{hints}", error.message));
    }
    if view.did == "rotated" && !view.retired.is_empty() {
        context.ui.note(&format!("{secret}: the old credential is retired"));
    }
    context.ui.note(&match view.did {
        "rotated" => format!("{secret}: a new credential is current, by rotation {id}"),
        "resumed" => format!("{secret}: rotation {id} was open, and its credential is current now"),
        "held" => format!("{secret}: rotation {id} goes on when somebody says so"),
        "waits" => {
            format!(
                "{secret}: the old credential stays at least until {}",
                view.until.as_deref().unwrap_or_default()
            )
        }
        _ => format!("{secret}: the old credential is retired"),
    });
}

fn incomplete(count: usize) -> Failure {
    let message = format!(
        "{count} {} could not be gone on with",
        if count == 1 { "secret" } else { "secrets" }
    );
    Failure::new(Code::RotationsFailed, message)
        .hint("v-secure rotation list")
        .hint("v-secure rotation run")
}
