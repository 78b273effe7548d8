//! What is appended, and what stays of it.

use super::*;
use crate::store::file::find::Location;
use crate::store::state::reads;
use crate::store::state::reads::Journal;
use tempfile::TempDir;
use v_secure_core::time::UnixTime;

pub(crate) struct Scene {
    folder: TempDir,
    pub place: VaultPlace,
    actor: Name,
    secret: SecretName,
}

impl Scene {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("p/.v-secure")).unwrap();
        let place = VaultPlace::of(&Location::in_project(&folder.path().join("p")).unwrap(), None);
        let (actor, secret) = (Name::new("ann").unwrap(), SecretName::parse("prod/A").unwrap());
        Self { folder, place, actor, secret }
    }

    pub fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    pub fn path(&self) -> PathBuf {
        path(&self.state(), &self.place)
    }

    pub fn append(&self, ts: u64) {
        self.append_keeping(RETAINED, ts);
    }

    pub(crate) fn append_keeping(&self, retained: u64, ts: u64) {
        let secrets = std::slice::from_ref(&self.secret);
        let (actor, reason) = (&self.actor, "it's needed");
        let record = ReadRecord {
            ts: UnixTime::from_secs(ts),
            actor,
            action: "get",
            environment: "prod",
            secrets,
            reason,
        };
        let owners = Owners::current();
        super::append_keeping(retained, Some(&self.state()), owners, &self.place, record).unwrap();
    }

    pub fn load(&self) -> Journal {
        reads::load(Some(&self.state()), Owners::current(), &self.place).unwrap()
    }

    pub fn text(&self) -> String {
        let mut text = String::new();
        File::open(self.path()).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    pub fn write(&self, text: &str) {
        std::fs::write(self.path(), text).unwrap();
    }
}

#[test]
fn each_line_names_the_one_before() {
    let scene = Scene::new();
    (1..=3).for_each(|ts| scene.append(ts));
    let text = scene.text();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines[0]["prev"].is_null());
    assert_eq!(lines[1]["prev"], lines[0]["id"]);
    assert_eq!(lines[2]["prev"], lines[1]["id"]);
    assert_eq!(lines[2]["reason"], "it's needed");
}

#[test]
fn without_a_state_folder_there_is_no_journal() {
    let scene = Scene::new();
    let record = ReadRecord {
        ts: UnixTime::from_secs(1),
        actor: &scene.actor,
        action: "get",
        environment: "prod",
        secrets: &[],
        reason: "",
    };
    let result = append(None, Owners::current(), &scene.place, record);
    assert!(matches!(result, Err(JournalError::NoState)));
}

#[test]
fn what_is_kept_stays_one_chain_across_files() {
    let scene = Scene::new();
    // Three lines a file: the third finds more than one line there.
    let size = {
        scene.append(1);
        scene.text().len() as u64
    };
    (2..=20).for_each(|ts| scene.append_keeping(size, ts));
    let journal = scene.load();
    assert_eq!(journal.breaks, []);
    assert!(journal.is_trimmed);
    let times: Vec<u64> = journal.reads.iter().map(|read| read.ts.as_secs()).collect();
    let first = times[0];
    assert!(first > 10, "{times:?}");
    assert_eq!(times, (first..=20).collect::<Vec<_>>());
}

#[test]
fn a_torn_line_is_cut_off() {
    let scene = Scene::new();
    scene.append(1);
    let whole = scene.text();
    scene.append(2);
    let text = scene.text();
    scene.write(&text[..text.len() - 9]);
    scene.append(3);
    assert!(scene.text().starts_with(&whole));
    let journal = scene.load();
    assert_eq!(journal.breaks, []);
    assert_eq!(journal.reads.iter().map(|read| read.ts.as_secs()).collect::<Vec<_>>(), [1, 3]);
    scene.write("torn");
    scene.append(4);
    assert_eq!(scene.load().reads.len(), 1);
}
