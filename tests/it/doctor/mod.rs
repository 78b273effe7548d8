//! `doctor`: each finding appears where its cause does, with the command that mends it, and nothing
//! is changed by looking.

#![cfg(unix)]

mod git;

use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use v_secure::cli::command::doctor::finding::DoctorCode;
use v_secure_testkit::binary;
use v_secure_testkit::cli;
use v_secure_testkit::cli::{Cli, finish};
use v_secure_testkit::person;
use v_secure_testkit::person::Person;
use v_secure_testkit::tools;

/// The findings of a call: code, severity, what, command.
struct Findings(Vec<Value>, i32);

fn doctor(cli: &Cli) -> Findings {
    examine(&mut cli.command("doctor --json"))
}

fn examine(command: &mut std::process::Command) -> Findings {
    let run = finish(command, b"");
    let report: Value = serde_json::from_slice(&run.out).unwrap_or_else(|_| panic!("{run:?}"));
    let found = report["findings"].as_array().unwrap().clone();
    let errors = found.iter().any(|finding| finding["severity"] == "error");
    assert_eq!(run.code, i32::from(errors), "{run:?}");
    assert_eq!(report["verdict"], if errors { "error" } else { "ok" });
    Findings(found, run.code)
}

impl Findings {
    fn find(&self, code: &str) -> Option<&Value> {
        self.0.iter().find(|finding| finding["code"] == code)
    }

    /// The command of the finding that must be there.
    #[track_caller]
    fn command(&self, code: &str) -> &str {
        let found = self.find(code).unwrap_or_else(|| panic!("no {code} in {:#?}", self.0));
        found["command"].as_str().unwrap_or_default()
    }

    fn codes(&self) -> Vec<&str> {
        self.0.iter().map(|finding| finding["code"].as_str().unwrap()).collect()
    }

    #[track_caller]
    fn lacks(&self, code: &str) {
        assert!(self.find(code).is_none(), "{:#?}", self.find(code));
    }
}

