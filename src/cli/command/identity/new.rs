//! `v-secure identity new`: a new identity, in a file or on standard output.

use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::unlocking::identities;
use clap::Args;
use std::path::PathBuf;
use v_secure_core::crypto::identity::generate_identity;
use v_secure_core::report::view::identity::IdentityNewView;

/// Make a new identity: the private key that opens what is encrypted to you
#[derive(Debug, Args)]
#[command(
    after_help = "The file is in age's own format and readable by you alone (mode 0600). An \
                        existing file is never overwritten.\n\n\
                        Examples:\n  v-secure identity new\n  v-secure identity new -o ~/keys/work.txt\n  \
                        v-secure identity new -o - | gh secret set V_SECURE_IDENTITY"
)]
pub struct New {
    /// Where to write it; '-' prints the identity alone [default: identity.txt in the config
    /// folder]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl New {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        if self.output.as_ref().is_some_and(|path| path.as_os_str() == "-") {
            return print(context);
        }
        let (path, identity) = match self.output {
            Some(path) => (path.clone(), identities::create_file(context, &path)?),
            None => {
                let path = identities::default_file(context).ok_or_else(no_home)?;
                let identity = identities::create(context, &path)?;
                (path, identity)
            }
        };
        let recipient = identity.recipient();
        if context.ui.json {
            let (recipient, file) = (recipient.as_str(), Some(path.as_path()));
            return context.ui.object(&IdentityNewView { recipient, file, identity: None });
        }
        context.ui.line(&recipient)?;
        context
            .ui
            .note(&format!("the identity is in {}: back it up, off this machine", path.display()));
        Ok(())
    }
}

fn print(context: &Context<'_>) -> Outcome {
    let new = generate_identity();
    let text = identities::file_text(&new, context.host.now(), None);
    if context.ui.json {
        let (recipient, identity) = (new.recipient.as_str(), text.expose_str());
        return context.ui.object(&IdentityNewView { recipient, file: None, identity });
    }
    context.ui.bytes(text.expose())
}

fn no_home() -> Failure {
    Failure::new(Code::NoHome, "there is no home folder to keep a new identity in")
        .hint("v-secure identity new -o FILE")
}
