//! The stories of `docs/people.md` and `docs/teams.md`, typed word for word: each line that begins with `USER@DEVICE$`,
//! on a clone and a home of that device's own, with git between them. What is printed must be what
//! the document shows, but for its `…`.

#![cfg(unix)]

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;
use v_secure_core::name::audience::AudienceName;
use v_secure_testkit::binary;
use v_secure_testkit::branches;
use v_secure_testkit::tools;

const PEOPLE: &str = include_str!("../../docs/people.md");
const TEAMS: &str = include_str!("../../docs/teams.md");

/// A repository that everybody pushes to and pulls from, and the devices.
struct Team {
    root: TempDir,
    /// What people read out to each other, by the name of the variable that stands for it.
    said: BTreeMap<&'static str, String>,
    /// By `USER@DEVICE`: the exit code of its last command.
    last: BTreeMap<String, i32>,
}

impl Team {
    /// A repository with nothing in it.
    fn bare() -> Self {
        let root = tempfile::tempdir().unwrap();
        let team = Self { root, said: BTreeMap::new(), last: BTreeMap::new() };
        git(team.root.path(), &["init", "--quiet", "--bare", "-b", "main", "origin.git"]);
        team
    }

    /// An owner, a developer with two devices and another developer, who all read one secret.
    fn new() -> Self {
        let team = Self::bare();
        let owner = "admin@office";
        team.clone_for(owner);
        team.ok(owner, "v-secure init --vault-name shop --member admin");
        team.ok(owner, "printf %s 'postgres://shop:old@db/shop' | v-secure set DATABASE_URL");
        team.ok(owner, "v-secure role create developer --grant 'read,write:default/*'");
        team.push(owner);
        for device in ["backend@desk", "backend@laptop", "frontend@desk"] {
            team.join(device);
        }
        team
    }

    fn join(&self, device: &str) {
        self.clone_for(device);
        let request = self.root.path().join("request");
        let (file, user) = (request.display(), device.split('@').next().unwrap());
        self.ok(device, &format!("v-secure member request > {file}"));
        // A user's first device makes the member, and the others are its further ones.
        let known = self.run("admin@office", &format!("v-secure member show {user}"));
        let device_of = if known.status.success() { " --device" } else { "" };
        let add = format!(
            "v-secure member add {user}{device_of} --request {file} --role developer --yes"
        );
        self.ok("admin@office", &add);
        self.push("admin@office");
        self.ok(device, "git pull -q && v-secure pin accept --yes");
    }

    fn push(&self, device: &str) {
        self.ok(
            device,
            "git add .v-secure && git commit -qm 'A change' && git push -q origin HEAD:main",
        );
    }

    fn folder(&self, device: &str) -> PathBuf {
        self.root.path().join(device)
    }

    fn vault(&self, device: &str) -> PathBuf {
        self.folder(device).join("shop/.v-secure/vault.toml")
    }

    fn clone_for(&self, device: &str) {
        fs::create_dir_all(self.folder(device).join("home")).unwrap();
        fs::create_dir_all(self.root.path().join("shared")).unwrap();
        // A chat, say.
        std::os::unix::fs::symlink("../../shared", self.folder(device).join("home/shared"))
            .unwrap();
        git(&self.folder(device), &["clone", "--quiet", "../origin.git", "shop"]);
        git(&self.folder(device).join("shop"), &["checkout", "--quiet", "-B", "main"]);
        self.ok(
            device,
            "git config branch.main.remote origin && git config branch.main.merge refs/heads/main",
        );
    }

