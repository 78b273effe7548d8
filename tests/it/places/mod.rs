//! Which vault may stand where: a vault in a sub-folder that somebody pushed, projects that move,
//! clones and worktrees.

#![cfg(unix)]

mod known;

use std::fs;
use std::io::Seek;
use std::path::PathBuf;
use v_secure::host::real::RealHost;
use v_secure::{Error, FirstUse, Options, SecretValue, Vault};
use v_secure_testkit::person::{Done, Person, copy};
use v_secure_testkit::planted::{IDENTITY, SUB, bait, git, place, recipient, run_in, victim};
use v_secure_testkit::terminal::{rest, terminal};
use v_secure_testkit::tools;

const COMMANDS: [&str; 29] = [
    "get prod/DB",
    "exec -e prod -- env",
    "set prod/DB --generate",
    "ls",
    "import .env -e prod",
    "export -e prod --format json",
    "inject -i template.txt",
    "edit -e prod",
    "backup create backup.age",
    // The state.
    "",
    "secret show prod/DB",
    "secret versions prod/DB",
    "secret diff prod dev",
    "diff HEAD --reveal",
    "secret rotate prod/DB --generate",
    "secret rollback prod/DB --version 1",
    "secret rm prod/DB",
    "secret copy prod/DB --to-env dev",
    "member list",
    "policy log",
    "policy review",
    "member request x",
    "role create x",
    "access settle",
    "settings set ttl on-write",
    "audit log",
    "pin show",
    "exposed",
    "unlock",
];

#[test]
fn a_vault_in_a_sub_folder_takes_and_gives_nothing() {
    if !tools::has("git") {
        return;
    }
    let olga = victim();
    let mallory = bait(&olga);
    let planted = place(&mallory, &olga, SUB);
    for (name, text) in [(".env", "DB=new"), ("template.txt", "{{ v-secure:prod/DB }}")] {
        fs::write(olga.checkout().join(SUB).join(name), text).unwrap();
    }
    let before = fs::read(&planted).unwrap();
    let mut others = Vec::new();
    for line in COMMANDS {
        for more in ["", "-q --no-input ", "--trust-first-use "] {
            let done = run_in(&olga, SUB, &format!("--json {more}{line}"));
            if done.code != 6 || !done.err.contains("pin-other-in-project") || !done.out.is_empty()
            {
                others.push((more, line, done));
            }
        }
    }
    assert!(others.is_empty(), "{others:#?}");
    assert_eq!(fs::read(&planted).unwrap(), before);
    let stated = olga.run("--json --vault app get prod/DB");
    assert_eq!(stated.error(), (6, "pin-other-in-project".into()));
    assert_eq!(olga.run("get prod/DB").ok(), "genuine");
}

#[test]
fn nothing_is_read_in_for_a_refused_vault() {
    if !tools::has("git") {
        return;
    }
    let olga = victim();
    place(&bait(&olga), &olga, SUB);
    let input = olga.checkout().join("input");
    fs::write(&input, "{{ v-secure:A | none }}").unwrap();
    for line in [
        "inject",
        "inject -i absent",
        "member add x --request -",
        "member add x --request absent",
        "import - -e prod",
        "set prod/DB",
        "set prod/DB --file absent",
        "secret rotate prod/DB",
        "key slot add --new-passphrase-fd 0",
        "recovery test -",
        "backup restore -",
        "backup restore absent",
        "--passphrase-fd 0 unlock",
    ] {
        let mut file = fs::File::open(&input).unwrap();
        let arguments: Vec<&str> = line.split(' ').collect();
        let mut command = olga.command(&arguments);
        command.arg("--json").current_dir(olga.checkout().join(SUB));
        let done: Done = command.stdin(file.try_clone().unwrap()).output().unwrap().into();
        assert_eq!(done.error(), (6, "pin-other-in-project".into()), "{line}");
        assert_eq!(file.stream_position().unwrap(), 0, "{line}");
    }
}

#[test]
fn the_refusal_names_both_vaults_and_what_to_do() {
    if !tools::has("git") {
        return;
    }
    let olga = victim();
    place(&bait(&olga), &olga, SUB);
    let refused = run_in(&olga, SUB, "get prod/DB");
    let known = olga.run("pin show --json").json();
    let root = olga.vault().canonicalize().unwrap().display().to_string();
    for text in [known["fingerprint"].as_str().unwrap(), &root, "shop", "v-secure pin accept"] {
        assert!(refused.err.contains(text), "{text}: {}", refused.err);
    }
}

#[test]
fn a_terminal_is_not_asked_about_another_vault_of_the_project() {
    if !tools::has("git") {
        return;
    }
    let olga = victim();
    let planted = place(&bait(&olga), &olga, SUB);
    let before = fs::read(&planted).unwrap();
    for line in [
        "get prod/DB",
        "exec -e prod -- env",
        "set prod/DB",
        "secret rotate prod/DB",
        "secret edit prod/DB",
        "-q edit -e prod",
        "import absent.env -e prod",
        "set prod/DB --file absent",
    ] {
        let arguments: Vec<&str> = line.split(' ').collect();
        let mut command = olga.command(&arguments);
        command.current_dir(olga.checkout().join(SUB)).env("EDITOR", "true");
        let mut session = terminal(command);
        // Where a line ends depends on the length of the path.
        let text = rest(&mut session).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains("not the vault that was accepted"), "{line}: {text}");
        for unwanted in ["planted", "Value of", "absent"] {
            assert!(!text.contains(unwanted), "{line}: {text}");
        }
    }
    assert_eq!(fs::read(&planted).unwrap(), before);
}

