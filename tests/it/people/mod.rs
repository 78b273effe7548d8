//! Several people and a pipeline with one vault: who gets in, who reads and writes what, and what
//! each is refused.

mod words;

use std::path::Path;
use tempfile::TempDir;
use v_secure_testkit::person::{Done, Person, copy, program};

/// Olga's vault with a secret in dev and one in prod.
fn olga() -> Person {
    let olga = Person::new("olga");
    olga.run("init --vault-name shop").ok();
    olga.set("dev/DB", "dev-db");
    olga.set("prod/DB", "prod-db");
    olga
}

/// Lets somebody in who asks on their own machine, with a role.
fn join(owner: &Person, name: &str, role: &str) -> Person {
    let person = Person::new(name);
    person.pull(owner);
    let request = person.run("member request --json").json();
    let (line, words) = (request["request"].as_str().unwrap(), &request["fingerprint"]);
    let words = words.as_str().unwrap();
    owner
        .feed(&format!("member add {name} --request - --role {role} --fingerprint {words}"), line)
        .ok();
    person.pull(owner);
    person.accept_as(owner);
    person
}

fn developers(owner: &Person) -> Person {
    owner.run("role create developer --grant read,write,delete:dev/*").ok();
    join(owner, "apprentice", "developer")
}

/// A pipeline: no home, no state, one variable.
struct Pipeline {
    checkout: TempDir,
    identity: String,
}

impl Pipeline {
    fn new(identity: String) -> Self {
        Self { checkout: tempfile::tempdir().unwrap(), identity }
    }

    fn run(&self, vault: &Path, line: &str) -> Done {
        copy(vault, self.checkout.path());
        let mut command = program();
        command.env("V_SECURE_IDENTITY", &self.identity).current_dir(self.checkout.path());
        command.args(line.split(' ')).output().unwrap().into()
    }

    fn without_pin(&self) -> Self {
        let kept = self.identity.lines().filter(|line| !line.starts_with("# v-secure-pin"));
        Self::new(kept.map(|line| format!("{line}\n")).collect())
    }

    fn recipient(&self) -> String {
        let prefix = "# public key: ";
        self.identity.lines().find_map(|line| line.strip_prefix(prefix)).unwrap().to_owned()
    }
}

fn pipeline(owner: &Person) -> Pipeline {
    let made = owner.run("member add ci --service --new-identity --read prod/*");
    Pipeline::new(made.ok())
}

#[test]
fn a_request_is_one_line_and_counts_only_with_its_fingerprint() {
    let (olga, apprentice) = (olga(), Person::new("apprentice"));
    olga.run("role create developer --grant read,write:dev/*").ok();
    apprentice.pull(&olga);
    let asked = apprentice.run("member request");
    assert!(apprentice.home().join(".config/v-secure/identity.txt").is_file(), "{}", asked.err);
    let line = asked.out.trim_end();
    assert!(!line.contains('\n') && line.starts_with("v-secure-request-1."));
    let words = asked.err.lines().find_map(|line| line.strip_prefix("fingerprint  ")).unwrap();
    let add = |rest: &str| olga.run(&format!("--json member add {rest}"));
    let seen = add(&format!("apprentice --request {line}"));
    assert_eq!(seen.error(), (1, "not-confirmed".into()));
    assert!(seen.err.contains(words), "the owner sees the same words: {}", seen.err);
    let wrong = add(&format!("apprentice --request {line} --fingerprint zoo-zoo-zoo"));
    assert_eq!(wrong.error(), (6, "fingerprint".into()));
    let other = add(&format!("eve --request {line} --yes"));
    assert_eq!(other.error(), (7, "request-other-name".into()));
    let cut = add(&format!("apprentice --request {} --yes", &line[..line.len() - 4]));
    assert_eq!(cut.error(), (2, "request".into()));
    assert!(!olga.run("member list").ok().contains("apprentice"));
    let added = olga.run(&format!("member add apprentice --request {line} --fingerprint {words}"));
    assert!(added.err.contains("can read nothing yet"), "{}", added.err);
    assert_eq!(added.code, 0);
    olga.run("role join developer apprentice").ok();
    apprentice.pull(&olga);
    assert_eq!(apprentice.run("--json get dev/DB").error(), (1, "first-use".into()));
    apprentice.accept_as(&olga);
    assert_eq!(apprentice.run("get dev/DB").ok(), "dev-db");
    let again = apprentice.run("--json member request");
    assert_eq!(again.error(), (7, "exists".into()));
}

