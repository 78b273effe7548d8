//! Programs that are started: plugins, commands that give an identity, git.

use super::*;

/// A folder with the scripted plugin, to stand on `PATH`.
fn plugin_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/testkit/plugin")
}

fn with_plugin(person: &Person, arguments: &[&str]) -> Command {
    let mut command = person.command(arguments);
    command.env("PATH", person::path_after(&plugin_path()));
    command
}

/// A vault that the scripted plugin's key owns.
fn plugin_owner(comment: &str) -> Person {
    let owner = Person::new("owner");
    let file = owner.home().join("plugin.txt");
    fs::write(&file, format!("# recipient: {RECIPIENT}\n{IDENTITY}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let init =
        ["--identity", file.to_str().unwrap(), "init", "--vault-name", "shop", "--member", "owner"];
    let made: person::Done = with_plugin(&owner, &init).output().unwrap().into();
    made.ok();
    fs::write(&file, format!("{comment}{IDENTITY}\n")).unwrap();
    owner
}

#[test]
fn a_plugin_is_asked_and_may_ask() {
    if !has("python3") {
        return;
    }
    // With the recipient stated, and without: the vault has one of that plugin.
    for comment in ["# recipient: age1scripted1qqqqqqqqqqqqqqqqhxemgs\n", ""] {
        let owner = plugin_owner(comment);
        let file = owner.home().join("plugin.txt");
        let get = ["--identity", file.to_str().unwrap(), "list"];
        assert!(with_plugin(&owner, &get).status().unwrap().success());
        let set = ["--identity", file.to_str().unwrap(), "set", "A", "--generate=hex:8"];
        let mut session = terminal(with_plugin(&owner, &set));
        session.expect("touch the test key").unwrap();
        session.expect("PIN of the test key").unwrap();
        session.send_line("1234").unwrap();
        session.expect("PIN of the test key").unwrap();
        session.send_line("1234").unwrap();
        session.expect("version 1").unwrap();
    }
}

#[test]
fn a_plugin_that_fails_or_is_missing_is_named() {
    if !has("python3") {
        return;
    }
    let owner = plugin_owner("");
    let file = owner.home().join("plugin.txt");
    let set = ["--identity", file.to_str().unwrap(), "set", "A", "--generate=hex:8"];
    let silent: person::Done = with_plugin(&owner, &set).output().unwrap().into();
    assert_eq!(silent.code, 3, "{}", silent.err);
    assert!(silent.err.contains("'age-plugin-scripted' couldn't use an identity: no PIN"));
    let missing: person::Done = owner.command(&set).output().unwrap().into();
    assert_eq!(missing.code, 3);
    assert!(missing.err.contains("age-plugin-scripted"), "{}", missing.err);

    let other = Person::new("other");
    other.run("init --vault-name shop --member other").ok();
    let add = ["member", "add", "reader", "--recipient", RECIPIENT, "--read", "a/*", "--json"];
    let refused: person::Done = other.command(&add).output().unwrap().into();
    assert_eq!(refused.error(), (4, "policy-op-plugin".to_owned()));
    other.run("settings set plugins.allow scripted").ok();
    let refused: person::Done = other.command(&add).output().unwrap().into();
    assert!(refused.code == 1 && refused.err.contains("age-plugin-scripted"), "{}", refused.err);
}

/// A refused PIN is no damage to the vault, and doctor only looks.
#[test]
fn a_plugin_that_is_not_answered_leaves_the_vault_locked() {
    if !has("python3") {
        return;
    }
    let owner = plugin_owner("# recipient: age1scripted1qqqqqqqqqqqqqqqqhxemgs\n");
    let file = owner.home().join("plugin.txt");
    let with = |arguments: &[&str]| {
        with_plugin(&owner, &[&["--identity", file.to_str().unwrap()], arguments].concat())
    };
    let mut set = terminal(with(&["set", "A", "--generate=hex:8"]));
    for _ in 0..2 {
        set.expect("PIN of the test key").unwrap();
        set.send_line("1234").unwrap();
    }
    set.expect("version 1").unwrap();
    for command in [&["get", "A", "--json"][..], &["set", "A", "--generate=hex:8", "--json"]] {
        let refused: person::Done = with(command).output().unwrap().into();
        assert_eq!(refused.error(), (3, "plugin".to_owned()), "{command:?}");
    }
    let looked: person::Done = with(&["doctor", "--json"]).output().unwrap().into();
    assert!(!looked.err.contains("touch the test key"), "{}", looked.err);
    assert!(looked.out.contains("identity-found"), "{}", looked.out);
}

#[test]
fn a_plugins_identity_must_state_its_recipient_to_own_a_vault() {
    if !has("python3") {
        return;
    }
    let owner = Person::new("owner");
    let file = owner.home().join("plugin.txt");
    fs::write(&file, format!("{IDENTITY}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let init = ["--identity", file.to_str().unwrap(), "init", "--json"];
    let refused: person::Done = with_plugin(&owner, &init).output().unwrap().into();
    assert_eq!(refused.error(), (2, "identity-recipient".to_owned()));
    assert!(!owner.vault().exists());
}

/// A plugin in place of the scripted one: `body` runs before it, or instead of it.
fn own_plugin(person: &Person, body: &str) -> PathBuf {
    let folder = person.home().join("plugins");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("age-plugin-scripted");
    let real = plugin_path().join("age-plugin-scripted");
    let script = format!("#!/bin/sh\n{body}\nexec {} \"$@\"\n", real.display());
    executable::script(&file, &script);
    folder
}

fn on_path(command: &mut Command, folder: &Path) {
    command.env("PATH", person::path_after(folder));
}

const SECRETS: [(&str, &str); 7] = [
    ("V_SECURE_PASSPHRASE", "s3cret-1"),
    ("V_SECURE_NEW_PASSPHRASE", "s3cret-2"),
    ("V_SECURE_BACKUP_PASSPHRASE", "s3cret-3"),
    ("v_secure_lower", "s3cret-4"),
    ("AWS_SECRET_ACCESS_KEY", "s3cret-5"),
    ("GITHUB_TOKEN", "s3cret-6"),
    ("SSH_AUTH_SOCK", "s3cret-7"),
];

#[test]
fn a_plugin_sees_none_of_our_variables_as_recipient_and_as_identity() {
    if !has("python3") {
        return;
    }
    let owner = plugin_owner("# recipient: age1scripted1qqqqqqqqqqqqqqqqhxemgs\n");
    let file = owner.home().join("plugin.txt");
    let seen = owner.home().join("seen");
    let folder = own_plugin(&owner, &format!("echo \"$1\" >> {0}; env >> {0}", seen.display()));
    let with = |arguments: &[&str]| {
        let identity = ["--identity", file.to_str().unwrap()];
        let mut command = owner.command(&[&identity[..], arguments].concat());
        on_path(&mut command, &folder);
        command.envs(SECRETS).env("DISPLAY", ":7").env("LANG", "C.UTF-8");
        command
    };
    let mut set = terminal(with(&["set", "A", "--generate=hex:8"]));
    for _ in 0..2 {
        set.expect("PIN of the test key").unwrap();
        set.send_line("1234").unwrap();
    }
    set.expect("version 1").unwrap();
    let add = ["member", "add", "reader", "--recipient", RECIPIENT, "--read", "a/*", "--yes"];
    let _ = with(&add).output().unwrap();
    let other = Person::new("other");
    other.run("init --vault-name shop --member other").ok();
    other.run("settings set plugins.allow scripted").ok();
    let mut add = other.command(&add);
    on_path(&mut add, &folder);
    let added: person::Done = add.envs(SECRETS).output().unwrap().into();
    added.ok();
    let text = fs::read_to_string(&seen).unwrap();
    for machine in ["--age-plugin=identity-v1", "--age-plugin=recipient-v1"] {
        assert!(text.contains(machine), "{machine}: {text}");
    }
    for (name, value) in SECRETS {
        assert!(!text.contains(name) && !text.contains(value), "{name}: {text}");
    }
    for line in ["DISPLAY=:7", "LANG=C.UTF-8", &format!("HOME={}", owner.home().display())] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
}

/// Silent, in a program of its own that holds the pipes, and by talking without an end.
#[test]
fn a_plugin_that_comes_to_no_end_is_ended_and_named() {
    if !has("python3") {
        return;
    }
    let owner = plugin_owner("# recipient: age1scripted1qqqqqqqqqqqqqqqqhxemgs\n");
    let file = owner.home().join("plugin.txt");
    let pid = owner.home().join("pid");
    for body in ["exec sleep 600", "sleep 600", "while :; do printf '%s\\n' '-> msg' ''; done"] {
        let folder = own_plugin(&owner, &format!("echo $$ > {}; {body}", pid.display()));
        let started = std::time::Instant::now();
        let list = ["--identity", file.to_str().unwrap(), "set", "A", "--generate=hex:8", "--json"];
        let mut command = owner.command(&list);
        on_path(&mut command, &folder);
        command.stderr(std::process::Stdio::piped()).stdin(std::process::Stdio::null());
        let run: person::Done =
            command.env("V_SECURE_PLUGIN_TIMEOUT", "1").output().unwrap().into();
        assert_eq!(run.code, 3, "{body}: {}", run.err);
        let said = run.err.lines().last().unwrap();
        assert!(said.contains("age-plugin-scripted did not finish within 1 s"), "{body}: {said}");
        assert!(started.elapsed().as_secs() < 30, "{body}");
        let pid = fs::read_to_string(&pid).unwrap();
        assert!(!Path::new("/proc").join(pid.trim()).exists(), "{body}");
    }
}

/// A program of that name in the current folder is a repository's, perhaps.
#[test]
fn a_plugin_is_not_looked_for_in_relative_folders() {
    let other = Person::new("other");
    other.run("init --vault-name shop --member other").ok();
    other.run("settings set plugins.allow scripted").ok();
    let project = other.vault().parent().unwrap().parent().unwrap().to_path_buf();
    fs::copy(
        own_plugin(&other, "exit 1").join("age-plugin-scripted"),
        project.join("age-plugin-scripted"),
    )
    .unwrap();
    let add = ["member", "add", "reader", "--recipient", RECIPIENT, "--read", "a/*", "--yes"];
    let mut add = other.command(&add);
    let refused: person::Done =
        add.env("PATH", format!(".::{}", person::path())).output().unwrap().into();
    assert!(refused.err.contains("is not on PATH"), "{}", refused.err);
}

#[test]
fn the_talk_with_a_plugin_is_never_printed() {
    let owner = Person::new("owner");
    owner.run("init --vault-name shop --member owner").ok();
    let mut list = owner.command(&["list", "--json"]);
    let refused: person::Done = list.env("AGEDEBUG", "plugin").output().unwrap().into();
    assert_eq!(refused.error(), (2, "age-debug".to_owned()));
}

#[test]
fn a_command_gives_the_identity() {
    let owner = Person::new("owner");
    owner.run("init --vault-name shop --member owner").ok();
    owner.set("A", "hunter2");
    let own = owner.home().join(".config/v-secure/identity.txt");
    let kept = owner.home().join("kept.txt");
    fs::rename(&own, &kept).unwrap();
    let with = |command: &str| -> person::Done {
        let mut get = owner.command(&["get", "A"]);
        get.env("V_SECURE_IDENTITY_CMD", command).output().unwrap().into()
    };
    assert_eq!(with(&format!("cat {}", kept.display())).ok(), "hunter2");
    for (command, why) in [
        ("exit 7", "exit status: 7"),
        ("yes", "more than 65536 bytes"),
        ("echo nothing", "not an age identity"),
    ] {
        let failed = with(command);
        assert_eq!(failed.code, 3, "{command}");
        assert!(failed.err.contains(why), "{command}: {}", failed.err);
    }
}

#[test]
fn the_command_that_gives_the_identity_gets_no_other_key() {
    let owner = Person::new("owner");
    owner.run("init --vault-name shop --member owner").ok();
    owner.set("A", "hunter2");
    let own = owner.home().join(".config/v-secure/identity.txt");
    let (kept, seen) = (owner.home().join("kept.txt"), owner.home().join("seen"));
    fs::rename(&own, &kept).unwrap();
    let command = format!("env > {}; cat {}", seen.display(), kept.display());
    let mut get = owner.command(&["get", "A"]);
    get.envs(SECRETS).env("V_SECURE_IDENTITY_CMD", command).env("MY_OWN", "stays");
    let got: person::Done = get.output().unwrap().into();
    assert_eq!(got.ok(), "hunter2");
    let text = fs::read_to_string(&seen).unwrap();
    assert!(!text.to_ascii_uppercase().contains("V_SECURE_"), "{text}");
    assert!(text.contains("MY_OWN=stays"), "{text}");
}

/// Git itself runs nothing here, but whatever stands in its place on PATH would.
#[test]
fn git_gets_none_of_our_variables() {
    let owner = Person::new("owner");
    let folder = owner.home().join("tools");
    fs::create_dir_all(&folder).unwrap();
    let (git, seen) = (folder.join("git"), owner.home().join("seen"));
    let text = format!("#!/bin/sh\nenv >> {}\nexec /usr/bin/git \"$@\"\n", seen.display());
    executable::script(&git, &text);
    owner.run("init --vault-name shop --member owner").ok();
    crate::owners::git(&owner, &["init", "-q"]);
    let mut verify = owner.command(&["audit", "verify", "--base", "HEAD"]);
    on_path(&mut verify, &folder);
    let _ = verify.envs(SECRETS).env("V_SECURE_IDENTITY_CMD", "s3cret-8").output().unwrap();
    let text = fs::read_to_string(&seen).unwrap();
    assert!(!text.to_ascii_uppercase().contains("V_SECURE_"), "{text}");
}
