//! Files and folders that are not what a vault is kept in.

use super::*;

#[test]
fn what_is_no_regular_file_is_refused_without_waiting() {
    let sandbox = Sandbox::with_vault();
    let vault = sandbox.vault();
    let other = sandbox.path("other.toml");
    fs::rename(&vault, &other).unwrap();
    let refused = |words: &str| {
        for command in [&["get", "A"][..], &["set", "A", "--generate"], &[]] {
            assert_refused(&bounded(&sandbox, command), 1, words);
        }
        fs::remove_file(&vault).or_else(|_| fs::remove_dir(&vault)).unwrap();
    };
    symlink(&other, &vault).unwrap();
    refused("symbolic link");
    symlink("/dev/zero", &vault).unwrap();
    refused("symbolic link");
    fs::create_dir(&vault).unwrap();
    refused("not a regular file");
    assert!(Command::new("mkfifo").arg(&vault).status().unwrap().success());
    refused("not a regular file");
    let _socket = std::os::unix::net::UnixListener::bind(&vault).unwrap();
    refused("not a regular file");
    let output = bounded(&sandbox, &["--vault", "/dev/zero", "get", "A"]);
    assert_refused(&output, 1, "not a regular file");
}

#[test]
fn a_linked_folder_is_refused() {
    let sandbox = Sandbox::with_vault();
    let (folder, away) = (sandbox.project().join(".v-secure"), sandbox.path("away"));
    fs::rename(&folder, &away).unwrap();
    symlink(&away, &folder).unwrap();
    for command in [&["get", "A"][..], &["set", "A", "--generate"], &[]] {
        assert_refused(&bounded(&sandbox, command), 1, "symbolic link");
    }
    fs::remove_file(&folder).unwrap();
    fs::write(&folder, "").unwrap();
    assert_refused(&bounded(&sandbox, &["get", "A"]), 1, "not a folder");
}

/// Whether this process may give files away, as only root may.
fn gives_away(path: &Path, user: u32) -> bool {
    chown(path, Some(user), Some(user)).is_ok()
}

#[test]
fn a_vault_of_another_user_is_refused() {
    for part in ["vault.toml", ""] {
        let sandbox = Sandbox::with_vault();
        sandbox.set("A", "a");
        if !gives_away(&sandbox.project().join(".v-secure").join(part), 12345) {
            tools::skip_here("only root can make a file of another user");
            return;
        }
        for command in [&["get", "A"][..], &["set", "A", "--generate"], &[]] {
            assert_refused(&bounded(&sandbox, command), 1, "another user (uid 12345)");
        }
    }
}

/// Takes permissions away, and runs as somebody whom they bind.
#[test]
fn folders_that_cannot_be_written_can_be_read_from() {
    let sandbox = Sandbox::with_vault();
    sandbox.set("A", "a");
    let program = sandbox.path("v-secure");
    executable::copy(binary(), &program);
    let root = program.parent().unwrap();
    let is_root = gives_away(root, 12345);
    for path in sandbox.tree() {
        assert!(!is_root || gives_away(&path, 12345));
        let mode = path.metadata().unwrap().permissions().mode();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode & !0o222)).unwrap();
    }
    let run_at = |home: &Path, arguments: &[&str]| {
        let mut command = Command::new(&program);
        command.args(arguments).current_dir(sandbox.project()).env_clear();
        command.env("HOME", home);
        if is_root {
            command.uid(12345).gid(12345);
        }
        command.output().unwrap()
    };
    let run = |arguments: &[&str]| run_at(&sandbox.home(), arguments);
    let output = run(&["get", "A"]);
    assert_eq!(output.stdout, b"a", "{}", describe(&output));
    assert!(output.stderr.is_empty(), "{}", describe(&output));
    // A device that cannot keep what it accepts says so, and withholds nothing.
    let empty = sandbox.path("empty-home");
    fs::create_dir(&empty).unwrap();
    fs::set_permissions(&empty, fs::Permissions::from_mode(0o555)).unwrap();
    let key = sandbox.identity();
    let arguments = ["get", "A", "--trust-first-use", "--identity", key.to_str().unwrap()];
    let output = run_at(&empty, &arguments);
    assert_eq!(output.stdout, b"a", "{}", describe(&output));
    assert!(describe(&output).contains("could not record"), "{}", describe(&output));
    let before = fs::read(sandbox.vault()).unwrap();
    let output = run(&["set", "A", "--generate"]);
    assert!(describe(&output).contains("Permission denied"), "{}", describe(&output));
    assert!(!output.status.success());
    assert_eq!(fs::read(sandbox.vault()).unwrap(), before);
    assert_eq!(sandbox.temporary(), [] as [PathBuf; 0]);
    for path in sandbox.tree() {
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    }
}
