//! The stories, played: what each command printed. Those that need a tool are left out where it is
//! missing, and their commands with them.

use crate::json_schemas::runs::{RUNS, Run};
use crate::json_schemas::runs_daily::{BRANCH, DAILY, KEYRING, SESSION, UNITED};
use crate::json_schemas::runs_rotations::ROTATIONS;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use v_secure_testkit::branches;
use v_secure_testkit::stage::Stage;
#[cfg(target_os = "linux")]
use v_secure_testkit::{desktop, keyctl};

/// No bus: a story must not work with the user's own keyring.
const NO_BUS: &str = "unix:path=/nonexistent";

#[derive(Default)]
pub struct Played {
    /// By command, the lines and what they printed.
    pub printed: BTreeMap<&'static str, Vec<(String, Value)>>,
    /// Commands that could not be run for want of a tool.
    pub left_out: BTreeSet<&'static str>,
}

impl Played {
    pub fn all() -> Self {
        let mut played = Self::default();
        played.play(&Stage::new(), RUNS, NO_BUS);
        played.play(&Stage::new(), DAILY, NO_BUS);
        played.play(&Stage::new(), ROTATIONS, NO_BUS);
        played.branch(&Stage::new());
        played.session(&Stage::new());
        played.keyring(&Stage::new());
        played
    }

    fn play(&mut self, stage: &Stage, runs: &'static [Run], bus: &str) {
        for (command, line) in runs {
            let text = stage.ok(&format!("export DBUS_SESSION_BUS_ADDRESS='{bus}'; {line}"));
            let Some(command) = command else { continue };
            let value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{line}: {text}"));
            self.printed.entry(command).or_default().push(((*line).to_owned(), value));
        }
    }

    fn branch(&mut self, stage: &Stage) {
        self.play(stage, BRANCH, NO_BUS);
        branches::unite(&stage.vault(), &stage.path("../branch/.v-secure/vault.toml"));
        self.play(stage, UNITED, NO_BUS);
    }

    fn leave_out(&mut self, runs: &'static [Run]) {
        self.left_out.extend(runs.iter().filter_map(|(command, _)| *command));
    }

    #[cfg(target_os = "linux")]
    fn session(&mut self, stage: &Stage) {
        let _alone = keyctl::alone();
        match keyctl::skipped() {
            true => self.leave_out(SESSION),
            false => self.play(stage, SESSION, NO_BUS),
        }
    }

    #[cfg(target_os = "linux")]
    fn keyring(&mut self, stage: &Stage) {
        if desktop::skipped() {
            return self.leave_out(KEYRING);
        }
        let data = stage.scene.home().join("desktop");
        let with_keyring = desktop::Desktop::start(&data, true);
        self.play(stage, KEYRING, &with_keyring.address);
    }

    #[cfg(not(target_os = "linux"))]
    fn session(&mut self, _stage: &Stage) {
        self.leave_out(SESSION);
    }

    #[cfg(not(target_os = "linux"))]
    fn keyring(&mut self, _stage: &Stage) {
        self.leave_out(KEYRING);
    }
}
