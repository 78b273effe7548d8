//! The option of `exec` for which instance of a program this is.

use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use clap::Args;
use v_secure_core::log::rotation::Instance;

#[derive(Debug, Clone, Args)]
pub(crate) struct InstanceArg {
    /// Which instance of the program this is, by a name that stays: a rotation gives its value to a share
    /// of them [env: V_SECURE_INSTANCE]
    #[arg(long, value_name = "NAME")]
    instance: Option<String>,
}

impl InstanceArg {
    /// The instance that was named. An empty variable names none, as a pod's template may leave it so.
    pub fn resolve(&self, context: &Context<'_>) -> Outcome<Option<Instance>> {
        let text = match &self.instance {
            Some(text) => Some(text.clone()),
            None => match context.host.variable("V_SECURE_INSTANCE") {
                Some(text) if !text.is_empty() => Some(
                    text.into_string().map_err(|_| refused("V_SECURE_INSTANCE is not UTF-8"))?,
                ),
                _ => None,
            },
        };
        let instance = text.map(Instance::new).transpose();
        instance.map_err(|error| refused("the name of the instance is not valid").because(&error))
    }
}

fn refused(message: &str) -> Failure {
    Failure::new(Code::BadInstance, message)
}