fn git(cli: &Cli, arguments: &[&str]) {
    let mut command = std::process::Command::new("git");
    command.args(arguments).current_dir(cli.project()).env_clear();
    command.env("PATH", cli::path()).env("HOME", cli.project());
    let run = finish(&mut command, b"");
    assert_eq!(run.code, 0, "{run:?}");
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn home(cli: &Cli) -> std::path::PathBuf {
    cli.project().with_file_name("home")
}

#[test]
fn a_sound_vault_has_no_error_and_says_what_would_lose_it() {
    let cli = Cli::with_vault();
    let found = doctor(&cli);
    assert_eq!(found.1, 0);
    for code in ["vault-found", "identity-found", "pin-accepted", "clock-sound", "members-sound"] {
        found.command(code);
    }
    assert_eq!(found.command("recovery-none"), "v-secure recovery new");
    assert_eq!(found.command("git-none"), "git init && git add .v-secure");
}

#[test]
fn without_a_vault_or_a_home_it_says_how_to_begin() {
    let cli = Cli::with_vault();
    fs::remove_dir_all(cli.project().join(".v-secure")).unwrap();
    let found = doctor(&cli);
    assert_eq!((found.1, found.command("vault-none")), (0, "v-secure init"));
    let mut command = cli.command("doctor --json");
    command.env_remove("HOME").env_remove("XDG_CONFIG_HOME").env_remove("XDG_STATE_HOME");
    let found = examine(&mut command);
    found.command("home-missing");
    found.command("identity-none");
    let found = examine(&mut cli.command("doctor --json --vault elsewhere"));
    let there = "cd FOLDER && v-secure init  # for a new one there";
    assert_eq!((found.1, found.command("vault-refused")), (1, there));
}

#[test]
fn a_broken_vault_is_an_error_and_the_rest_is_examined_all_the_same() {
    let cli = Cli::with_vault();
    let text = fs::read_to_string(cli.vault()).unwrap();
    fs::write(cli.vault(), text.replace("\"ada\"", "\"eve\"")).unwrap();
    let found = doctor(&cli);
    assert_eq!(found.1, 1);
    assert!(!found.command("vault-broken").is_empty());
    found.command("git-none");
    let run = cli.run("doctor");
    assert!(run.code == 1 && run.err.contains("1 finding is an error"), "{run:?}");
    assert!(run.err.contains("try: v-secure audit verify"), "{run:?}");
}

#[test]
fn identities_are_judged_by_place_owner_and_mode() {
    let cli = Cli::with_vault();
    let file = home(&cli).join("config/v-secure/identity.txt");
    chmod(&file, 0o644);
    assert_eq!(doctor(&cli).command("identity-exposed"), format!("chmod go= {}", file.display()));
    let run = cli.run("doctor");
    assert_eq!(run.err, "", "a finding is said once");
    fs::write(&file, "no key\n").unwrap();
    let found = doctor(&cli);
    found.command("identity-unusable");
    assert!(found.command("identity-missing").contains("v-secure member request"));
    fs::remove_file(&file).unwrap();
    cli.ok("identity new");
    let found = doctor(&cli);
    found.command("identity-stranger");
    found.lacks("identity-missing");
    fs::write(home(&cli).join("config/v-secure/config.toml"), "nonsense = 1\n").unwrap();
    assert_eq!(doctor(&cli).1, 1);
    doctor(&cli).command("config-unusable");
}

#[test]
fn a_service_without_a_signing_key_reads_only() {
    let cli = Cli::with_vault();
    cli.set("prod/A", "v");
    let key = cli.ok("member add ci --service --new-identity --read prod/*");
    fs::write(cli.project().join("ci.txt"), key).unwrap();
    chmod(&cli.project().join("ci.txt"), 0o600);
    let mut command = cli.command("doctor --json --identity ci.txt");
    let found = examine(&mut command);
    assert_eq!(found.command("identity-reads-only"), "v-secure member request ci");
}

#[test]
fn pins_first_use_older_states_and_other_vaults_differ() {
    let owner = Person::new("owner-1");
    owner.run("init").ok();
    let before = fs::read(owner.vault()).unwrap();
    owner.set("A", "v");
    owner.run("role create developer").ok();
    let codes = |person: &Person| examine(&mut person.command(&["doctor", "--json"]));
    let other = Person::new("developer-1");
    other.pull(&owner);
    assert!(codes(&other).command("pin-first-use").contains("v-secure pin accept"));
    // Looking has accepted nothing.
    assert!(codes(&other).command("pin-first-use").contains("v-secure pin accept"));
    fs::write(owner.vault(), before).unwrap();
    codes(&owner).command("pin-older");
    let stranger = Person::new("owner-2");
    stranger.run("init").ok();
    owner.pull(&stranger);
    let found = codes(&owner);
    assert_eq!(found.1, 1);
    assert!(found.command("pin-refused").starts_with("v-secure pin accept"));
}

/// The identity belongs to no member in a vault that another put in the place of the accepted one.
#[test]
fn of_a_refused_vault_only_the_pin_is_told() {
    let owner = Person::new("owner-1");
    owner.run("init").ok();
    owner.set("A", "v");
    let genuine = fs::read(owner.vault()).unwrap();
    let pin = owner.run("pin show --json").json()["pin"].as_str().unwrap().to_owned();
    let stranger = Person::new("owner-2");
    stranger.run("init").ok();
    owner.pull(&stranger);
    let ci = Person::new("ci");
    let mut carrying = ci.command(&["doctor", "--json"]);
    carrying.current_dir(owner.checkout()).env("V_SECURE_PIN", &pin);
    let sub = owner.checkout().join("app");
    person::copy(&stranger.vault(), &sub);
    let at_place = examine(&mut owner.command(&["doctor", "--json"]));
    fs::write(owner.vault(), &genuine).unwrap();
    let in_project = examine(owner.command(&["doctor", "--json"]).current_dir(&sub));
    for found in [at_place, in_project] {
        assert_eq!(found.1, 1);
        assert!(found.command("pin-refused").starts_with("v-secure pin accept"));
        assert_eq!(found.codes()[0], "pin-refused");
        for code in found.codes() {
            let of_vault = ["identity", "vault", "git", "hook", "recovery", "member", "secret"];
            assert!(!of_vault.iter().any(|start| code.starts_with(start)), "{code}");
        }
    }
    let said = owner.command(&["doctor"]).current_dir(&sub).output().unwrap();
    let said = String::from_utf8([said.stdout, said.stderr].concat()).unwrap();
    assert!(said.contains("pin accept") && !said.contains("member request"), "{said}");
    owner.pull(&stranger);
    let carried = examine(&mut carrying);
    assert_eq!((carried.1, carried.codes()[0]), (1, "pin-refused"));
    assert!(!carried.command("pin-refused").contains("member request"));
}

#[test]
fn permissions_of_vault_and_folders_are_seen() {
    let cli = Cli::with_vault();
    chmod(&cli.vault(), 0o666);
    let expected = format!("chmod go-w {}", cli.vault().canonicalize().unwrap().display());
    assert_eq!(doctor(&cli).command("vault-writable-by-others"), expected);
    chmod(&cli.vault(), 0o644);
    let state = home(&cli).join("state/v-secure");
    chmod(&state, 0o755);
    assert_eq!(doctor(&cli).command("folder-exposed"), format!("chmod go= {}", state.display()));
    chmod(&state, 0o777);
    let found = doctor(&cli);
    found.command("folder-unusable");
    assert_eq!(found.1, 1);
}

#[test]
fn what_expires_and_who_never_signed_is_listed() {
    let owner = Person::new("owner-1");
    owner.run("init").ok();
    owner.feed("set A --ttl 1d", "v").ok();
    owner.feed("set B --expires-at 2020-01-01", "v").ok();
    let developer = Person::new("developer-1");
    developer.pull(&owner);
    let request = developer.run("member request developer-1 --json").json();
    let line = request["request"].as_str().unwrap();
    owner.run("role create developer --grant read:dev/*").ok();
    let words = request["fingerprint"].as_str().unwrap();
    let line = format!(
        "member add developer-1 --request {line} --fingerprint {words} --role developer --expires 1d"
    );
    owner.run(&line).ok();
    let found = examine(&mut owner.command(&["doctor", "--json"]));
    assert_eq!(found.command("secret-expiring"), "v-secure set default/A");
    assert_eq!(found.command("secret-expired"), "v-secure set default/B");
    assert_eq!(found.command("member-key-unused"), "v-secure member show developer-1");
    assert_eq!(found.command("member-expiring"), "v-secure member show developer-1");
    found.lacks("secrets-sound");
    found.lacks("secrets-exposed");
    owner.set("dev/A", "v");
    owner.run("member remove developer-1 --yes").ok();
    owner.run("recovery new --out recovery.txt").ok();
    let found = examine(&mut owner.command(&["doctor", "--json"]));
    assert_eq!(found.command("secrets-exposed"), "v-secure exposed");
    found.command("recovery-sound");
    found.lacks("member-key-unused");
}

#[test]
fn a_pipe_gets_one_line_a_finding() {
    let cli = Cli::with_vault();
    let text = cli.ok("doctor");
    let found = doctor(&cli).0.len();
    assert_eq!(text.lines().count(), found);
    assert!(text.lines().all(|line| line.split('\t').count() == 4), "{text}");
}

/// The table of the document.
fn table() -> String {
    let mut rows = String::from("\n| code | severity | means |\n|---|---|---|\n");
    for code in DoctorCode::ALL {
        let (text, severity) = (code.as_str(), code.severity().as_str());
        rows.push_str(&format!("| `{text}` | {severity} | {} |\n", code.meaning()));
    }
    rows + "\n"
}

#[test]
fn the_document_lists_every_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/doctor.md");
    let mut document = fs::read_to_string(&path).unwrap();
    let (begin, end) = ("<!-- codes: begin -->\n", "<!-- codes: end -->");
    let from = document.find(begin).unwrap() + begin.len();
    let to = document.find(end).unwrap();
    let old = document.clone();
    document.replace_range(from..to, &table());
    if std::env::var_os("V_SECURE_REGENERATE").is_some_and(|value| value == "1") {
        return fs::write(path, document).unwrap();
    }
    assert!(
        document == old,
        "V_SECURE_REGENERATE=1 cargo test --test it doctor:: writes docs/doctor.md"
    );
}
