//! `git diff` and `git log -p` of a vault, by `v-secure git textconv`, whatever git hands to it.

use super::{badly_signed, repository, said};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use v_secure_testkit::cli::{Cli, failure};
use v_secure_testkit::repository::{FILE, Repository};

/// The lines of a difference that came or went.
fn changed(text: &str) -> Vec<&str> {
    let is_changed = |line: &&str| line.starts_with("+ ") || line.starts_with("- ");
    text.lines().filter(is_changed).collect()
}

#[test]
fn a_difference_is_in_words_and_without_values() {
    let Some(repository) = repository() else { return };
    let cli = &repository.0;
    let mut set = cli.command("set A --reason");
    set.arg("new key");
    assert_eq!(v_secure_testkit::cli::finish(&mut set, b"planted-7319").code, 0);
    let shown = said(&repository, &["diff", "-U0"]);
    assert!(shown.contains(" @@ secrets\n") && shown.contains(" @@ history\n"), "{shown}");
    let lines = changed(&shown);
    let of = |front: &str, text: &str| {
        lines.iter().any(|line| line.starts_with(front) && line.contains(text))
    };
    assert!(of("- ", "default/A version 1: current"), "{shown}");
    assert!(of("+ ", "default/A version 1: replaced"), "{shown}");
    assert!(of("+ ", "default/A version 2: current"), "{shown}");
    assert!(of("+ ", "ada put default/A version 2 \"new key\""), "{shown}");
    assert_eq!(lines.len(), 4, "{shown}");
    assert!(!shown.contains("planted-7319") && !shown.contains("ciphertext"), "{shown}");
    repository.commit("two");
    cli.ok("role create dev");
    cli.ok("access grant dev prod/* read");
    cli.ok("settings set reads required");
    cli.ok("secret describe A words");
    repository.commit("rights");
    let shown = said(&repository, &["log", "-p", "-2", "--", FILE]);
    for text in [
        "+  role dev\n",
        "+  grant to dev on prod/*: read\n",
        "+  setting reads: required\n",
        "+  default/A description: \"words\"\n",
        "ada grant dev prod/* read",
        "+  default/A version 2: current\n",
    ] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    let blamed = said(&repository, &["blame", FILE]);
    assert!(blamed.contains("setting reads: required"), "{blamed}");
    // What the program itself asks of git is not what is shown.
    cli.ok("audit verify --base HEAD~1");
}

#[test]
fn the_text_is_that_of_the_bytes_and_needs_no_key() {
    let cli = Cli::with_vault();
    cli.set("A", "one");
    let shown = |cli: &Cli, file: &std::path::Path| {
        let mut command = cli.command("git textconv");
        v_secure_testkit::cli::finish(command.arg(file), b"").text()
    };
    let text = shown(&cli, &cli.vault());
    // Somebody else, without the vault, in another folder.
    let other = Cli::with_vault();
    fs::remove_dir_all(other.project().join(".v-secure")).unwrap();
    assert_eq!(shown(&other, &cli.vault()), text);
    for heading in
        ["vault", "members", "roles and grants", "settings", "keys", "secrets", "history"]
    {
        assert!(text.lines().any(|line| line == heading), "{heading}: {text}");
    }
    assert!(text.contains("  it verifies\n"), "{text}");
    assert!(text.lines().all(|line| !line.ends_with(' ')), "{text}");
}

/// Versions that a commit may hold, and what is shown of each.
fn hostile(sound: &str) -> Vec<(Vec<u8>, &'static str)> {
    let half = sound.len() / 2;
    let marks = format!("<<<<<<< ours\n{sound}=======\n>>>>>>> theirs\n");
    let from = sound.find("\"reason\":").unwrap();
    let steered = format!("{}\u{1b}[2J{}", &sound[..from], &sound[from..]);
    let other_actor = sound.replacen("\"actor\":\"ada\"", "\"actor\":\"eve\"", 1);
    let loose = sound.replacen("[log]", "\n[log]", 1);
    vec![
        (Vec::new(), "NOT A VAULT"),
        (sound.as_bytes()[..half].to_vec(), "NOT A VAULT"),
        (b"\xff\xfe\0\x1b[2J".to_vec(), "NOT A VAULT"),
        (vec![b'a'; 5 << 20], "NOT A VAULT"),
        (steered.into_bytes(), "NOT A VAULT"),
        (marks.into_bytes(), "NOT A VAULT"),
        (other_actor.into_bytes(), "DOES NOT VERIFY"),
        (badly_signed(sound).into_bytes(), "  signature-invalid: "),
        (loose.into_bytes(), "git merged it as text"),
    ]
}

#[test]
fn a_file_that_is_no_sound_vault_is_shown_as_such_and_ends_no_listing() {
    let Some(repository) = repository() else { return };
    let cli = &repository.0;
    let sound = fs::read_to_string(cli.vault()).unwrap();
    let mut commits = 0;
    for (bytes, expected) in hostile(&sound) {
        fs::write(cli.vault(), &bytes).unwrap();
        let shown = cli.ok("git textconv .v-secure/vault.toml");
        let (end, start) = (shown.len().min(300), &bytes[..bytes.len().min(60)]);
        assert!(
            shown.contains(expected),
            "{:?}: {}",
            start.escape_ascii().to_string(),
            &shown[..end]
        );
        assert!(shown.len() < 100_000 && !shown.contains('\u{1b}'));
        if expected == "DOES NOT VERIFY" {
            // Nothing that would follow from it.
            let derived = |line: &str| ["members", "roles and grants", "secrets"].contains(&line);
            assert!(!shown.lines().any(derived) && shown.contains("not verified"), "{shown}");
            assert!(shown.contains(" eve put default/A"), "{shown}");
        }
        commit_anyway(&repository, "hostile");
        commits += 1;
    }
    fs::write(cli.vault(), &sound).unwrap();
    commit_anyway(&repository, "sound");
    let listed = said(&repository, &["log", "-p", "--format=commit %s", "--", FILE]);
    assert_eq!(listed.matches("commit hostile").count(), commits);
    assert!(
        listed.contains("+NOT A VAULT THAT CAN BE READ") && listed.contains("+DOES NOT VERIFY")
    );
    assert!(!listed.contains('\u{1b}'), "{listed}");
}

