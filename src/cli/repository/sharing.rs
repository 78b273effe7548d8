//! The step after a change of people, rights, keys or settings: others have it once it is pushed, and until then
//! whoever was taken out can go on.
//!
//! Commands need not know: [`Sharing::note`] stands where vaults are written, [`tell`] where a command ends. A value
//! that was set is left to its author: its file shows in `git status`, and nobody is bound by it.

use crate::cli::output::ui::Ui;
use crate::engine::session::Session;
use crate::store::file::find::FOLDER;
use std::cell::Cell;

/// What a command wrote that others are to get.
#[derive(Default)]
pub struct Sharing {
    wanted: Cell<bool>,
    /// What is to be committed.
    written: Cell<Option<&'static str>>,
}

impl Sharing {
    pub fn want(&self, wanted: bool) {
        self.wanted.set(wanted);
    }

    /// Takes note of a vault that was written where git carries it.
    pub fn note(&self, session: &Session) {
        let location = &session.location;
        if self.wanted.get() && location.git_common_dir.is_some() {
            let is_usual = location.folder.ends_with(FOLDER);
            self.written.set(Some(if is_usual { FOLDER } else { "the vault" }));
        }
    }
}

/// Says what comes next, if anything was written.
pub fn tell(sharing: &Sharing, ui: &Ui<'_>) {
    if let Some(what) = sharing.written.take()
        && !ui.json
    {
        ui.note(&format!(
            "next: commit and push {what}; it takes effect for others once they pull"
        ));
    }
}
