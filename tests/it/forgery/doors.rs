//! Every way to read a vault, asked about one secret: none may give what another one refuses.

use crate::forgery::check::Project;
use crate::forgery::kind::{Forgery, Get, Setup};
use std::fs;
use std::process::Output;
use v_secure::{FirstUse, Options, SecretValue, Vault};

/// What a way to read needs of the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reads {
    /// One secret: the rest may be left unjudged.
    One,
    /// All of it.
    Whole,
}

/// A command that reads, and what it gives of a secret: a value's bytes, or other text.
pub struct Door {
    pub name: &'static str,
    pub reads: Reads,
    /// Whether what it gives is the value.
    gives_value: bool,
    ask: fn(&Project, &str) -> Output,
}

const fn door(name: &'static str, reads: Reads, ask: fn(&Project, &str) -> Output) -> Door {
    Door { name, reads, gives_value: true, ask }
}

const fn shows(name: &'static str, reads: Reads, ask: fn(&Project, &str) -> Output) -> Door {
    Door { name, reads, gives_value: false, ask }
}

pub const ALL: &[Door] = &[
    door("get", Reads::One, |project, name| project.read(&["get", name])),
    door("secret edit", Reads::One, |project, name| edited(project, &["secret", "edit", name])),
    shows("secret show", Reads::One, |project, name| project.read(&["secret", "show", name])),
    shows("secret versions", Reads::One, |project, name| {
        project.read(&["secret", "versions", name])
    }),
    door("exec", Reads::Whole, |project, name| {
        let (environment, own) = parts(name);
        let file = format!("F={own}");
        let exec = ["exec", "-e", environment, "--only", own, "--as-file", &file];
        project.read(&[&exec[..], &["--", "/bin/sh", "-c", "cat \"$F\""]].concat())
    }),
    door("export", Reads::Whole, |project, name| {
        let (environment, own) = parts(name);
        let export = ["export", "-e", environment, "--format", "yaml", "--only", own];
        let output = project.read(&export);
        let text = String::from_utf8(output.stdout).unwrap();
        let value = text.trim().split_once(": ").map_or("", |(_, value)| value.trim_matches('"'));
        Output { stdout: value.into(), ..output }
    }),
    door("inject", Reads::Whole, |project, name| {
        let template = project.path("template");
        fs::write(&template, format!("{{{{ v-secure:{name} }}}}")).unwrap();
        project.read(&["inject", "-i", template.to_str().unwrap()])
    }),
    shows("ls", Reads::Whole, |project, _| project.read(&["ls"])),
    shows("secret diff", Reads::Whole, |project, name| {
        let environment = parts(name).0;
        let other = if environment == "dev" { "prod" } else { "dev" };
        project.read(&["secret", "diff", environment, other, "--reveal"])
    }),
    shows("diff", Reads::Whole, |project, _| {
        let genuine = project.path("genuine.toml");
        project.read(&["diff", genuine.to_str().unwrap(), "--reveal"])
    }),
    shows("edit", Reads::Whole, |project, name| edited(project, &["edit", "-e", parts(name).0])),
    shows("backup create", Reads::Whole, |project, _| {
        project.read(&["backup", "create", "-", "--armor"])
    }),
    shows("secret rollback", Reads::Whole, |project, name| {
        let before = fs::read(project.vault()).unwrap();
        let output = project.read(&["secret", "rollback", name, "--version", "1"]);
        fs::write(project.vault(), before).unwrap();
        output
    }),
];

fn parts(name: &str) -> (&str, &str) {
    name.split_once('/').unwrap()
}

/// What an editor is shown.
fn edited(project: &Project, args: &[&str]) -> Output {
    let seen = project.path("seen");
    let _ = fs::remove_file(&seen);
    let editor = format!("sh -c 'cat \"$1\" > {}' sh", seen.display());
    let output = project.read_with(args, &[("V_SECURE_EDITOR", &editor)]);
    let text = fs::read_to_string(&seen).unwrap_or_default();
    Output { stdout: text.trim_end_matches('\n').into(), ..output }
}

/// The library, which has no exit codes: `None` where it gives nothing.
fn library(project: &Project, identity: &str, name: &str) -> Option<Vec<u8>> {
    let folder = project.path("p");
    let options = match project.carried() {
        Some(pin) => Options::pinned(folder, pin),
        None => {
            let state = Some(project.state());
            Options {
                project: folder,
                state,
                first_use: FirstUse::Accept,
                strict: false,
                prune: true,
                whole_history: false,
            }
        }
    };
    let identity = SecretValue::from(identity.to_owned());
    let value = Vault::open(options, &identity).ok()?.retrieve(name).ok()?;
    Some(value.expose().to_vec())
}

/// Asks every door, those that read one secret and those that read all of the file.
pub fn check(project: &Project, identity: &str, forgery: &Forgery) {
    let (one, whole, exit) = (forgery.get, forgery.whole(), forgery.exit());
    let is_older = forgery.setup == Setup::Strict;
    for door in ALL {
        if forgery.setup == Setup::Opened && !door.gives_value {
            // It opens nothing, or shows other values too.
            continue;
        }
        let writes = ["secret edit", "edit", "secret rollback"].contains(&door.name);
        match if door.reads == Reads::One { one } else { whole } {
            Get::Untouched => {}
            Get::Refused(name) => {
                let output = (door.ask)(project, name);
                assert_eq!(output.status.code(), Some(exit), "{} {name}: {output:?}", door.name);
                assert!(output.stdout.is_empty(), "{} {name} prints: {output:?}", door.name);
            }
            Get::Gone(name) => {
                let output = (door.ask)(project, name);
                if door.gives_value && door.name != "secret edit" {
                    assert_eq!(output.status.code(), Some(5), "{} {name}: {output:?}", door.name);
                    assert!(output.stdout.is_empty(), "{} {name}: {output:?}", door.name);
                }
            }
            Get::Value(name, value) => {
                let output = (door.ask)(project, name);
                // What is read to be written is refused at once where writing would be.
                if writes && is_older && output.status.code() == Some(6) {
                    assert!(output.stdout.is_empty(), "{} {name} prints: {output:?}", door.name);
                    continue;
                }
                let is_rollback = door.name == "secret rollback";
                assert!(is_rollback || output.status.success(), "{} {name}: {output:?}", door.name);
                if door.gives_value {
                    assert_eq!(output.stdout, value.as_bytes(), "{} {name}", door.name);
                }
            }
        }
    }
    match whole {
        Get::Untouched => {}
        Get::Refused(name) | Get::Gone(name) => {
            assert_eq!(library(project, identity, name), None, "library {name}");
        }
        Get::Value(name, value) => {
            let given = library(project, identity, name);
            assert_eq!(given.as_deref(), Some(value.as_bytes()), "library {name}");
        }
    }
}

/// The names of those that read so much, for the document.
pub fn names(reads: Reads) -> String {
    let names: Vec<String> =
        ALL.iter().filter(|door| door.reads == reads).map(|d| format!("`{}`", d.name)).collect();
    names.join(", ")
}
