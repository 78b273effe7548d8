//! `import --from sops` and `--from dotenvx`: with the real tools where they are installed (on PATH, or
//! named by `SOPS_BIN` and `DOTENVX_BIN`), and otherwise with scripts that keep to the same protocol.

#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use v_secure_testkit::binary;
use v_secure_testkit::cli;
use v_secure_testkit::cli::{Cli, Run, failure, finish};
use v_secure_testkit::executable;
use v_secure_testkit::tools;

/// The real tool, if it is here; says so if it is not.
fn real(tool: &str, variable: &str) -> Option<PathBuf> {
    let given = std::env::var_os(variable).map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = given.or_else(|| {
        std::env::split_paths(&path).map(|folder| folder.join(tool)).find(|file| file.is_file())
    });
    if found.is_none() {
        eprintln!("{tool} is not installed: a script stands in for it");
    }
    found
}

/// A folder with a program of that name.
fn folder_with(tool: &str, script: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(tool);
    executable::script(&file, &format!("#!/bin/sh\n{script}\n"));
    folder
}

/// A call with that folder before the others on `PATH`.
fn command(cli: &Cli, folder: &Path, line: &str) -> Command {
    let mut command = cli.command(line);
    command.env("PATH", cli::path_after(folder));
    command
}

fn import(cli: &Cli, folder: &Path, line: &str) -> Run {
    finish(&mut command(cli, folder, line), b"")
}

const PLAIN_YAML: &str = "A: one\nB: \"two\\nlines\"\nn: 3\n";
const PLAIN_ENV: &str = "A=one\nC=it's\n";

/// Encrypted files in the project, and what opens them.
fn sops(cli: &Cli) -> (tempfile::TempDir, Vec<(&'static str, String)>) {
    let project = cli.project();
    let Some(tool) = real("sops", "SOPS_BIN") else {
        for name in ["enc.yaml", "enc.env", "enc.prod"] {
            fs::write(project.join(name), "ciphertext").unwrap();
        }
        let script = r#"case "$*" in
            "-d --output-type json enc.yaml") printf '{\n\t"A": "one",\n\t"B": "two\\nlines",\n\t"n": 3\n}\n';;
            "-d --output-type dotenv enc.env") printf "A=one\nC=it's\n";;
            "-d enc.prod") printf "A=one\nC=it's\n";;
            *) echo "unexpected: $*" >&2; exit 99;;
            esac"#;
        return (folder_with("sops", script), Vec::new());
    };
    let key = v_secure::generate_identity();
    for (plain, name, text) in [
        ("plain.yaml", "enc.yaml", PLAIN_YAML),
        ("plain.env", "enc.env", PLAIN_ENV),
        ("plain.prod", "enc.prod", PLAIN_ENV),
    ] {
        fs::write(project.join(plain), text).unwrap();
        let mut encrypt = Command::new(&tool);
        encrypt.args(["-e", "--age", &key.recipient, plain]).current_dir(&project);
        let output = encrypt.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        fs::write(project.join(name), output.stdout).unwrap();
        fs::remove_file(project.join(plain)).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(tool, folder.path().join("sops")).unwrap();
    let text = key.text.expose_str().unwrap().to_owned();
    (folder, vec![("SOPS_AGE_KEY", text)])
}

#[test]
fn sops_opens_its_files_and_what_it_prints_is_imported() {
    let cli = Cli::with_vault();
    let (folder, variables) = sops(&cli);
    for (file, environment, values) in [
        ("enc.yaml", "yaml", &[("A", "one"), ("B", "two\nlines"), ("n", "3")][..]),
        ("enc.env", "env", &[("A", "one"), ("C", "it's")]),
        ("enc.prod", "opaque", &[("A", "one"), ("C", "it's")]),
    ] {
        let line = format!("import --from sops {file} -e {environment}");
        let run = finish(command(&cli, folder.path(), &line).envs(variables.clone()), b"");
        assert_eq!(run.code, 0, "{run:?}");
        for (name, value) in values {
            assert_eq!(cli.ok(&format!("get {environment}/{name}")), *value, "{file} {name}");
            assert!(value.len() < 3 || !run.shows(value), "{run:?}");
        }
    }
    let line = "import --from sops enc.yaml -e yaml --delete-source --json";
    let run = finish(command(&cli, folder.path(), line).envs(variables), b"");
    let report: serde_json::Value = serde_json::from_slice(&run.out).unwrap();
    assert_eq!(report["secrets"][0]["effect"], "unchanged");
    assert!(!cli.project().join("enc.yaml").exists());
}

#[test]
fn a_key_that_sops_lacks_is_its_own_failure_and_changes_nothing() {
    let cli = Cli::with_vault();
    let (folder, _) = sops(&cli);
    fs::write(cli.project().join("broken.yaml"), "A: 1\n").unwrap();
    let before = fs::read(cli.vault()).unwrap();
    let run = import(&cli, folder.path(), "import --from sops broken.yaml");
    assert_eq!(run.code, 1, "{run:?}");
    // What the tool says comes first, then what failed.
    assert!(!run.err.starts_with("error: sops failed") && run.shows("sops failed"), "{run:?}");
    assert_eq!(fs::read(cli.vault()).unwrap(), before);
}

