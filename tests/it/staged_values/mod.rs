//! Values of secrets in what is staged: real commits, stopped by the hook and let through, and what the device keeps
//! for it.

#![cfg(unix)]

mod copied;
mod kept;
mod passing;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use std::fs;
use std::path::PathBuf;
use std::process::Output;
use v_secure_testkit::cli::{Run, failure};
use v_secure_testkit::repository::Repository;

const TOKEN: &str = "sk_live_51H8xkQ2e/vKYlo2C0a+3d9?x";
const PEM: &str =
    "-----BEGIN KEY-----\nMC4CAQAwBQYDK2VwBCIEIHq0Rk9mT2xq\nXzL1v0Qm7dW3pZt8\n-----END KEY-----\n";

/// A repository with hooks, and a vault with the token and the key in it.
fn guarded() -> Option<Repository> {
    let repository = Repository::new()?;
    repository.0.ok("git install");
    repository.0.set("prod/TOKEN", TOKEN);
    repository.0.set("prod/PEM --raw", PEM);
    repository.commit("values");
    Some(repository)
}

fn write(repository: &Repository, name: &str, text: impl AsRef<[u8]>) {
    let path = repository.root().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    repository.git(&["add", name]);
}

fn commit(repository: &Repository) -> Output {
    repository.git_in(&repository.root(), &["commit", "--quiet", "-m", "x"])
}

/// The commit goes through, and nothing is said of values.
#[track_caller]
fn passes(repository: &Repository) {
    let output = commit(repository);
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("values of secrets"), "{said}");
}

/// The commit is stopped, and what is said names no value; returns it.
#[track_caller]
fn stopped(repository: &Repository) -> String {
    let output = commit(repository);
    assert!(!output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("error:") && said.contains("hold"), "{said}");
    assert!(!said.contains("51H8xkQ2e") && !said.contains("MC4CAQAwBQYDK2Vw"), "{said}");
    said
}

#[track_caller]
fn hook(repository: &Repository, line: &str, expected: i32) -> Run {
    let run = repository.0.run(line);
    assert_eq!(run.code, expected, "{line}: {run:?}");
    run
}

/// What the device keeps in.
fn state(repository: &Repository) -> PathBuf {
    repository.0.project().join("../home/state/v-secure")
}

