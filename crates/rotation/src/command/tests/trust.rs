//! Files that are not started.

use super::super::ProgramError;
use super::{Checked, call, folder, script, told};
use crate::contract::Verb;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::Duration;

const OK: &str = "echo '{\"ok\":true}'";
const DEADLINE: Duration = Duration::from_secs(60);

fn refusal(path: &Path) -> String {
    Checked::as_it_is(path).unwrap_err().to_string()
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_file_that_changes_is_not_started() {
    let Some(folder) = folder() else { return };
    let path = folder.path().join("provider");
    script(&path, OK);
    let known = Checked::as_it_is(&path).unwrap();
    let program = Checked::open(&path, &known.sha256()).unwrap();
    assert_eq!(told(call(&program, DEADLINE, Verb::Set)).0, "ok");
    script(&path, "echo '{\"ok\":true,\"state\":\"active\"}'");
    let (kind, why) = told(call(&program, DEADLINE, Verb::Set));
    assert_eq!(kind, "untrusted");
    assert!(why.starts_with("its SHA-256 is ") && !why.contains(&known.sha256()), "{why}");
    assert!(matches!(Checked::open(&path, &known.sha256()), Err(ProgramError::Hash { .. })));
    fs::remove_file(&path).unwrap();
    assert_eq!(
        told(call(&program, DEADLINE, Verb::Set)).1,
        "there is no such file on this machine"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn what_was_read_is_started_whatever_the_path_names_by_then() {
    let Some(folder) = folder() else { return };
    let path = folder.path().join("provider");
    script(&path, "cat >/dev/null; echo first");
    let program = Checked::as_it_is(&path).unwrap();
    let ready = program.ready().unwrap();
    script(&folder.path().join("other"), "cat >/dev/null; echo second");
    fs::rename(folder.path().join("other"), &path).unwrap();
    let output = ready.start().unwrap().wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "first\n");
    // A program of the machine's own code too, by a name that says who it is.
    let echo = Path::new("/bin/cat").canonicalize().unwrap();
    let output = Checked::as_it_is(&echo).unwrap().ready().unwrap().start().unwrap();
    assert!(output.wait_with_output().unwrap().status.success());
}

#[test]
fn what_others_can_write_is_refused() {
    let Some(folder) = folder() else { return };
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).unwrap();
    chmod(&inner, 0o755);
    let path = inner.join("provider");
    script(&path, OK);
    for mode in [0o775, 0o757, 0o777] {
        chmod(&path, mode);
        assert_eq!(refusal(&path), format!("{} can be written by others", path.display()));
    }
    chmod(&path, 0o755);
    for mode in [0o775, 0o757, 0o1777] {
        chmod(&inner, mode);
        assert_eq!(refusal(&path), format!("{} can be written by others", inner.display()));
    }
    chmod(&inner, 0o755);
    assert!(Checked::as_it_is(&path).is_ok());
    chmod(folder.path(), 0o1777);
    assert_eq!(refusal(&path), format!("{} can be written by others", folder.path().display()));
}

#[test]
fn the_folder_for_everybodys_files_is_no_place() {
    let shared = Path::new("/tmp").canonicalize().unwrap();
    let folder = tempfile::tempdir_in(&shared).unwrap();
    let path = folder.path().join("provider");
    script(&path, OK);
    assert!(refusal(&path).ends_with(" can be written by others"), "{}", refusal(&path));
}

#[test]
fn links_and_what_is_no_file_are_refused() {
    let Some(folder) = folder() else { return };
    let (path, link, around) =
        (folder.path().join("provider"), folder.path().join("link"), folder.path().join("around"));
    script(&path, OK);
    symlink(&path, &link).unwrap();
    symlink(folder.path(), &around).unwrap();
    let named = format!("its path leads over a link: {} is what it names", path.display());
    assert_eq!(refusal(&link), named);
    assert_eq!(refusal(&around.join("provider")), named);
    assert_eq!(
        refusal(&folder.path().join("./x/../provider")),
        "there is no such file on this machine"
    );
    assert_eq!(
        refusal(
            &folder.path().join("../").join(folder.path().file_name().unwrap()).join("provider")
        ),
        named
    );
    assert_eq!(refusal(folder.path()), "it is no file");
    assert_eq!(refusal(Path::new("provider")), "its path does not begin at the root");
    assert_eq!(refusal(&path.join("under")), "there is no such file on this machine");
    let pipe = folder.path().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o700.into(), 0)
        .unwrap();
    assert_eq!(refusal(&pipe), "it is no file");
    let large = folder.path().join("large");
    script(&large, OK);
    fs::OpenOptions::new().write(true).open(&large).unwrap().set_len(64 * 1024 * 1024 + 1).unwrap();
    assert_eq!(refusal(&large), "it is larger than 67108864 bytes");
}

#[test]
fn another_users_file_is_refused() {
    let Some(folder) = folder() else { return };
    let path = folder.path().join("provider");
    script(&path, OK);
    // Only root can give a file away.
    if std::os::unix::fs::chown(&path, Some(12_345), None).is_ok() {
        assert_eq!(refusal(&path), format!("{} belongs to another user", path.display()));
    }
}

#[test]
fn a_hash_is_64_digits_and_a_program_can_be_started() {
    let Some(folder) = folder() else { return };
    let path = folder.path().join("provider");
    script(&path, OK);
    for hash in ["", "ab", &"g".repeat(64), &"é".repeat(32)] {
        assert!(matches!(Checked::open(&path, hash), Err(ProgramError::NoHash)), "{hash}");
    }
    let hash = Checked::as_it_is(&path).unwrap().sha256();
    assert!(Checked::open(&path, &hash.to_uppercase()).is_ok());
    chmod(&path, 0o644);
    let (kind, why) = told(call(&Checked::as_it_is(&path).unwrap(), DEADLINE, Verb::Set));
    assert!(kind == "refused" && why.starts_with("it cannot be started: "), "{kind} {why}");
}