    /// A line as a shell on the device takes it, both outputs in one.
    fn run(&self, device: &str, line: &str) -> Output {
        let (user, host) = device.split_once('@').unwrap();
        let last = self.last.get(device).copied().unwrap_or_default();
        let script = format!("(exit {last}); {line}");
        let mut command = Command::new("sh");
        command.args(["-c", &format!("exec 2>&1; {script}")]);
        command.current_dir(self.folder(device).join("shop")).env_clear();
        let program = Path::new(binary()).parent().unwrap();
        let path = std::env::var("PATH").unwrap();
        command.env("PATH", format!("{}:{path}", program.display()));
        command
            .env("HOME", self.folder(device).join("home"))
            .env("USER", user)
            .env("HOSTNAME", host)
            .envs(&self.said);
        for role in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{role}_NAME"), user);
            command.env(format!("GIT_{role}_EMAIL"), format!("{user}@example.org"));
        }
        command.env("GIT_CONFIG_NOSYSTEM", "1").output().unwrap()
    }

    #[track_caller]
    fn ok(&self, device: &str, line: &str) -> String {
        let output = self.run(device, line);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{device}: {line}\n{text}");
        text
    }

    fn code(&self, device: &str, line: &str) -> i32 {
        self.run(device, line).status.code().unwrap()
    }

    /// Types the lines of a story and compares what each prints. False where git went another way than the story.
    #[must_use]
    fn follow(&mut self, document: &str, story: &str) -> bool {
        let steps = steps(document, story);
        assert!(steps.len() > 8, "the story is not where this test looks");
        // A step whose output is not shown may have failed, and the next one tells.
        let mut before = String::new();
        for Step { device, line, shown } in steps {
            let output = self.run(&device, &line);
            let printed = String::from_utf8(output.stdout).unwrap();
            self.last.insert(device.clone(), output.status.code().unwrap());
            let lines = printed.lines().collect::<Vec<_>>();
            let fits = fits(&shown, &lines);
            if !fits && is_merged_all_the_same(&shown, &lines) {
                return false;
            }
            assert!(fits, "after {before}: {device}$ {line}\n{shown:#?}\n{lines:#?}");
            before = format!("{device}$ {line}\n{printed}");
        }
        true
    }

    fn verified(&self, device: &str) -> (i32, Vec<String>) {
        let output = self.run(device, "v-secure audit verify --json 2>/dev/null");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let findings = report["findings"].as_array().unwrap().iter();
        let codes = findings.map(|finding| finding["code"].as_str().unwrap().to_owned());
        (output.status.code().unwrap(), codes.collect())
    }
}

/// Whether git merged as text what nearly always conflicts: which ids stand next to each other is chance.
fn is_merged_all_the_same(shown: &[String], printed: &[&str]) -> bool {
    let conflicts = |line: &String| line.starts_with("Automatic merge failed");
    shown.iter().any(conflicts) && printed.iter().all(|line| line.starts_with("Auto-merging "))
}