fn percent(text: &str) -> String {
    let escape = |byte: u8| match byte.is_ascii_alphanumeric() {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    text.bytes().map(escape).collect()
}

#[test]
fn a_staged_value_is_stopped_in_every_form_and_the_same_commit_without_it_passes() {
    let Some(repository) = guarded() else { return };
    let pair = format!("user:{TOKEN}");
    for (form, said) in [
        (TOKEN.to_owned(), "holds nothing else"),
        (format!("x{TOKEN}y"), ""),
        (TOKEN.replace('/', "\\/"), ""),
        (STANDARD.encode(TOKEN), ", in base64"),
        (URL_SAFE_NO_PAD.encode(TOKEN), ", in base64"),
        (STANDARD.encode(&pair), ", in base64"),
        (URL_SAFE_NO_PAD.encode(format!("a{pair}!")), ", in base64"),
        (format!("https://x.example/?t={}&a=1", percent(TOKEN)), ", as in a URL"),
        (percent(&STANDARD.encode(TOKEN)), ", in base64"),
    ] {
        write(&repository, "config/app.yaml", format!("one: 1\ntoken: \"{form}\"\n"));
        let text = stopped(&repository);
        let place = "config/app.yaml, line 2, seems to hold the value of prod/TOKEN";
        assert!(text.contains(place), "{form}: {text}");
        assert!(said == "holds nothing else" || text.contains(said), "{form}: {text}");
        let refused = repository.0.run("git pre-commit --json");
        assert_eq!(failure(&refused), (1, "value-staged".into()));
    }
    write(&repository, "config/app.yaml", "one: 1\ntoken: \"${TOKEN}\"\n");
    passes(&repository);
}

#[test]
fn a_value_of_several_lines_is_found_however_they_are_written() {
    let Some(repository) = guarded() else { return };
    let lines = |joint: &str| PEM.trim_end().replace('\n', joint);
    for text in [
        PEM.to_owned(),
        format!("key: |\n    {}\n", lines("\n    ")),
        format!("{}\r\n", lines("\r\n")),
        format!("{{\"key\": \"{}\\n\"}}\n", lines("\\n")),
        format!("\n\nkey: {}\n", STANDARD.encode(PEM)),
    ] {
        write(&repository, "k", &text);
        let said = stopped(&repository);
        assert!(said.contains("seems to hold the value of prod/PEM"), "{text}: {said}");
    }
    write(
        &repository,
        "k",
        "-----BEGIN KEY-----\nMC4CAQAwBQYDK2VwBCIEIAAAAAAAAAAA\n-----END KEY-----\n",
    );
    passes(&repository);
}

#[test]
fn a_file_that_is_no_text_is_searched_too_and_has_no_lines() {
    let Some(repository) = guarded() else { return };
    write(&repository, "a.bin", [b"\0\x01\n\xff", TOKEN.as_bytes(), b"\0"].concat());
    assert!(stopped(&repository).contains("a.bin seems to hold the value of prod/TOKEN"));
    let wide: Vec<u8> = TOKEN.encode_utf16().flat_map(u16::to_le_bytes).collect();
    write(&repository, "a.bin", wide);
    stopped(&repository);
}

#[test]
fn several_places_are_listed() {
    let Some(repository) = guarded() else { return };
    write(&repository, "a", format!("{TOKEN}\n{TOKEN}\n"));
    write(&repository, "b", PEM);
    let refused = repository.0.run("git pre-commit --json");
    let error: serde_json::Value = serde_json::from_str(refused.err.trim()).unwrap();
    let causes: Vec<&str> = error["error"]["causes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one.as_str().unwrap())
        .collect();
    assert_eq!(
        causes,
        [
            "a, line 1, seems to hold the value of prod/TOKEN",
            "a, line 2, seems to hold the value of prod/TOKEN",
            "b, line 1, seems to hold the value of prod/PEM"
        ]
    );
    write(&repository, "a", format!("{TOKEN}\n").repeat(20));
    let refused = repository.0.run("git pre-commit");
    assert!(refused.err.contains("in 21 places") && refused.err.contains("11 more"), "{refused:?}");
}

/// What is said of a suspicion is found out by reading, which is a read like any other.
#[test]
fn a_suspicion_is_confirmed_by_the_value_itself() {
    let Some(repository) = guarded() else { return };
    write(&repository, "a", format!("\n{}\n", STANDARD.encode(TOKEN)));
    let sure = hook(&repository, "git pre-commit --confirm", 1);
    assert!(sure.err.contains("a, line 2, holds the value of prod/TOKEN, in base64"), "{sure:?}");
    assert!(!sure.err.contains("--confirm"), "{sure:?}");
    let reads = fs::read_dir(state(&repository).join("reads")).unwrap();
    let log: String =
        reads.map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect();
    assert!(
        log.contains(r#""action":"pre-commit","environment":"prod","secrets":["prod/TOKEN"]"#),
        "{log}"
    );
    // Nobody is at hand who could read it.
    let identity = state(&repository).join("../../config/v-secure/identity.txt");
    fs::rename(&identity, identity.with_extension("away")).unwrap();
    assert_eq!(hook(&repository, "git pre-commit --json", 1).code, 1);
    assert_eq!(failure(&repository.0.run("git pre-commit --confirm --json")).0, 3);
}

#[test]
fn a_value_that_is_gone_from_the_vault_is_a_secret_still() {
    let Some(repository) = guarded() else { return };
    repository.0.set("prod/TOKEN", "another value, x9$Lq2vRt7Pw4z-K1m0T");
    repository.0.ok("rm prod/PEM --yes");
    repository.commit("changed");
    write(&repository, "a", TOKEN);
    assert!(stopped(&repository).contains("the value of prod/TOKEN"));
    assert!(hook(&repository, "git pre-commit --confirm", 1).err.contains("holds the value"));
    write(&repository, "a", PEM);
    assert!(stopped(&repository).contains("the value of prod/PEM"));
}

#[test]
fn values_of_another_vault_are_stopped_and_cannot_be_compared() {
    let Some(repository) = guarded() else { return };
    let other = repository.root().parent().unwrap().join("other");
    fs::create_dir(&other).unwrap();
    for (line, input) in [("init --vault-name own", ""), ("set home/BANK", "pQ9zLr4Wn8Xc2Vb7Tk5M")]
    {
        let mut command = repository.0.command(line);
        let run = v_secure_testkit::cli::finish(command.current_dir(&other), input.as_bytes());
        assert_eq!(run.code, 0, "{run:?}");
    }
    write(&repository, "a", "pQ9zLr4Wn8Xc2Vb7Tk5M");
    let said = stopped(&repository);
    assert!(said.contains("the value of home/BANK of the vault "), "{said}");
    assert!(!said.contains("scan.allow"), "{said}");
    let left = hook(&repository, "git pre-commit --confirm", 1);
    assert!(left.err.contains("seems to hold"), "{left:?}");
}

#[test]
fn a_dotenv_file_beside_the_vault_is_stopped_by_its_name() {
    let Some(repository) = guarded() else { return };
    for name in [".env", ".env.local"] {
        write(&repository, name, "ANY=1\n");
        let refused = repository.0.run("git pre-commit --json");
        assert_eq!(failure(&refused), (1, "plain-file".into()), "{name}");
        let import = format!("v-secure import {name}");
        assert!(
            refused.err.contains(&import) && refused.err.contains("git rm --cached"),
            "{refused:?}"
        );
        repository.git(&["rm", "--quiet", "--cached", name]);
    }
    write(&repository, ".env.example", "ANY=1\n");
    write(&repository, ".env.test", "ANY=encrypted:BKZ\n");
    write(&repository, "service/.env", "ANY=1\n");
    write(&repository, ".envrc", "use flake\n");
    passes(&repository);
    repository.0.ok("settings set scan.allow .env.ci");
    write(&repository, ".env.ci", "ANY=1\n");
    repository.git(&["add", ".v-secure"]);
    passes(&repository);
}