#[test]
fn verification_and_the_hook_refuse_it_too() {
    if !tools::has("git") {
        return;
    }
    let olga = victim();
    place(&bait(&olga), &olga, SUB);
    let verified = run_in(&olga, SUB, "--json audit verify");
    assert_eq!(verified.code, 6, "{verified:?}");
    assert!(verified.out.contains("pin-other-in-project"), "{}", verified.out);
    git(&olga.checkout(), "add .v-secure app");
    let staged = olga.run("git pre-commit");
    assert_eq!(staged.code, 6, "{staged:?}");
    assert!(staged.out.contains("pin-other-in-project"), "{staged:?}");
    let doctor = run_in(&olga, SUB, "--json doctor");
    assert!(doctor.out.contains("pin-refused"), "{}", doctor.out);
}

#[test]
fn the_library_refuses_it_too() {
    if !tools::has("git") {
        return;
    }
    let olga = victim();
    place(&bait(&olga), &olga, SUB);
    let identity = SecretValue::new(fs::read(olga.home().join(IDENTITY)).unwrap());
    let options = Options {
        project: olga.checkout().join(SUB),
        state: Some(olga.home().join(".local/state/v-secure")),
        first_use: FirstUse::Accept,
        strict: false,
        prune: true,
        whole_history: false,
    };
    let refused = Vault::open(options.clone(), &identity);
    assert!(matches!(refused, Err(Error::Pin(_))));
    let unread = Vault::with_host(options, &identity, RealHost);
    assert!(matches!(unread.retrieve("prod/DB"), Err(Error::Pin(_))));
    let value = SecretValue::new(b"new".to_vec());
    assert!(matches!(unread.store("prod/DB", value, "x"), Err(Error::Pin(_))));
}

#[test]
fn what_a_backup_puts_in_a_sub_folder_is_judged_alike() {
    if !tools::has("git") {
        return;
    }
    let olga = victim();
    let mallory = bait(&olga);
    let to = recipient(&olga);
    mallory.run(&format!("backup create bait.age --recipient {to}")).ok();
    let file = olga.checkout().join("bait.age");
    fs::copy(mallory.checkout().join("bait.age"), &file).unwrap();
    fs::create_dir(olga.checkout().join(SUB)).unwrap();
    let refused = olga.run("--json --vault app backup restore bait.age");
    assert_eq!(refused.error(), (6, "pin-other-in-project".into()));
    assert!(!olga.checkout().join("app/.v-secure").exists());
}

#[test]
fn accepting_it_is_the_only_way_and_holds_there_alone() {
    if !tools::has("git") {
        return;
    }
    let olga = victim();
    let mallory = bait(&olga);
    place(&mallory, &olga, SUB);
    run_in(&olga, SUB, "pin accept --yes").ok();
    assert_eq!(run_in(&olga, SUB, "get prod/DB").ok(), "planted");
    assert_eq!(olga.run("get prod/DB").ok(), "genuine");
    olga.pull(&mallory);
    let root = olga.run("--json get prod/DB");
    assert_eq!(root.error(), (6, "pin-other-vault".into()), "the place has a vault of its own");
}

#[test]
fn a_vault_known_from_elsewhere_takes_nothing_of_this_project_either() {
    if !tools::has("git") {
        return;
    }
    let olga = victim();
    let other = Person::new("olga");
    other.run("init --vault-name club").ok();
    let club = olga.home().join("club");
    copy(&other.vault(), &club);
    let at = |line: &str| -> Done {
        let arguments: Vec<&str> = line.split(' ').collect();
        olga.command(&arguments).current_dir(&club).output().unwrap().into()
    };
    at("pin accept --yes").ok();
    copy(&other.vault(), &olga.checkout().join(SUB));
    let refused = run_in(&olga, SUB, "--json --trust-first-use ls");
    assert_eq!(refused.error(), (6, "pin-other-in-project".into()));
}

#[test]
fn worktrees_and_submodules_belong_to_the_project() {
    if !tools::has("git") {
        return;
    }
    let olga = victim();
    let mallory = bait(&olga);
    git(&olga.checkout(), "add .v-secure");
    git(&olga.checkout(), "commit --quiet -m vault");
    git(&olga.checkout(), "worktree add --quiet -b side ../linked");
    assert_eq!(run_in(&olga, "../linked", "get prod/DB").ok(), "genuine");
    copy(&mallory.vault(), &olga.checkout().join("../linked/app"));
    let in_worktree = run_in(&olga, "../linked/app", "--json get prod/DB");
    assert_eq!(in_worktree.error(), (6, "pin-other-in-project".into()));
    git(&mallory.checkout(), "init --quiet -b main");
    git(&mallory.checkout(), "add .v-secure");
    git(&mallory.checkout(), "commit --quiet -m vault");
    let url = mallory.checkout().display().to_string();
    git(&olga.checkout(), &format!("submodule --quiet add {url} libs/sub"));
    let in_submodule = run_in(&olga, "libs/sub", "--json get prod/DB");
    assert_eq!(in_submodule.error(), (6, "pin-other-in-project".into()));
}

#[test]
fn a_place_where_a_vault_is_at_home_is_known_as_the_first_one_was() {
    if !tools::has("git") {
        return;
    }
    let olga = victim();
    git(&olga.checkout(), "add .v-secure");
    git(&olga.checkout(), "commit --quiet -m vault");
    git(&olga.checkout(), "clone --quiet . ../clone");
    assert_eq!(run_in(&olga, "../clone", "get prod/DB").ok(), "genuine");
    place(&bait(&olga), &olga, "../clone/app");
    let refused = run_in(&olga, "../clone/app", "--json --trust-first-use get prod/DB");
    assert_eq!(refused.error(), (6, "pin-other-in-project".into()));
}
