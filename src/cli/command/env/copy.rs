//! `v-secure env copy`: all secrets of an environment in another one.

use crate::cli::door::context::Context;
use crate::cli::door::reads;
use crate::cli::door::reads::Reading;
use crate::cli::error::codes::Code;
use crate::cli::error::meant;
use crate::cli::error::{Failure, Outcome};
use crate::cli::secret::copying;
use crate::cli::secret::variables;
use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use v_secure_core::name::environment::EnvironmentName;
use v_secure_core::name::{Name, SecretName};
use v_secure_core::report::view::env::EnvCopyView;
use v_secure_core::secret::copy;
use v_secure_core::secret::copy::CopyRequest;
use v_secure_core::secret::list;
use v_secure_core::vault::Depth;

/// Copy the secrets of an environment, with their metadata and expiry, into another one
#[derive(Debug, Args)]
#[command(
    after_help = "All secrets or none are copied, in one entry. The copies are secrets of their own: if the \
                        other environment is to follow, let it inherit ('settings set env.NAME.extends'). What the \
                        environment inherits itself is not copied. Needs the right read there, \
                        and write here.\n\n\
                        Examples:\n  v-secure env copy staging review\n  v-secure env copy staging prod --overwrite"
)]
pub struct Copy {
    /// The environment whose secrets are copied
    #[arg(value_name = "FROM", add = ArgValueCompleter::new(crate::cli::args::complete::environments))]
    from: EnvironmentName,

    /// The environment to copy them into
    #[arg(value_name = "TO", add = ArgValueCompleter::new(crate::cli::args::complete::environments))]
    to: EnvironmentName,

    /// Replace existing secrets
    #[arg(long)]
    overwrite: bool,

    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Copy {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        if self.from == self.to {
            return Err(Failure::new(
                Code::SameName,
                "an environment cannot be copied into itself",
            ));
        }
        let (session, opened) = context.open_to_write(Depth::Everything)?;
        super::must_hold(&opened.vault, &self.from)?;
        meant::begin(context, &self.to)?;
        let default = format!("copy the environment {} to {}", self.from, self.to);
        let (copies, vault) = context.write(self.reason.as_deref(), &default, |vault, ctx| {
            let from = list::own(vault, &self.from);
            let requests: Vec<CopyRequest> =
                from.iter().filter_map(|secret| self.request(secret)).collect();
            let change = copy::copy_all(vault, &requests, ctx)?;
            let (action, environment) = ("copy", self.from.as_str());
            let reason = self.reason.as_deref();
            let reading = Reading { who: ctx.who, action, environment, secrets: &from, reason };
            reads::record(context, &session, vault, reading)?;
            let copies = requests.into_iter().map(|request| (request.from, request.to));
            Ok((copies.collect::<Vec<_>>(), change))
        })?;
        variables::remark(context, &vault, copies.iter().map(|(_, to)| to));
        copying::tell_readers(context, &vault, copies.iter().map(|(from, to)| (from, to)));
        let (from, to) = (&self.from, &self.to);
        if context.ui.json {
            let secrets = copies.iter().map(|(_, to)| to).collect();
            return context.ui.object(&EnvCopyView { from, to, secrets });
        }
        context
            .ui
            .note(&format!("{to}: {} of {from}", crate::cli::people::policy::count(copies.len())));
        Ok(())
    }

    fn request(&self, from: &SecretName) -> Option<CopyRequest> {
        let to = SecretName::new(&self.to, &Name::new(from.name()).ok()?);
        Some(CopyRequest { from: from.clone(), to, rename: false, overwrite: self.overwrite })
    }
}