fn commit_anyway(repository: &Repository, message: &str) {
    repository.git(&["commit", "--quiet", "--no-verify", "--all", "-m", message]);
}

#[test]
fn an_unfinished_merge_is_shown_as_what_it_comes_to_or_as_one() {
    for (work, expected) in [
        ("secret describe A", "++  git merged it as text"),
        ("role create", "++NOT A VAULT THAT CAN BE READ"),
    ] {
        let Some(repository) = repository() else { return };
        repository.git(&["config", "--remove-section", "merge.v-secure"]);
        repository.git(&["checkout", "--quiet", "-b", "side"]);
        repository.0.ok(&format!("{work} side"));
        repository.0.set("A", "side");
        repository.commit("side");
        repository.git(&["checkout", "--quiet", "main"]);
        repository.0.ok("pin accept --yes");
        repository.0.ok(&format!("{work} main"));
        repository.0.set("A", "main");
        repository.commit("main");
        let merge = repository.git_in(&repository.root(), &["merge", "side"]);
        assert!(!merge.status.success(), "{merge:?}");
        let shown = said(&repository, &["diff"]);
        assert!(shown.contains(expected), "{work}: {shown}");
    }
}

#[test]
fn a_file_that_is_too_long_is_not_read_and_one_that_is_not_there_fails() {
    let cli = Cli::with_vault();
    let long = cli.project().join("long");
    fs::File::create(&long).unwrap().set_len((256 << 20) + 1).unwrap();
    let shown = cli.ok("git textconv long");
    assert!(shown.starts_with("NOT A VAULT") && shown.contains("268435457 bytes"), "{shown}");
    assert!(!shown.contains("/long"), "no name that differs from run to run: {shown}");
    assert_eq!(cli.fails("git textconv absent"), (1, "file".into()));
    let odd = cli.project().join(std::ffi::OsStr::from_bytes(b"odd\xff"));
    fs::copy(cli.vault(), &odd).unwrap();
    let mut command = cli.command("git textconv");
    let run = v_secure_testkit::cli::finish(command.arg(&odd), b"");
    assert!(run.text().contains("it verifies"), "{run:?}");
    // A link leads elsewhere than to what git compares.
    std::os::unix::fs::symlink(cli.vault(), cli.project().join("link")).unwrap();
    assert_eq!(failure(&cli.run("git textconv link --json")), (1, "file".into()));
}

#[test]
fn a_clone_that_does_not_know_how_to_show_is_told() {
    let Some(repository) = repository() else { return };
    let cli = &repository.0;
    let as_text = "shows changes of the vault as lines of its text";
    assert!(!cli.run("-e default").shows(as_text));
    assert!(cli.run("doctor").shows("driver-installed"));
    repository.git(&["config", "--unset", "diff.v-secure.textconv"]);
    assert!(cli.run("-e default").shows(as_text) && cli.run("doctor").shows(as_text));
    cli.ok("git install");
    assert!(cli.run("doctor").shows("driver-installed"));
    // Attributes that an earlier version wrote, and a line of the user's.
    let attributes = repository.root().join(".v-secure/.gitattributes");
    let history = "history/*.log -text\nhistory/*.versions -text merge=union";
    for old in ["vault.toml -text", "vault.toml -text merge=v-secure", history] {
        fs::write(&attributes, format!("# words\n{old}\n*.md text\n")).unwrap();
        let run = cli.run("doctor");
        assert!(run.shows("driver-missing"), "{run:?}");
        let report = cli.json("git install");
        assert_eq!(report["files"].as_array().unwrap().len(), 1);
        let text = fs::read_to_string(&attributes).unwrap();
        assert_eq!(
            text,
            "# words\n*.md text\nvault.toml -text merge=v-secure diff=v-secure\nproposals/** -text\n\
             history/*.log -text -diff\nhistory/*.versions -text -diff merge=union\n"
        );
        assert_eq!(cli.json("git install")["changed"], false);
    }
    cli.ok("git install --uninstall");
    let left = repository.git_in(&repository.root(), &["config", "--get-regexp", "v-secure"]);
    assert!(left.stdout.is_empty(), "{left:?}");
    assert_eq!(cli.json("git install --uninstall")["changed"], false);
}

/// Its lines tell nobody anything, and some are ciphertext.
#[test]
fn of_the_files_of_a_closed_history_no_text_is_shown() {
    let Some(repository) = repository() else { return };
    let cli = &repository.0;
    cli.set("A", "two");
    cli.ok("history close --all --yes");
    repository.git(&["add", ".v-secure"]);
    repository.commit("closed");
    let shown = said(&repository, &["log", "-p", "-1", "--", ".v-secure"]);
    assert!(shown.contains(".v-secure/history/") && !shown.contains("\"parents\""), "{shown}");
    assert!(!shown.contains("ciphertext"), "{shown}");
}
