//! Root behind `sudo -E`: a project of the user's is used, and nothing that the user could have put into
//! what root remembers, or in the way of what root removes.

#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown, symlink};
use std::path::{Path, PathBuf};
use v_secure_core::crypto::digest::file_hash;
use v_secure_testkit::cli::{Cli, Run, finish};
use v_secure_testkit::tools;

const USER: u32 = 65_534;

/// A vault with `A` in a project of the user's, whose home is beside it; `None` for who is not root.
fn project() -> Option<Cli> {
    let cli = Cli::with_vault();
    if chown(cli.project(), Some(USER), Some(USER)).is_err() {
        tools::skip_here("only root can give files away");
        return None;
    }
    cli.set("A", "hunter2");
    give(&cli.project());
    Some(cli)
}

/// Gives a folder and all that is in it to the user.
fn give(path: &Path) {
    lchown(path, Some(USER), Some(USER)).unwrap();
    if path.symlink_metadata().unwrap().is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| give(&entry.unwrap().path()));
    }
}

fn state(cli: &Cli) -> PathBuf {
    cli.project().parent().unwrap().join("home/state/v-secure")
}

/// As root behind sudo, with the user's environment.
fn sudo(cli: &Cli, line: &str) -> Run {
    let mut command = cli.command(line);
    finish(command.env("SUDO_UID", USER.to_string()), b"")
}

/// The vault with the value's bytes of another version in it, which nobody signed.
fn tamper(cli: &Cli) -> String {
    let text = fs::read_to_string(cli.vault()).unwrap();
    let (at, _) = text.rmatch_indices("\"sig\":\"").next().unwrap();
    let at = at + "\"sig\":\"".len();
    let other = if text.as_bytes()[at] == b'A' { 'B' } else { 'A' };
    let forged = format!("{}{other}{}", &text[..at], &text[at + 1..]);
    fs::write(cli.vault(), &forged).unwrap();
    chown(cli.vault(), Some(USER), Some(USER)).unwrap();
    forged
}

#[test]
fn the_project_of_the_user_is_used_and_with_it_roots_own_state() {
    let Some(cli) = project() else { return };
    let run = sudo(&cli, "get A");
    assert_eq!((run.code, run.text().as_str()), (0, "hunter2"), "{run:?}");
    assert!(!run.err.contains("remembered"), "{}", run.err);
}

#[test]
fn the_users_own_state_is_not_used_and_that_is_said() {
    let Some(cli) = project() else { return };
    give(cli.project().parent().unwrap().join("home/state").as_path());
    let run = sudo(&cli, "get A");
    assert_ne!(run.code, 0, "{run:?}");
    assert!(run.out.is_empty() && run.err.contains("sudo -H"), "{}", run.err);
    let run = sudo(&cli, "--trust-first-use get A");
    assert_eq!((run.code, run.text().as_str()), (0, "hunter2"), "{run:?}");
    let folder = state(&cli);
    assert!(run.err.contains(&folder.display().to_string()), "{}", run.err);
    assert!(run.err.contains("uid 65534"), "{}", run.err);
    // Nor is anything of root's left in it.
    for entry in fs::read_dir(&folder).unwrap() {
        assert_eq!(entry.unwrap().metadata().unwrap().uid(), USER);
    }
    let found = sudo(&cli, "doctor --json");
    assert!(found.text().contains("sudo -H v-secure doctor"), "{found:?}");
}

/// The user has root's own record of the honest file, and puts it in the place of one of a forged file.
#[test]
fn a_record_that_the_user_made_verifies_nothing() {
    let Some(cli) = project() else { return };
    assert_eq!(sudo(&cli, "get A").code, 0);
    let records = state(&cli).join("verified");
    let honest = fs::read_dir(&records).unwrap().next().unwrap().unwrap().path();
    let record = fs::read_to_string(&honest).unwrap();
    tamper(&cli);
    assert_eq!(sudo(&cli, "get A --json").code, 6);
    let file = file_hash(&fs::read(cli.vault()).unwrap());
    let name = records.join(file.to_string());
    let report = record.splitn(3, '\n').nth(2).unwrap();
    let unkeyed = file_hash(&[file.as_bytes(), report.as_bytes()].concat());
    let first = record.lines().next().unwrap();
    for forged in [record.clone(), format!("{first}\n{unkeyed}\n{report}")] {
        fs::write(&name, forged).unwrap();
        fs::set_permissions(&name, fs::Permissions::from_mode(0o600)).unwrap();
        for owner in [0, USER] {
            chown(&name, Some(owner), None).unwrap();
            for line in ["get A --json", "exec --json -- true", "export --format json --json"] {
                let run = sudo(&cli, line);
                assert_eq!((run.code, run.out.len()), (6, 0), "{line}: {run:?}");
            }
        }
    }
}