/// An encrypted file in the project, and what opens it.
fn dotenvx(cli: &Cli) -> tempfile::TempDir {
    let file = cli.project().join(".env");
    let Some(tool) = real("dotenvx", "DOTENVX_BIN") else {
        fs::write(&file, "A=encrypted:x\n").unwrap();
        let script = r#"test "$*" = "get --format json --overload --strict -f .env" || exit 99
            printf '{"DOTENV_PUBLIC_KEY":"02ab","A":"one","B":"two\\nlines"}'"#;
        return folder_with("dotenvx", script);
    };
    fs::write(&file, "A=one\nB=\"two\nlines\"\n").unwrap();
    let mut encrypt = Command::new(&tool);
    let status =
        encrypt.args(["encrypt", "--no-native", "-f", ".env"]).current_dir(cli.project()).status();
    assert!(status.unwrap().success());
    assert!(fs::read_to_string(&file).unwrap().contains("encrypted:"));
    let script = format!("exec {} \"$@\"", tool.display());
    folder_with("dotenvx", &script)
}

#[test]
fn dotenvx_opens_its_files_and_its_own_entry_stays_out() {
    let cli = Cli::with_vault();
    let folder = dotenvx(&cli);
    // A variable of this shell is not what the file says.
    let run =
        finish(command(&cli, folder.path(), "import --from dotenvx .env").env("A", "shell"), b"");
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.shows("DOTENV_PUBLIC_KEY is dotenvx's own"), "{run:?}");
    assert_eq!(cli.ok("get A"), "one");
    assert_eq!(cli.ok("get B"), "two\nlines");
    assert_eq!(cli.ok("ls").lines().count(), 2);
}

#[test]
fn a_tool_that_is_not_installed_is_named_with_what_to_type_instead() {
    let cli = Cli::with_vault();
    fs::write(cli.project().join("a b.yaml"), "x").unwrap();
    let empty = tempfile::tempdir().unwrap();
    for tool in ["sops", "dotenvx"] {
        let mut command = cli.command(&format!("import --json --from {tool}"));
        command.arg("a b.yaml").env("PATH", empty.path());
        let run = finish(&mut command, b"");
        assert_eq!(failure(&run), (5, "foreign-missing".into()));
        assert!(run.shows("'a b.yaml' | v-secure import --format json -"), "{run:?}");
    }
}

#[test]
fn what_a_tool_prints_is_bounded_and_never_shown() {
    let cli = Cli::with_vault();
    fs::write(cli.project().join("f.json"), "x").unwrap();
    for (script, code) in [
        ("printf '{\"A\": \"planted-3f9d\"'", "import-syntax"),
        ("printf planted-3f9d; echo complaint >&2; exit 3", "foreign-failed"),
        ("yes planted-3f9d", "foreign-output"),
        ("kill -9 $$", "foreign-failed"),
    ] {
        let folder = folder_with("sops", script);
        let run = import(&cli, folder.path(), "import --json --from sops f.json");
        assert_eq!(run.code, 1, "{script}: {run:?}");
        assert!(run.out.is_empty() && !run.shows("planted"), "{script}: {run:?}");
        let last = run.err.lines().last().unwrap();
        let error: serde_json::Value = serde_json::from_str(last).unwrap();
        assert_eq!(error["error"]["code"], code, "{script}");
        assert_eq!(run.shows("complaint"), script.contains("complaint"));
    }
}

#[test]
fn a_tool_gets_none_of_our_variables() {
    let cli = Cli::with_vault();
    fs::write(cli.project().join("f.json"), "x").unwrap();
    let script = "test -z \"$V_SECURE_IDENTITY$V_SECURE_ENV\" && test \"$KEPT\" = 1 && printf '{\"A\":\"1\"}'";
    let folder = folder_with("sops", script);
    let identity =
        fs::read_to_string(cli.project().join("../home/config/v-secure/identity.txt")).unwrap();
    let mut command = command(&cli, folder.path(), "import --from sops f.json");
    command.env("V_SECURE_IDENTITY", identity).env("V_SECURE_ENV", "prod").env("KEPT", "1");
    let run = finish(&mut command, b"");
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(cli.ok("get prod/A"), "1");
}

#[test]
fn what_has_no_sense_with_from_is_a_usage_error() {
    let cli = Cli::with_vault();
    for line in ["import --from sops -", "import --from dotenvx --format json .env"] {
        assert_eq!(cli.fails(line), (2, "import-from".into()), "{line}");
    }
    assert_eq!(cli.fails("import --from other .env"), (2, "usage".into()));
}

/// The commands under a mark of docs/migrate.md.
fn recipe(mark: &str) -> &'static str {
    let document = include_str!("../../docs/migrate.md");
    let (_, rest) = document.split_once(&format!("```sh {mark}\n")).unwrap();
    rest.split_once("```").unwrap().0
}

