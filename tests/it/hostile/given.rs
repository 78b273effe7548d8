//! Identities, pins, names and paths that are none.

use super::*;

#[test]
fn an_identity_that_others_can_read_is_warned_of_once() {
    let sandbox = Sandbox::with_vault();
    sandbox.set("A", "a");
    fs::set_permissions(sandbox.identity(), fs::Permissions::from_mode(0o644)).unwrap();
    let output = sandbox.run(&["get", "A"]);
    assert_eq!(output.stdout, b"a");
    assert_eq!(describe(&output).matches("open to other accounts").count(), 1);
}

#[test]
fn an_identity_that_is_none_is_refused_and_not_repeated() {
    let sandbox = Sandbox::with_vault();
    sandbox.set("A", "a");
    let key = fs::read_to_string(sandbox.identity()).unwrap();
    let secret = key.lines().last().unwrap();
    let file = sandbox.path("identity");
    let cases: [&[u8]; 7] = [
        &[],
        b"# a comment\n",
        b"\xff\xfe\n",
        &secret.as_bytes()[..40],
        &secret.as_bytes()[16..],
        &secret.as_bytes().repeat(2),
        b"\x1b[2Jjunk\n",
    ];
    for bytes in cases {
        fs::write(&file, bytes).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let output = bounded(&sandbox, &["--identity", file.to_str().unwrap(), "get", "A"]);
        assert_refused(&output, 3, "no usable identity");
        assert!(!describe(&output).contains(&secret[16..30]), "{}", describe(&output));
        let value = OsStr::from_bytes(bytes).to_owned();
        if !bytes.is_empty() {
            fs::rename(sandbox.identity(), sandbox.path("put-away")).unwrap();
            let output = bounded_by(&sandbox, SPACE, &["get", "A"], |command| {
                command.env("V_SECURE_IDENTITY", &value)
            });
            fs::rename(sandbox.path("put-away"), sandbox.identity()).unwrap();
            assert_refused(&output, 3, "no identity here opens the vault");
            assert!(!describe(&output).contains(&secret[16..30]), "{}", describe(&output));
        }
    }
    File::create(&file).unwrap().set_len(2 << 30).unwrap();
    for path in [file.to_str().unwrap(), "/dev/zero", "/", "/nonexistent"] {
        let output = bounded(&sandbox, &["--identity", path, "get", "A"]);
        assert_refused(&output, 3, "cannot be used");
    }
}

#[test]
fn a_pin_that_is_none_is_refused_and_not_repeated() {
    let sandbox = Sandbox::with_vault();
    sandbox.set("A", "a");
    let long = "9".repeat(100_000);
    let junk = ["junk", "\u{1b}[2J", "v-secure-pin-1.a.b.c", "v-secure-pin-1....", &long]
        .map(OsString::from)
        .into_iter()
        .chain([OsStr::from_bytes(b"\xff\xfe").to_owned()]);
    for pin in junk {
        let output = bounded_by(&sandbox, SPACE, &["get", "A"], |c| c.env("V_SECURE_PIN", &pin));
        assert_refused(&output, 6, "V_SECURE_PIN is not a valid pin");
        assert!(output.stderr.len() < 1_000);
    }
}

#[test]
fn names_that_no_secret_has_are_refused_and_not_repeated() {
    let sandbox = Sandbox::with_vault();
    let names: [&[u8]; 14] = [
        b"A\x1b[2J",
        b"A\nB",
        b"A\rB",
        b"A=planted",
        b"/A",
        b"A/",
        b"a/b/planted",
        b"../../planted",
        b"A planted",
        b"A\xff",
        "A\u{202e}B".as_bytes(),
        "A\u{200b}".as_bytes(),
        b"",
        b"A\x7f",
    ];
    for name in names.map(OsStr::from_bytes) {
        for command in ["get", "set"] {
            let arguments = [OsStr::new(command), name, OsStr::new("--json")];
            let output = bounded(&sandbox, &arguments);
            assert_eq!(output.status.code(), Some(2), "{name:?}: {}", describe(&output));
            assert!(!describe(&output).contains("planted"), "{}", describe(&output));
            let arguments = [OsStr::new("-e"), name, OsStr::new(command), OsStr::new("A")];
            let output = bounded(&sandbox, &arguments);
            assert_eq!(output.status.code(), Some(2), "{name:?}: {}", describe(&output));
        }
        let output = bounded(&sandbox, &[name]);
        assert_eq!(output.status.code(), Some(2), "{name:?}: {}", describe(&output));
    }
}

#[test]
fn paths_with_escapes_reach_the_terminal_escaped() {
    let sandbox = Sandbox::with_vault();
    sandbox.set("A", "a");
    let name = "x\u{1b}]0;owned\u{7}\u{9b}2J\u{202e}y";
    let project = sandbox.path(name);
    fs::rename(sandbox.project(), &project).unwrap();
    fs::create_dir(sandbox.project()).unwrap();
    let evil = project.join(name);
    fs::write(&evil, "A=1\nA=2\n").unwrap();
    let evil = evil.to_str().unwrap();
    let commands: [&[&str]; 9] = [
        &[],
        &["--json"],
        &["init"],
        &["get", "A", "--trust-first-use"],
        &["get", "A", "--identity", evil],
        &["get", "A", "--identity", evil, "--json"],
        &["import", evil],
        &["import", evil, "--format", "json"],
        &["--vault", evil, "get", "A"],
    ];
    for arguments in commands {
        let mut command = sandbox.command(arguments);
        assert_quiet(&command.current_dir(&project).output().unwrap());
        fs::write(project.join(".v-secure/vault.toml.broken"), "x\n").unwrap();
        command.arg("--vault").arg(project.join(".v-secure/vault.toml.broken"));
        assert_quiet(&command.current_dir(&project).output().unwrap());
    }
}
