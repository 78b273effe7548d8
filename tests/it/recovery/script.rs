//! The script of docs/recovery.md.

use super::*;

/// The block of the document that `start` is in front of.
fn block(start: &str) -> &'static str {
    let (_, rest) = include_str!("../../../docs/recovery.md").split_once(start).unwrap();
    rest.split_once("```").unwrap().0
}

/// A Python with the packages that the document's script needs: the one of `tests/interop/run.sh`,
/// or the system's.
fn python() -> Option<PathBuf> {
    let given = std::env::var_os("V_SECURE_INTEROP_VENV");
    let python = given.map_or("python3".into(), |venv| PathBuf::from(venv).join("bin/python"));
    let tried = Command::new(&python).args(["-c", "import blake3, nacl.bindings"]).output();
    if !tried.is_ok_and(|tried| tried.status.success()) {
        skip("no Python with blake3 and PyNaCl: V_SECURE_INTEROP_VENV names a virtual environment");
        return None;
    }
    Some(python)
}

#[test]
fn the_script_of_the_document_opens_values_with_and_without_an_expiry() {
    let Some(python) = python().filter(|_| has("age")) else { return };
    let owner = Person::new("owner");
    owner.run("init --vault-name shop").ok();
    owner.set("prod/DB", "hunter2");
    owner.set("prod/TOKEN --ttl 30d", "hunter3");
    owner.run("role create developer --grant read:dev/*").ok();
    owner.set("dev/DB", "hunter4");
    fs::copy(identity_file(&owner), owner.checkout().join("identity.txt")).unwrap();
    fs::write(owner.checkout().join("open.py"), block("```python open.py\n")).unwrap();
    let cut = block("that folder afterwards:\n\n```sh\n");
    let mut shell = Command::new("/bin/sh");
    let output = shell.args(["-ec", cut]).current_dir(owner.checkout()).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let open = |name: &str| -> Done {
        let mut script = Command::new(&python);
        script.args(["open.py", name, "audience.keys"]).current_dir(owner.checkout());
        script.output().unwrap().into()
    };
    assert_eq!(open("prod/DB").ok(), "hunter2\n");
    assert_eq!(open("prod/TOKEN").ok(), "hunter3\n");
    assert_eq!(open("dev/DB").ok(), "hunter4\n", "of an audience with other readers");
    let unknown = open("prod/OTHER");
    assert_eq!((unknown.code, unknown.out.as_str()), (1, ""));
    assert_eq!(unknown.err, "the vault has no value of prod/OTHER\n");

    let keys = owner.checkout().join("audience.keys");
    fs::write(&keys, "").unwrap();
    let lacking = open("dev/DB");
    assert_eq!((lacking.code, lacking.out.as_str()), (1, ""));
    assert_eq!(lacking.err, "dev/DB needs keys of the audience developer+owner\n");
}

/// The lines in a vault file that hold wrapped keys.
fn wrapped(vault: &str) -> Vec<&str> {
    vault.lines().filter(|line| line.starts_with("key = ")).collect()
}

#[test]
fn the_script_prints_a_value_once_however_many_groups_it_was_sealed_to() {
    let Some(python) = python().filter(|_| has("age")) else { return };
    let owner = Person::new("owner");
    owner.run("init --vault-name shop").ok();
    owner.set("dev/DB", "hunter2");
    owner.run("role create developer --grant read:dev/*").ok();
    owner.run("role create operator --grant read:dev/*").ok();
    let vault = fs::read_to_string(owner.vault()).unwrap();
    assert_eq!(wrapped(&vault).len(), 3, "of as many groups of readers");
    fs::copy(identity_file(&owner), owner.checkout().join("identity.txt")).unwrap();
    fs::write(owner.checkout().join("open.py"), block("```python open.py\n")).unwrap();
    let cut = block("that folder afterwards:\n\n```sh\n");
    let mut shell = Command::new("/bin/sh");
    let output = shell.args(["-ec", cut]).current_dir(owner.checkout()).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let open = || -> Done {
        let mut script = Command::new(&python);
        script.args(["open.py", "dev/DB", "audience.keys"]).current_dir(owner.checkout());
        script.output().unwrap().into()
    };
    // Whoever may write the secret could have them open nothing.
    let rubbish = format!("key = \"{}\"", "A".repeat(96));
    let mut planted = vault.clone();
    for (count, key) in wrapped(&vault).into_iter().enumerate() {
        assert_eq!(open().ok(), "hunter2\n", "{count} of three wraps open nothing");
        planted = planted.replace(key, &rubbish);
        fs::write(owner.vault(), &planted).unwrap();
    }
    let damaged = open();
    assert_eq!((damaged.code, damaged.out.as_str()), (1, ""));
    assert_eq!(damaged.err, "dev/DB is damaged: 3 of its wraps open no value\n");
}

#[test]
fn the_script_says_whose_keys_a_member_lacks() {
    let Some(python) = python().filter(|_| has("age")) else { return };
    let owner = Person::new("owner");
    owner.run("init --vault-name shop").ok();
    owner.run("role create developer --grant read:dev/*").ok();
    owner.set("prod/DB", "hunter2");
    owner.set("dev/DB", "hunter4");
    let developer = Person::new("developer-1");
    developer.pull(&owner);
    let asked = developer.run("member request").out;
    let request = asked.trim();
    owner.run(&format!("member add developer-1 --role developer --request {request} --yes")).ok();
    developer.pull(&owner);
    fs::copy(identity_file(&developer), developer.checkout().join("identity.txt")).unwrap();
    fs::write(developer.checkout().join("open.py"), block("```python open.py\n")).unwrap();
    let cut = block("that folder afterwards:\n\n```sh\n");
    let mut shell = Command::new("/bin/sh");
    let output = shell.args(["-ec", cut]).current_dir(developer.checkout()).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "not yours: owner\n");
    let open = |name: &str| -> Done {
        let mut script = Command::new(&python);
        script.args(["open.py", name, "audience.keys"]).current_dir(developer.checkout());
        script.output().unwrap().into()
    };
    assert_eq!(open("dev/DB").ok(), "hunter4\n");
    assert_eq!(open("prod/DB").err, "prod/DB needs keys of the audience owner\n");
}

/// What age opens there is a key.
#[test]
fn the_script_says_where_a_value_is_opened_that_a_contributor_sealed() {
    let Some(python) = python().filter(|_| has("age")) else { return };
    let owner = Person::new("owner");
    owner.run("init --vault-name shop").ok();
    owner.run("role create contributor --grant write:partner/*").ok();
    let partner = Person::new("partner");
    partner.pull(&owner);
    let asked = partner.run("member request").out;
    let request = asked.trim();
    owner.run(&format!("member add partner --role contributor --request {request} --yes")).ok();
    partner.pull(&owner);
    partner.accept_as(&owner);
    partner.set("partner/DB", "hunter2");
    owner.pull(&partner);
    fs::copy(identity_file(&owner), owner.checkout().join("identity.txt")).unwrap();
    fs::write(owner.checkout().join("open.py"), block("```python open.py\n")).unwrap();
    let cut = block("that folder afterwards:\n\n```sh\n");
    let mut shell = Command::new("/bin/sh");
    assert!(shell.args(["-ec", cut]).current_dir(owner.checkout()).status().unwrap().success());
    let mut script = Command::new(&python);
    script.args(["open.py", "partner/DB", "audience.keys"]).current_dir(owner.checkout());
    let done: Done = script.output().unwrap().into();
    assert_eq!(done.code, 1);
    assert!(done.err.contains("open it as in 'With the second implementation'"), "{}", done.err);
}