fn git(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.current_dir(folder).args(arguments).env("GIT_CONFIG_NOSYSTEM", "1");
    let output = command.env("HOME", folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

struct Step {
    device: String,
    line: String,
    shown: Vec<String>,
}

/// The typed lines of a section of the document, each with what it shows below it.
fn steps(document: &str, story: &str) -> Vec<Step> {
    let (_, section) = document.split_once(&format!("\n## {story}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let mut steps: Vec<Step> = Vec::new();
    let blocks = section.split("```console\n").skip(1);
    for line in blocks.flat_map(|block| block.split("```").next().unwrap().lines()) {
        let typed = line.split_once("$ ").filter(|(device, _)| is_device(device));
        match (typed, steps.last_mut()) {
            (Some((device, line)), _) => {
                let (device, line) = (device.to_owned(), line.to_owned());
                steps.push(Step { device, line, shown: Vec::new() });
            }
            (None, Some(step)) => step.shown.push(line.to_owned()),
            (None, None) => panic!("{line}"),
        }
    }
    steps
}

fn is_device(text: &str) -> bool {
    let is_word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    text.split_once('@').is_some_and(|(user, device)| is_word(user) && is_word(device))
}

/// Whether what was printed is what is shown; a line of `…` alone stands for any number of lines.
fn fits(shown: &[String], printed: &[&str]) -> bool {
    match (shown, printed) {
        ([], []) => true,
        ([any, rest @ ..], _) if any == "…" => {
            (0..=printed.len()).any(|skipped| fits(rest, &printed[skipped..]))
        }
        ([line, rest @ ..], [first, others @ ..]) => line_fits(line, first) && fits(rest, others),
        _ => false,
    }
}

fn line_fits(shown: &str, printed: &str) -> bool {
    let Some((before, after)) = shown.split_once('…') else { return shown == printed };
    let Some(left) = printed.strip_prefix(before) else { return false };
    let ends = left.char_indices().map(|(at, _)| at).chain([left.len()]);
    ends.into_iter().any(|at| line_fits(after, &left[at..]))
}

/// What the old device can do with a clone from before, its identity, and the right to push.
fn attack(team: &Team, old: &str, others: &[&str], value: &str) {
    let stale = fs::read(team.vault(old)).unwrap();
    let (who, signer) = branches::thief(
        &team.vault(old),
        &team.folder(old).join("home/.config/v-secure/identity.txt"),
    );
    let keys =
        who.keys(&branches::open(&team.vault(old)), &AudienceName::new("developer+owner")).unwrap();
    // It writes where it still may, by the clone that it has.
    team.ok(old, "printf %s evil | v-secure set DATABASE_URL");
    let evil = team.root.path().join("evil.toml");
    fs::copy(team.vault(old), &evil).unwrap();
    fs::write(team.vault(old), stale).unwrap();

    // It pulls, and neither its identity nor the keys that it kept open what is new.
    team.ok(old, "git checkout -q -- . && git pull -q");
    assert_eq!(team.code(old, "v-secure get DATABASE_URL"), 3);
    assert_eq!(team.code(old, "printf x | v-secure set DATABASE_URL"), 3);
    let new = branches::open(&team.vault(old));
    let secret = v_secure_core::name::SecretName::parse("default/DATABASE_URL").unwrap();
    let uid = new.uid(&secret);
    let current = new.secret(&secret).unwrap().current().unwrap();
    let wrap = new.wrap(&uid, &current.live_wrap.wrap).unwrap();
    let object = new.object(&uid, &current.object).unwrap();
    let opened = v_secure_core::file::version::open_version(new.binding(&uid), object, wrap, &keys);
    assert!(opened.is_err(), "old keys open a new value");

    // What it wrote is pushed all the same, and is void wherever it comes in.
    branches::unite(&team.vault(old), &evil);
    team.push(old);
    for clone in others {
        team.ok(clone, "git pull -q");
        let (code, codes) = team.verified(clone);
        assert_eq!((code, codes.contains(&"void".to_owned())), (0, true), "{clone}: {codes:?}");
        assert_eq!(team.ok(clone, "v-secure get DATABASE_URL"), value, "{clone}");
        let log = team.ok(clone, "v-secure audit log --actor backend --limit 1");
        assert!(log.contains("\tvoid\t"), "{log}");
    }

    // Under the policy of now it cannot sign.
    branches::forge(&team.vault(old), &signer, "default/DATABASE_URL");
    team.push(old);
    for clone in others {
        team.ok(clone, "git pull -q");
        let (code, codes) = team.verified(clone);
        assert_eq!((code, codes[0].as_str()), (6, "key-inactive"), "{clone}");
        assert_eq!(team.code(clone, "v-secure get DATABASE_URL"), 6, "{clone}");
    }
}

/// The clone of a device as it is now, for what it does after it has been removed.
fn keep(team: &Team, device: &str, under: &str) {
    let copy =
        Command::new("cp").arg("-R").arg(team.folder(device)).arg(team.folder(under)).status();
    assert!(copy.unwrap().success());
    team.ok(under, "v-secure pin accept --yes");
}

#[test]
fn a_laptop_is_lost() {
    if !tools::has("git") {
        return;
    }
    let mut team = Team::new();
    // The thief's clone is from before: what the story does on the laptop is another one's try.
    keep(&team, "backend@laptop", "backend@thief");
    assert!(team.follow(PEOPLE, "A laptop is lost"));
    assert_eq!(team.last["backend@laptop"], 0, "the last line says the code");
    let others = ["admin@office", "backend@desk", "frontend@desk"];
    attack(&team, "backend@thief", &others, "postgres://shop:new@db/shop");
}

#[test]
fn a_colleague_leaves() {
    if !tools::has("git") {
        return;
    }
    let mut team = Team::new();
    assert!(team.follow(PEOPLE, "A colleague leaves"));
    attack(
        &team,
        "backend@laptop",
        &["admin@office", "frontend@desk"],
        "postgres://shop:newer@db/shop",
    );
}

#[test]
fn three_people_work_in_one_repository() {
    if !tools::has("git") {
        return;
    }
    let clones = ["admin@office", "backend@laptop", "frontend@desk", "ops@box"];
    let told = || {
        let mut team = Team::bare();
        clones.iter().for_each(|clone| team.clone_for(clone));
        team.follow(TEAMS, "The story").then_some(team)
    };
    let team = (0..4).find_map(|_| told()).expect("git nearly always conflicts");
    for clone in clones {
        team.ok(clone, "git checkout -q main && git pull -q");
        assert_eq!(fs::read(team.vault(clone)).unwrap(), fs::read(team.vault(clones[0])).unwrap());
        assert_eq!(team.verified(clone).0, 0, "{clone}");
    }
    let values: Vec<String> =
        clones[..3].iter().map(|clone| team.ok(clone, "v-secure get DATABASE_URL")).collect();
    assert!(values.iter().all(|value| value == "postgres://shop:read2@db/shop"
        || value == "postgres://shop:pool2@db/shop"));
    assert!(values.windows(2).all(|pair| pair[0] == pair[1]), "{values:?}");
}

/// Asks to be let in, into the folder that all share; and what is read out of the keys.
fn ask(team: &Team, device: &str) -> (String, String) {
    team.clone_for(device);
    let name = device.split('@').next().unwrap();
    let asked = team.ok(device, &format!(
        "v-secure member request --json 2>/dev/null | tee ~/request.json | \
         sed -n 's/.*\"request\": \"\\(.*\\)\",*/\\1/p' > ~/shared/{name}.request; cat ~/request.json"
    ));
    let request: Value = serde_json::from_str(&asked).unwrap();
    let line = request["request"].as_str().unwrap();
    let parsed = v_secure_core::file::request::Request::parse(line).unwrap();
    let id = v_secure_core::crypto::sign::key_id(&parsed.key).to_string();
    let recipient = request["recipient"].as_str().unwrap();
    (id[..10].to_owned(), recipient[recipient.len() - 12..].to_owned())
}

#[test]
fn a_contractor_lets_people_in() {
    if !tools::has("git") {
        return;
    }
    let mut team = Team::new();
    let owner = "admin@office";
    team.ok(
        owner,
        "printf %s dev | v-secure set dev/API && printf %s prod | v-secure set prod/API",
    );
    team.push(owner);
    ask(&team, "contractor@home");
    ask(&team, "colleague@desk");
    let (desk, recipient) = ask(&team, "tester@desk");
    team.said = BTreeMap::from([("DESK", desk), ("RECIPIENT", recipient)]);
    team.ok(
        "contractor@home",
        "v-secure identity new -o ~/spare.txt && v-secure identity new -o ~/other.txt",
    );
    let spare = team.ok("contractor@home", "sed -n 's/.*public key: //p' ~/other.txt");
    team.said.insert("SPARE", spare.trim().to_owned());
    assert!(team.follow(PEOPLE, "A contractor lets people in"));
    team.ok("tester@desk", "git pull -q && v-secure pin accept --yes");
    assert_eq!(team.ok("tester@desk", "v-secure get prod/API"), "prod");
    for key in ["spare", "other"] {
        let read = format!("git pull -q; v-secure --identity ~/{key}.txt get prod/API");
        assert_ne!(team.code("contractor@home", &read), 0, "{key}");
    }
}
