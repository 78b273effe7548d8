//! `v-secure identity restore`: an identity back into its file, from what was kept off the machine.

use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::people::recovery;
use crate::cli::unlocking::identities;
use crate::store::file::{new_file, private};
use clap::Args;
use std::path::{Path, PathBuf};
use v_secure_core::crypto::identity::NewIdentity;
use v_secure_core::report::view::identity::IdentityRestoreView;

/// Write an identity to its file again, from its 24 words or its text
#[derive(Debug, Args)]
#[command(
    after_help = "Words or text are checked before anything is written, and no file is overwritten.\n\n\
                        Examples:\n  v-secure identity restore\n  v-secure identity restore --words\n  \
                        v-secure identity restore /media/stick/shop-recovery.txt -o recovery.txt"
)]
pub struct Restore {
    /// A file with the identity or its words; '-' for standard input; asked for if it is left out
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,

    /// Ask for the 24 words
    #[arg(long, conflicts_with = "file")]
    words: bool,

    /// Where to [default: identity.txt in the config folder]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Restore {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let path = match &self.output {
            Some(path) => path.clone(),
            None => identities::default_file(context).ok_or_else(no_home)?,
        };
        // Before anybody types 24 words.
        if path.symlink_metadata().is_ok() {
            return Err(exists(&path));
        }
        let identity = recovery::read(context, self.file.as_deref(), self.words)?;
        let recipient = identity.recipient();
        let kept = NewIdentity { text: identity.text(), recipient: recipient.clone() };
        let text = identities::file_text(&kept, context.host.now(), None);
        if self.output.is_none() {
            identities::ensure_folder_of(context, &path)?;
        }
        new_file::write_new(&path, text.expose(), private::FILE_MODE)?;
        if context.ui.json {
            let (recipient, file) = (recipient.as_str(), path.as_path());
            return context.ui.object(&IdentityRestoreView { recipient, file });
        }
        context.ui.line(&recipient)?;
        context.ui.note(&format!("the identity is in {}", path.display()));
        Ok(())
    }
}

fn exists(path: &Path) -> Failure {
    let message = format!("there is an identity already: {}", path.display());
    Failure::new(Code::Exists, message)
        .hint("v-secure identity restore -o FILE, and then v-secure --identity FILE …")
}

fn no_home() -> Failure {
    let message = "there is no home folder to keep the identity in";
    Failure::new(Code::NoHome, message).hint("v-secure identity restore -o FILE")
}