#[test]
fn a_request_for_another_vault_is_refused() {
    let (olga, apprentice) = (olga(), Person::new("apprentice"));
    let other = Person::new("mallory");
    other.run("init --vault-name shop").ok();
    apprentice.pull(&other);
    let line = apprentice.run("member request").ok();
    let refused = olga.feed("--json member add apprentice --request - --yes", &line);
    assert_eq!(refused.error(), (7, "request-other-vault".into()));
}

#[test]
fn a_role_reads_and_writes_what_it_was_granted_and_nothing_else() {
    let olga = olga();
    let apprentice = developers(&olga);
    assert_eq!(apprentice.run("get dev/DB").ok(), "dev-db");
    let denied = apprentice.run("--json get prod/DB");
    assert_eq!(denied.error(), (4, "not-permitted".into()));
    assert!(denied.err.contains("olga"), "{}", denied.err);
    assert_eq!(apprentice.feed("--json set prod/DB", "mine").error(), (4, "not-permitted".into()));
    apprentice.set("dev/NEW", "of apprentice");
    olga.pull(&apprentice);
    assert_eq!(olga.run("get dev/NEW").ok(), "of apprentice");
}

#[test]
fn who_joins_later_reads_what_the_role_once_read() {
    let olga = olga();
    let apprentice = developers(&olga);
    apprentice.set("dev/DB", "second");
    olga.pull(&apprentice);
    let dana = join(&olga, "dana", "developer");
    assert_eq!(dana.run("get dev/DB").ok(), "second");
    apprentice.pull(&olga);
    apprentice.set("dev/DB", "third");
    dana.pull(&apprentice);
    assert_eq!(dana.run("get dev/DB").ok(), "third");
    assert_eq!(dana.run("get dev/DB --version 2").ok(), "second");
}

#[test]
fn a_granted_role_reads_at_once() {
    let olga = olga();
    let apprentice = developers(&olga);
    let granted = olga.run("access grant developer prod/DB read --json").json();
    assert_eq!(granted["settled"], serde_json::json!(["prod/DB"]));
    assert_eq!((&granted["changed"], &granted["matches"]), (&true.into(), &1.into()));
    assert_eq!(granted["unsettled"], serde_json::json!([]));
    apprentice.pull(&olga);
    assert_eq!(apprentice.run("get prod/DB").ok(), "prod-db");
    let again = olga.run("access grant developer prod/DB read --json").json();
    assert_eq!(again["changed"], false);
}

#[test]
fn a_contributor_writes_what_only_others_read() {
    let olga = olga();
    olga.run("role create contributor --grant write:prod/*").ok();
    let clara = join(&olga, "clara", "contributor");
    clara.set("prod/TOKEN", "from outside");
    assert_eq!(clara.run("--json get prod/TOKEN").error(), (4, "not-permitted".into()));
    olga.pull(&clara);
    assert_eq!(olga.run("get prod/TOKEN").ok(), "from outside");
    // Sealed to a public key, it moves to new readers like any other.
    let ci = pipeline(&olga);
    assert_eq!(ci.run(&olga.vault(), "get prod/TOKEN").ok(), "from outside");
}

