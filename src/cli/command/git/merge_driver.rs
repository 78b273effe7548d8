//! `v-secure git merge-driver`: what git runs to merge two copies of a vault.

use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::failures::merging::{self, not_merged};
use crate::cli::error::{Failure, Outcome};
use crate::cli::repository::git_history::GitHistory;
use crate::store::file::{new_file, read};
use clap::Args;
use std::path::{Path, PathBuf};
use v_secure_core::file::format::{self, MAX_FILE};
use v_secure_core::file::model::VaultFile;
use v_secure_core::merge::{MergeError, blended, marks, merge_with, union};

/// Git made the file for this merge.
const MODE: u32 = 0o600;

/// Of three sides two are brought together first: the file has no place for a third one.
const FIRST: &str = "git merge --abort && v-secure policy rebase && git add .v-secure && git commit -m 'Mend the vault'  # and then this merge again";

/// Merge two copies of a vault, for git
#[derive(Debug, Args)]
#[command(
    after_help = "Git runs this where a clone has 'v-secure git install'. It needs no key: the result has every \
                  signed record of both sides, and is verified. Where both sides changed members, roles or \
                  settings it says so and leaves the merge to you.\n\n\
                  Examples:\n  v-secure git merge-driver %O %A %B %P  # as git calls it"
)]
pub struct MergeDriver {
    /// What both sides began from (%O)
    #[arg(value_name = "BASE")]
    base: PathBuf,

    /// What is checked out (%A); the result is written here
    #[arg(value_name = "OURS")]
    ours: PathBuf,

    /// What comes in (%B)
    #[arg(value_name = "THEIRS")]
    theirs: PathBuf,

    /// Where the file is in the repository (%P), for messages
    #[arg(value_name = "PATH", default_value = ".v-secure/vault.toml")]
    path: PathBuf,
}

impl MergeDriver {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let refused = |error| self.refused(&error);
        let [base, ours, theirs] = [text(&self.base)?, text(&self.ours)?, text(&self.theirs)?];
        let there = blended::loose(&theirs).map_err(refused)?;
        let folder = self.path.parent().unwrap_or(&self.path).to_owned();
        let history = GitHistory::new(&folder);
        if let Some(parted) = marks::sides(&ours) {
            return self.beside_marks(parted, &base, there, &history);
        }
        let here = blended::loose(&ours).map_err(refused)?;
        // Where the policies parted that is what is told: what gave way to another policy is none of its history.
        if let Ok(began) = blended::loose(&base)
            && !union::is_parted(&here, &there)
        {
            merging::refuse_picks(&self.path, &began, [&here, &there], &history)?;
        }
        if union::is_parted(&here, &there) {
            self.keep_both([&ours, &theirs])?;
        }
        let merged = match merge_with(here, [there], context.host.now(), &history) {
            // 'git resolve' looks for it in git's history, and nobody takes one side alone for the vault meanwhile.
            Err(error) if error.is_of_lost() => {
                self.keep_both([&ours, &theirs])?;
                return Err(refused(error));
            }
            merged => merged.map_err(refused)?,
        };
        merging::tell_conflicts(context, &merged.vault);
        if merged.text != ours {
            new_file::write_over(&self.ours, merged.text.as_bytes(), MODE)?;
        }
        Ok(())
    }

    /// A rebase that went on over marks brings the next commit of its branch: it is put to the side that it goes on
    /// from.
    fn beside_marks(
        &self,
        parted: [String; 2],
        base: &str,
        there: VaultFile,
        history: &GitHistory<'_>,
    ) -> Outcome {
        let refused = |error| self.refused(&error);
        let [ours, theirs] = parted.map(|text| blended::loose(&text));
        let [mut ours, mut theirs] = [ours.map_err(refused)?, theirs.map_err(refused)?];
        let side = if union::is_parted(&theirs, &there) { &mut ours } else { &mut theirs };
        if let Ok(began) = blended::loose(base) {
            merging::refuse_picks(&self.path, &began, [side, &there], history)?;
        }
        if union::is_parted(side, &there) {
            let message = format!(
                "{}: what is here is an unfinished merge itself, of two policies, and a third one comes in",
                self.path.display()
            );
            return Err(Failure::new(Code::Unmerged, message).hint(FIRST));
        }
        *side = union::union(side.clone(), there).map_err(refused)?;
        self.keep_both([&format::write(&ours), &format::write(&theirs)])?;
        Err(match union::union(ours, theirs) {
            Err(error) => self.refused(&error),
            Ok(_) => Failure::new(Code::Unmerged, "what is here is an unfinished merge itself")
                .hint(merging::RESOLVE),
        })
    }

    /// With one side alone in the file, `git add` and `git rebase --continue` would drop the other one's change of
    /// the policy without a word, and so would every reader take it for a vault.
    fn keep_both(&self, sides: [&str; 2]) -> Outcome {
        new_file::write_over(&self.ours, marks::around(sides).as_bytes(), MODE)?;
        Ok(())
    }

    fn refused(&self, error: &MergeError) -> Failure {
        let failure = not_merged(&self.path, ["ours", "theirs"], error);
        match error {
            MergeError::PolicyDiverged { .. } => merging::diverging(failure, &self.path),
            MergeError::OtherVault { .. } => failure,
            // Its own hints lead out.
            _ if error.is_of_lost() => failure,
            _ => failure.hint("git merge --abort  # that side's vault is broken: see who did it, and have it mended there"),
        }
    }
}

fn text(path: &Path) -> Outcome<String> {
    let found = read::read(path, MAX_FILE as u64).map_err(|error| {
        Failure::new(Code::MergeInput, format!("{} cannot be read", path.display())).because(&error)
    })?;
    // What is no text is no vault, and refused as such.
    Ok(String::from_utf8_lossy(&found.bytes).into_owned())
}
