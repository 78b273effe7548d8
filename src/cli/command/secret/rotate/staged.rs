//! `secret rotate --to`, `--resume` and `--abort`: a value that comes to a share of the instances before it is active.

use super::live;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use clap::{ArgGroup, Args};
use v_secure_core::convert::share;
use v_secure_core::crypto::id::RotationId;
use v_secure_core::log::describe::short;
use v_secure_core::log::rotation::MAX_SHARE;
use v_secure_core::log::state::Version;
use v_secure_core::name::SecretName;
use v_secure_core::report::view::secret::value::SecretRotateView;
use v_secure_core::secret::rotate::begin::{self, Begun};
use v_secure_core::secret::{put, rotate};
use v_secure_core::secret_value::SecretValue;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::Vault;
use v_secure_core::vault::author::Ctx;

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("GoesOn").args(["resume", "abort"]).multiple(true))]
pub(super) struct StagedArgs {
    /// Make the value ready and give it to this share of the instances: 0%, 5%, 12.5%, 100%
    #[arg(long, value_name = "SHARE", conflicts_with = "IntervalArg")]
    to: Option<String>,

    /// Go on with the rotation that is open: by the share of --to, or where its provider was left
    #[arg(long)]
    #[arg(conflicts_with_all = ["ValueArgs", "ExpiryArgs", "IntervalArg", "no_expiry"])]
    resume: bool,

    /// Take the value of the rotation that is open back from all instances
    #[arg(long)]
    #[arg(conflicts_with_all = ["to", "resume", "ValueArgs", "ExpiryArgs", "IntervalArg", "no_expiry"])]
    abort: bool,

    /// The rotation, by its id or how that begins, where several are open
    #[arg(long, value_name = "ID", allow_hyphen_values = true, requires = "GoesOn")]
    #[arg(add = clap_complete::engine::ArgValueCompleter::new(crate::cli::args::complete::rotations))]
    rotation: Option<String>,
}

/// What is done with a rotation that is open.
pub(super) struct GoesOn<'a> {
    pub rotation: Option<&'a str>,
    pub to: Going,
}

/// Where a rotation is to go.
#[derive(Clone, Copy)]
pub(super) enum Going {
    Share(u64),
    /// On from where it was left.
    On,
    Back,
}

impl StagedArgs {
    /// The share that was given.
    pub fn share(&self) -> Outcome<Option<u64>> {
        let parse = |text: &String| {
            share::parse(text).map_err(|error| {
                Failure::new(Code::BadShare, "--to is not a share").because(&error)
            })
        };
        self.to.as_ref().map(parse).transpose()
    }

    pub fn goes_on(&self) -> Outcome<Option<GoesOn<'_>>> {
        let rotation = self.rotation.as_deref();
        let to = match (self.abort, self.resume, self.share()?) {
            (false, false, _) => return Ok(None),
            (true, ..) => Going::Back,
            (false, true, Some(share)) => Going::Share(share),
            (false, true, None) => Going::On,
        };
        Ok(Some(GoesOn { rotation, to }))
    }
}

impl GoesOn<'_> {
    pub fn run(&self, context: &Context<'_>, secret: &SecretName, reason: Option<&str>) -> Outcome {
        let (rotation, vault) = context.write(reason, "rotate", |vault, ctx| {
            Ok(match self.to {
                Going::Share(share) => rotate::rollout(vault, secret, self.rotation, share, ctx)?,
                Going::Back => {
                    let (was, change) = rotate::abort(vault, secret, self.rotation, ctx)?;
                    (was.id, change)
                }
                Going::On => return Err(no_share(secret)),
            })
        })?;
        if matches!(self.to, Going::Back) && !context.ui.json {
            let id = short(&rotation);
            context.ui.note(&format!(
                "{secret}: rotation {id} is aborted; once nobody uses its value: v-secure rotation retire {secret}"
            ));
            return Ok(());
        }
        report(context, &vault, secret, None, &rotation)
    }
}

/// By hand it goes on only by what is said.
fn no_share(secret: &SecretName) -> Failure {
    let message =
        format!("no provider serves {secret}: its rotation goes on by --to, or is promoted");
    Failure::new(Code::Usage, message)
        .hint(format!("v-secure secret rotate {secret} --resume --to 50%"))
        .hint(format!("v-secure rotation promote {secret}"))
}

/// A rotation that is to begin.
pub(super) struct Begins<'a> {
    pub secret: &'a SecretName,
    pub value: SecretValue,
    pub generated: Option<String>,
    pub share: u64,
}

impl Begins<'_> {
    pub fn run(
        self,
        context: &Context<'_>,
        reason: Option<&str>,
        expires: &dyn Fn(&Version, &Ctx<'_>) -> Option<UnixTime>,
    ) -> Outcome {
        let Self { secret, value, generated, share } = self;
        let ((rotation, is_same), vault) = context.write(reason, "rotate", |vault, ctx| {
            let expires = expires(live(vault, secret)?, ctx);
            let is_same = !put::same_as_current(vault, secret, &value, ctx).is_empty();
            let (rotation, change) = begin::begin(
                vault,
                secret,
                Begun { value, expires, share: Some(share).filter(|share| *share > 0) },
                ctx,
            )?;
            Ok(((rotation, is_same), change))
        })?;
        if is_same {
            super::tell_same(context, secret);
        }
        report(context, &vault, secret, generated, &rotation)
    }
}

pub(super) fn report(
    context: &Context<'_>,
    vault: &Vault,
    secret: &SecretName,
    generated: Option<String>,
    rotation: &RotationId,
) -> Outcome {
    let report = SecretRotateView::of_rotation(vault, secret, generated, rotation);
    if context.ui.json {
        return context.ui.object(&report);
    }
    let made = report.generated.map(|spec| format!(", generated ({spec}),")).unwrap_or_default();
    let given = given(report.rotation.map_or(0, |of| of.share));
    let id = short(rotation);
    context.ui.note(&format!("{secret}: the value of rotation {id}{made} is given to {given}"));
    Ok(())
}

/// Who is given a value by this share.
fn given(share: u64) -> String {
    match share {
        0 => "no instance yet".to_owned(),
        MAX_SHARE => "every instance that 'exec --instance' names".to_owned(),
        share => {
            format!("{} of the instances that 'exec --instance' names", share::text(share))
        }
    }
}