#[test]
fn a_pipeline_needs_one_variable() {
    let olga = olga();
    let ci = pipeline(&olga);
    let lines: Vec<&str> = ci.identity.lines().collect();
    assert!(lines[..3].iter().all(|line| line.starts_with("# ")), "{lines:?}");
    assert!(lines[3].starts_with("AGE-SECRET-KEY-1") && lines.len() == 4, "{lines:?}");
    let ran = ci.run(&olga.vault(), "exec -e prod -- env").ok();
    assert!(ran.contains("DB=prod-db\n") && !ran.contains("V_SECURE"), "{ran}");
    let left = std::fs::read_dir(ci.checkout.path().join(".v-secure")).unwrap().count();
    assert_eq!(left, 1, "a reader writes nothing beside the vault");
    let denied = ci.run(&olga.vault(), "--json exec -e dev -- env");
    assert_eq!(denied.error(), (4, "not-permitted".into()));
    let write = ci.run(&olga.vault(), "--json set prod/DB --generate");
    assert_eq!(write.error(), (4, "no-signing-key".into()));
    let blind = ci.without_pin().run(&olga.vault(), "--json exec -e prod -- env");
    assert_eq!(blind.error(), (1, "first-use".into()));
    // It keeps working as the vault goes on.
    olga.set("prod/DB", "next");
    olga.run("role create developer --grant read:dev/*").ok();
    assert_eq!(ci.run(&olga.vault(), "get prod/DB").ok(), "next");
}

#[test]
fn a_pipeline_refuses_a_vault_in_the_place_of_its_own() {
    let (olga, mallory) = (olga(), Person::new("mallory"));
    let before = std::fs::read(olga.vault()).unwrap();
    let ci = pipeline(&olga);
    mallory.run("init --vault-name shop").ok();
    mallory.set("prod/DB", "evil");
    let recipient = ci.recipient();
    mallory.run(&format!("member add ci --service --recipient {recipient} --read prod/*")).ok();
    let read = ci.without_pin().run(&mallory.vault(), "get prod/DB --trust-first-use");
    assert_eq!(read.ok(), "evil", "the substitute is sealed to the pipeline");
    let refused = ci.run(&mallory.vault(), "--json exec -e prod -- env");
    assert_eq!(refused.error(), (6, "pin-carried".into()));
    let old = olga.checkout().join("old.toml");
    std::fs::write(&old, before).unwrap();
    let rolled_back = ci.run(&old, "--json get prod/DB");
    assert_eq!(rolled_back.error(), (6, "pin-carried".into()));
}

#[test]
fn a_member_without_the_right_is_told_who_has_it() {
    let olga = olga();
    let apprentice = developers(&olga);
    let recipient = Person::new("eve").run("identity new").ok();
    for line in [
        format!("member add eve --recipient {recipient}"),
        "role create more --grant read:*".into(),
        "access grant developer prod/* read".into(),
        "role join owner apprentice".into(),
        "settings set env.dev.extends prod".into(),
    ] {
        let refused = apprentice.run(&format!("--json {}", line.trim()));
        assert_eq!(refused.error(), (4, "not-permitted".into()), "{line}");
        assert!(refused.err.contains("who can: olga\""), "{line}: {}", refused.err);
    }
    assert_eq!(std::fs::read(apprentice.vault()).unwrap(), std::fs::read(olga.vault()).unwrap());
}

#[test]
fn a_second_device_reads_and_writes() {
    let (olga, desktop) = (olga(), Person::new("olga"));
    desktop.pull(&olga);
    let request = desktop.run("member request --json").json();
    assert_eq!(request["device"], "olga-laptop-2", "the first one has the other name");
    let line = request["request"].as_str().unwrap();
    olga.run(&format!("member add olga --device --request {line} --yes")).ok();
    desktop.pull(&olga);
    desktop.accept_as(&olga);
    assert_eq!(desktop.run("get prod/DB").ok(), "prod-db");
    desktop.set("prod/DB", "from the desk");
    olga.pull(&desktop);
    assert_eq!(olga.run("get prod/DB").ok(), "from the desk");
    let shown = olga.run("member show olga --json").json();
    let array = |key: &str| shown[key].as_array().unwrap().len();
    assert_eq!((array("devices"), array("recipients"), array("audiences")), (2, 2, 1));
}

