//! Each thing that somebody who can push can do to a file beside a closed vault, and what each command makes of it: the
//! same on a device that verified the genuine files before as on one that knows none of them.

use super::{closed, files, fill, outcome};
use std::fs;
use std::path::{Path, PathBuf};
use v_secure_core::file::format::MAX_FILE;
use v_secure_testkit::cli::Cli;
use v_secure_testkit::repository::Repository;

/// The files of two closings: which is the earlier one is not said.
struct Beside {
    segments: [PathBuf; 2],
    versions: [PathBuf; 2],
}

struct Forgery {
    name: &'static str,
    make: fn(&Beside),
    /// Of what tells of the past; of nothing where it is passed over.
    code: (i32, &'static str),
}

const OTHER: (i32, &str) = (6, "history-wrong");
const MISSING: (i32, &str) = (7, "history-missing");
const WITHOUT: (i32, &str) = (6, "object-missing");

const ALL: &[Forgery] = &[
    Forgery {
        name: "a segment is replaced by another genuine one",
        make: |beside| _ = fs::copy(&beside.segments[1], &beside.segments[0]).unwrap(),
        code: OTHER,
    },
    Forgery { name: "a segment ends early", make: |beside| cut(&beside.segments[0]), code: OTHER },
    Forgery {
        name: "a line of a segment is changed",
        make: |beside| {
            changed(&beside.segments[0], |text| text.replacen("\"set a value\"", "\"\"", 1));
        },
        code: OTHER,
    },
    Forgery {
        name: "an entry of a segment has another signature, under the id that it had",
        make: |beside| changed(&beside.segments[0], resigned),
        code: OTHER,
    },
    Forgery {
        name: "a segment is a link",
        make: |beside| linked(&beside.segments[0]),
        code: MISSING,
    },
    Forgery {
        name: "a segment is larger than its limit",
        make: |beside| oversized(&beside.segments[0]),
        code: MISSING,
    },
    Forgery {
        name: "versions of another vault are added",
        make: |beside| {
            let other = closed(2);
            let theirs = fs::read_to_string(&files(&other, "versions")[0]).unwrap();
            changed(&beside.versions[0], |text| format!("{theirs}{text}"));
        },
        code: (0, ""),
    },
    Forgery {
        name: "versions stand under another secret",
        make: |beside| {
            for path in &beside.versions {
                changed(path, |text| text.replace("default/A\"", "default/B\""));
            }
        },
        code: WITHOUT,
    },
    Forgery {
        name: "the versions of two secrets are swapped",
        make: |beside| {
            for path in &beside.versions {
                let swap = |text: String| {
                    text.replace("default/A\"", "x\"")
                        .replace("default/B\"", "default/A\"")
                        .replace("x\"", "default/B\"")
                };
                changed(path, swap);
            }
        },
        code: WITHOUT,
    },
    Forgery { name: "versions end early", make: |beside| cut(&beside.versions[0]), code: WITHOUT },
    Forgery {
        name: "versions are a link",
        make: |beside| linked(&beside.versions[0]),
        code: WITHOUT,
    },
    Forgery {
        name: "versions are larger than their limit",
        make: |beside| oversized(&beside.versions[0]),
        code: WITHOUT,
    },
];

fn changed(path: &Path, change: impl FnOnce(String) -> String) {
    let text = fs::read_to_string(path).unwrap();
    let new = change(text.clone());
    assert_ne!(text, new, "{}", path.display());
    fs::write(path, new).unwrap();
}

/// Within its first line or version.
fn cut(path: &Path) {
    changed(path, |text| text[..100].to_owned());
}

/// The signatures of the first two lines in each other's places.
fn resigned(text: String) -> String {
    let sig = |line: &str| line[line.find("\"sig\":\"").unwrap()..].to_owned();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let [first, second] = [sig(&lines[0]), sig(&lines[1])];
    lines[0] = lines[0].replace(&first, &second);
    lines[1] = lines[1].replace(&second, &first);
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn linked(path: &Path) {
    let away = path.with_extension("away");
    fs::rename(path, &away).unwrap();
    std::os::unix::fs::symlink(&away, path).unwrap();
}

/// With the genuine bytes at its beginning, and a hole behind them.
fn oversized(path: &Path) {
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_len(MAX_FILE as u64 + 1).unwrap();
}

/// `main` was closed twice; `side` began before and sets something.
fn scene() -> Option<(Repository, Beside)> {
    let repository = Repository::new()?;
    let cli = &repository.0;
    cli.ok("git install");
    fill(cli, 2);
    repository.commit("common");
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    cli.set("LATE", "late");
    repository.commit("side");
    repository.git(&["checkout", "--quiet", "main"]);
    for _ in 0..2 {
        fill(cli, 2);
        cli.ok("history close --all --yes");
    }
    repository.git(&["add", "-A"]);
    repository.commit("closed");
    repository.git(&["tag", "closed"]);
    let beside = Beside {
        segments: files(cli, "log").try_into().unwrap(),
        versions: files(cli, "versions").try_into().unwrap(),
    };
    Some((repository, beside))
}

/// As on a device that knows no bytes of it.
fn forget(cli: &Cli) {
    for known in ["verified", "signatures"] {
        let _ = fs::remove_dir_all(cli.project().join("../home/state/v-secure").join(known));
    }
}

/// What tells of the past, and what writes by it.
const PAST: &[&str] =
    &["audit verify", "audit log", "secret versions A", "get A --version 1", "history status"];
const WRITES: &[&str] = &["secret rollback A --version 1", "history close --all --yes"];

#[track_caller]
fn judged(cli: &Cli, forgery: &Forgery) {
    let Forgery { name, code, .. } = forgery;
    for value in ["get A", "get B"] {
        assert_eq!(outcome(cli, value), (0, String::new()), "{name}: {value}");
    }
    assert_eq!(cli.run("exec --only A -- true").code, 0, "{name}: exec");
    // What would write is refused, or runs when nothing else is to be looked at.
    let writes = if code.0 == 0 { &[][..] } else { WRITES };
    for line in PAST.iter().chain(writes) {
        let found = outcome(cli, line);
        assert_eq!((found.0, found.1.as_str()), *code, "{name}: {line}");
    }
}

#[test]
fn what_is_done_to_a_file_beside_the_vault_is_noticed_by_what_reads_it_and_by_nothing_else() {
    let Some((repository, beside)) = scene() else { return };
    let cli = &repository.0;
    let vault = fs::read(cli.vault()).unwrap();
    for forgery in ALL {
        let Forgery { name, make, code } = forgery;
        cli.ok("audit verify");
        make(&beside);
        judged(cli, forgery);
        forget(cli);
        judged(cli, forgery);
        assert_eq!(fs::read(cli.vault()).unwrap(), vault, "{name}");
        // A merge takes from git what is not here, and segments that are other ones; else it is refused.
        let merge = repository.shell("git merge --quiet --no-edit side");
        assert!(merge.status.success() || *code == WITHOUT, "{name}: {merge:?}");
        if merge.status.success() {
            assert_eq!(outcome(cli, "audit verify").0, code.0, "{name}");
        }
        repository.git(&["reset", "--quiet", "--hard", "closed"]);
        repository.git(&["clean", "--quiet", "-fd"]);
        cli.ok("pin accept --yes");
    }
}

/// What is foreign is passed over by writers, too, and does not stay.
#[test]
fn what_is_added_to_the_versions_hinders_no_write() {
    let Some((repository, beside)) = scene() else { return };
    let cli = &repository.0;
    let added = ALL.iter().find(|forgery| forgery.code.0 == 0).unwrap();
    (added.make)(&beside);
    for line in WRITES {
        cli.ok(line);
    }
    cli.ok("audit verify");
    assert_eq!(cli.ok("get A"), "one");
}