/// Runs a recipe word for word, with `tools` before the others on `PATH`.
fn follow(cli: &Cli, mark: &str, tools: &[&Path]) -> Run {
    typed(cli, recipe(mark), tools)
}

/// Runs a line as it stands.
fn typed(cli: &Cli, line: &str, tools: &[&Path]) -> Run {
    let program = Path::new(binary()).parent().unwrap();
    let folders = tools.iter().copied().chain([program]).map(|folder| folder.display().to_string());
    let path = folders.collect::<Vec<_>>().join(":") + ":" + &cli::path();
    let mut shell = Command::new("/bin/sh");
    shell.args(["-ec", line]).current_dir(cli.project()).env_clear();
    let like = cli.command("ls");
    shell.envs(like.get_envs().filter_map(|(name, value)| Some((name, value?)))).env("PATH", path);
    finish(&mut shell, b"")
}

#[test]
fn the_recipes_of_the_document_work_as_typed() {
    let cli = Cli::with_vault();
    let write = |name: &str, text: &str| fs::write(cli.project().join(name), text).unwrap();
    write(".env", "DATABASE_URL=postgres://x\n");
    let run = follow(&cli, "dotenv", &[]);
    assert!(run.code == 0 && !cli.project().join(".env").exists(), "{run:?}");

    write("secrets.yaml", "ciphertext");
    let flat = folder_with("sops", r#"printf '{"FROM_SOPS":"s"}'"#);
    assert_eq!(follow(&cli, "sops", &[flat.path()]).code, 0);
    assert_eq!(cli.ok("get FROM_SOPS"), "s");

    write(".env", "A=encrypted:x\n");
    let dotenvx = folder_with("dotenvx", r#"printf '{"FROM_DOTENVX":"x"}'"#);
    assert_eq!(follow(&cli, "dotenvx", &[dotenvx.path()]).code, 0);
    assert_eq!(cli.ok("get FROM_DOTENVX"), "x");
}

#[test]
fn the_recipes_with_jq_work_as_typed() {
    if !tools::has("jq") {
        return;
    }
    let cli = Cli::with_vault();
    let levels = folder_with("sops", r#"printf '{"db":{"user":"u","ports":[1,2]},"on":true}'"#);
    let run = follow(&cli, "sops-levels", &[levels.path()]);
    assert_eq!(run.code, 0, "{run:?}");
    for (name, value) in [("db_user", "u"), ("db_ports_1", "2"), ("on", "true")] {
        assert_eq!(cli.ok(&format!("get {name}")), value);
    }
    // What the import itself says where sops printed levels, typed as it stands there.
    let other = Cli::with_vault();
    fs::write(other.project().join("s.yaml"), "ciphertext").unwrap();
    let refused = import(&other, levels.path(), "import --from sops s.yaml");
    let said = refused.err.replace("\n    ", " ");
    let said = said.lines().find_map(|line| line.trim_start().strip_prefix("try: sops -d"));
    let line = format!("sops -d{}", said.expect(&refused.err).replace("FILE", "s.yaml"));
    let run = typed(&other, &line, &[levels.path()]);
    assert_eq!(run.code, 0, "{line}: {run:?}");
    assert_eq!(other.ok("get db_user"), "u");
    // The same of a file with levels, by another tool.
    fs::write(other.project().join("l.yaml"), "db:\n  user: u\n").unwrap();
    let yq = folder_with("yq", r#"printf '{"db":{"host":"h"}}'"#);
    let refused = import(&other, yq.path(), "import l.yaml");
    let said = refused.err.replace("\n    ", " ");
    let said = said.lines().find_map(|line| line.trim_start().strip_prefix("try: yq"));
    let line = format!("yq{}", said.expect(&refused.err).replace("FILE.yaml", "l.yaml"));
    let run = typed(&other, &line, &[yq.path()]);
    assert_eq!(run.code, 0, "{line}: {run:?}");
    assert_eq!(other.ok("get db_host"), "h");
    // What `vault kv get` prints of version 2 of the engine.
    let vault = folder_with(
        "vault",
        r#"printf '{"request_id":"1","data":{"data":{"KV":"v"},"metadata":{}}}'"#,
    );
    let run = follow(&cli, "vault", &[vault.path()]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(cli.ok("get prod/KV"), "v");
}

#[test]
fn the_hint_for_an_encrypted_file_keeps_the_environment_and_none_is_said_to_be_made() {
    let cli = Cli::with_vault();
    let text = "DOTENV_PUBLIC_KEY_PRODUCTION=\"03\"\nA=\"encrypted:BDqD\"\n";
    fs::write(cli.project().join(".env.production"), text).unwrap();
    let run = cli.run("import .env.production -e production");
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.shows("v-secure import --from dotenvx .env.production -e production"), "{run:?}");
    assert!(!run.shows("this creates"), "{run:?}");
    let run = cli.run("import missing.env -e new");
    assert!(run.code != 0 && !run.shows("this creates"), "{run:?}");
}