#[test]
fn what_a_change_could_not_give_keys_to_is_settled_by_who_can() {
    let olga = olga();
    let apprentice = developers(&olga);
    let spare = Person::new("apprentice");
    let recipient = spare.run("identity new").ok();
    // One's own recipient needs nobody's leave; the keys of the audience do.
    let added = apprentice
        .run(&format!("--json member add apprentice --device --recipient {}", recipient.trim()));
    assert_eq!(added.json()["without_keys"], serde_json::json!(["developer+owner"]));
    let refused = apprentice.run("--json access settle");
    assert_eq!(refused.error(), (4, "unsettled".into()));
    assert!(refused.err.contains("ask one of these for it, who can: olga\""), "{}", refused.err);
    // Who waits is not told that the vault is damaged, nor to type what others have to.
    spare.pull(&apprentice);
    spare.accept_as(&apprentice);
    let said = "ask one of these, who gives the keys by 'v-secure access settle': olga\"";
    for line in ["get dev/DB", "exec -e dev -- true", "export -e dev --format json"] {
        let waits = spare.run(&format!("--json {line}"));
        assert_eq!(waits.error(), (4, "unsettled".into()), "{line}: {}", waits.err);
        assert!(waits.err.contains(said), "{line}: {}", waits.err);
    }
    let doctor = spare.run("doctor --json").out;
    assert!(doctor.contains("who can, by 'v-secure access settle': olga"), "{doctor}");
    olga.pull(&apprentice);
    olga.run("access settle").ok();
    assert!(olga.run("access settle").err.contains("everything is settled"));
    spare.pull(&olga);
    spare.accept_as(&olga);
    assert_eq!(spare.run("get dev/DB").ok(), "dev-db");
    assert_eq!(spare.feed("--json set dev/DB", "x").error(), (4, "no-signing-key".into()));
}

#[test]
fn settings_are_signed_and_steer_what_a_program_gets() {
    let olga = olga();
    olga.set("base/HOST", "localhost");
    let set = olga.run("settings set env.prod.extends base");
    assert!(set.err.contains("these can change what prod gives: olga"), "{}", set.err);
    let env = olga.run("exec -e prod -- env").ok();
    assert!(env.contains("HOST=localhost\n") && env.contains("DB=prod-db\n"), "{env}");
    let rows = olga.run("settings show").ok();
    assert!(rows.contains("env.prod.extends\tbase\tset\t"), "{rows}");
    assert!(rows.contains("reads\tbest-effort\tdefault"), "{rows}");
    for bad in ["env.base.extends prod", "reads sometimes", "nothing x"] {
        let refused = olga.run(&format!("--json settings set {bad}"));
        assert_eq!(refused.error(), (2, "policy-op-setting".into()), "{bad}");
    }
    olga.run("settings set env.prod.extends --unset").ok();
    assert!(!olga.run("exec -e prod -- env").ok().contains("HOST="));
    let again = olga.run("settings set env.prod.extends --unset --json").json();
    assert_eq!(again["changed"], false);
}

#[test]
fn access_lists_name_the_grant() {
    let olga = olga();
    developers(&olga);
    olga.run("settings set env.dev.extends base").ok();
    olga.run("role create platform --grant write:base/*").ok();
    let of = |line: &str| olga.run(&format!("access list {line}")).ok();
    assert_eq!(of("--secret-id prod/DB"), "olga\towner\t*\tread,write,rotate,delete,grant\t-\n");
    assert_eq!(of("--member apprentice"), "apprentice\tdeveloper\tdev/*\tread,write,delete\t-\n");
    let dev = of("--secret-id DB -e dev");
    assert!(
        dev.contains("apprentice\tdeveloper\tdev/*") && dev.contains("inherited from base"),
        "{dev}"
    );
    assert_eq!(olga.run("--json access list --member eve").error(), (5, "no-member".into()));
    let roles = olga.run("role list").ok();
    assert!(roles.contains("developer\tapprentice\tread,write,delete:dev/*\n"), "{roles}");
}