/// Each folder within the state folder, with a link in its place that leads to a folder of files whose
/// names are as ours: nothing of it is removed, cut or replaced, whatever is run.
#[test]
fn no_link_within_the_state_folder_is_followed() {
    let Some(cli) = project() else { return };
    let root = cli.project().parent().unwrap().to_path_buf();
    for name in ["verified", "signatures", "pins", "reads", "given", "sessions", "keyring"] {
        let (folder, victim) = (state(&cli).join(name), root.join(format!("victim-{name}")));
        fs::create_dir(&victim).unwrap();
        for number in 0..100 {
            let id = file_hash(&[number]).to_string();
            for file in [id.clone(), format!("{id}.json"), format!(".{id}.json.tmp-12345678")] {
                fs::write(victim.join(file), "theirs").unwrap();
            }
        }
        let kept = root.join("kept");
        let was_there = fs::rename(&folder, &kept).is_ok();
        symlink(&victim, &folder).unwrap();
        for line in ["get A", "exec -- true", "set B --generate=hex:8", "lock --all", "pin accept"]
        {
            sudo(&cli, line);
        }
        for entry in fs::read_dir(&victim).unwrap() {
            assert_eq!(fs::read(entry.unwrap().path()).unwrap(), b"theirs", "{name}");
        }
        assert_eq!(fs::read_dir(&victim).unwrap().count(), 300, "{name}");
        fs::remove_file(&folder).unwrap();
        if was_there {
            fs::rename(&kept, &folder).unwrap();
        }
    }
}

/// A left-over of the user's, whose folders the user swaps for links: it is not root's to wipe.
#[test]
fn what_the_user_left_in_memory_is_the_users_to_wipe() {
    let Some(cli) = project() else { return };
    let left =
        PathBuf::from(format!("/dev/shm/v-secure-files-s{:05}", std::process::id() % 100_000));
    fs::create_dir(&left).unwrap();
    fs::write(left.join("swap"), "theirs").unwrap();
    let victim = cli.project().parent().unwrap().join("victim");
    fs::create_dir(&victim).unwrap();
    fs::write(victim.join("file"), "roots").unwrap();
    symlink(&victim, left.join("folder")).unwrap();
    give(&left);
    let run = sudo(&cli, "exec --named-files --as-file F=A -- sh -c 'true'");
    let kept = (fs::read(left.join("swap")), fs::read(victim.join("file")));
    fs::remove_dir_all(&left).unwrap();
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!((kept.0.unwrap(), kept.1.unwrap()), (b"theirs".to_vec(), b"roots".to_vec()));
}

/// `XDG_RUNTIME_DIR` of the user's: a link of theirs could lead elsewhere once the files are there.
#[test]
fn the_users_runtime_folder_holds_no_files_of_roots() {
    let Some(cli) = project() else { return };
    let link = cli.project().parent().unwrap().join("runtime");
    symlink("/dev/shm", &link).unwrap();
    lchown(&link, Some(USER), Some(USER)).unwrap();
    let mut command = cli.command("exec --named-files --as-file F=A -- sh -c");
    command.arg("printf %s \"$F\"").env("SUDO_UID", USER.to_string());
    let run = finish(command.env("XDG_RUNTIME_DIR", &link), b"");
    assert!(run.text().starts_with("/dev/shm/v-secure-files-"), "{run:?}");
}

/// SUDO_UID is for the project alone: keys and settings of the user are not root's.
#[test]
fn the_users_identity_and_passphrase_files_are_not_roots() {
    let Some(cli) = project() else { return };
    let home = cli.project().parent().unwrap().join("home");
    let own = home.join("config/v-secure/identity.txt");
    chown(&own, Some(USER), None).unwrap();
    let run = sudo(&cli, "get A");
    assert_eq!((run.code, run.out.len()), (3, 0), "{run:?}");
    assert!(run.err.contains("belongs to another user (uid 65534)"), "{}", run.err);
}
