//! What somebody with write access to the repository and without a key can do to a closed vault: what is served is
//! right, or nothing is.

use super::{closed, files, fill, folder, outcome};
use std::fs;
use std::path::{Path, PathBuf};
use v_secure_core::file::format;
use v_secure_testkit::cli::Cli;

/// What commands make of the vault: exit codes of `get A`, and of `audit verify`.
fn judged(cli: &Cli) -> [(i32, String); 2] {
    // As on a device that knows no bytes of it.
    let state = cli.project().join("../home/state/v-secure/verified");
    let _ = fs::remove_dir_all(state);
    ["get A", "audit verify"].map(|line| outcome(cli, line))
}

fn changed(cli: &Cli, change: impl FnOnce(String) -> String) {
    let text = fs::read_to_string(cli.vault()).unwrap();
    let new = change(text.clone());
    assert_ne!(text, new);
    fs::write(cli.vault(), new).unwrap();
}

/// The lines of the log, the newest last.
fn entries(cli: &Cli) -> Vec<String> {
    let text = fs::read_to_string(cli.vault()).unwrap();
    let mut lines: Vec<String> =
        text.lines().filter(|line| line.starts_with("{\"parents\"")).map(str::to_owned).collect();
    let lamport = |line: &String| {
        let rest = line.split("\"lamport\":").nth(1).unwrap();
        rest.split(',').next().unwrap().parse::<u64>().unwrap()
    };
    lines.sort_by_key(lamport);
    lines
}

fn without(line: &str) -> impl Fn(String) -> String {
    let line = format!("{line}\n");
    move |text| text.replace(&line, "")
}

#[test]
fn a_kept_entry_that_is_taken_out_is_missed() {
    let cli = closed(3);
    let kept = entries(&cli);
    for line in kept {
        let before = fs::read(cli.vault()).unwrap();
        changed(&cli, without(&line));
        assert_eq!(judged(&cli)[0], (6, "closed-wrong".into()), "{line}");
        fs::write(cli.vault(), before).unwrap();
    }
}

/// With what follows it left there, who has the history sees that it is not closed; who has not gets nothing.
#[test]
fn an_open_entry_that_is_taken_out_is_missed() {
    let cli = closed(2);
    cli.set("A", "open");
    cli.set("B", "later");
    let open = entries(&cli);
    changed(&cli, without(&open[open.len() - 2]));
    assert_eq!(judged(&cli), [(6, "parent-missing".into()), (6, "parent-missing".into())]);
    fs::remove_dir_all(folder(&cli)).unwrap();
    assert_eq!(judged(&cli)[0], (7, "history-missing".into()));
}

#[test]
fn the_block_of_an_earlier_closing_does_not_pass() {
    let cli = closed(2);
    let earlier = fs::read_to_string(cli.vault()).unwrap();
    fill(&cli, 2);
    cli.ok("history close --all --yes");
    let block = |text: &str| {
        let start = text.find("[closed]").unwrap();
        let end = text.find("\n[audience").unwrap();
        text[start..end].to_owned()
    };
    changed(&cli, |text| text.replace(&block(&text), &block(&earlier)));
    assert_eq!(judged(&cli)[0], (6, "closed-wrong".into()));
}

#[test]
fn a_file_that_hides_that_it_is_closed_is_refused() {
    let cli = closed(2);
    let whole = fs::read_to_string(cli.vault()).unwrap();
    changed(&cli, |text| text.replace("requires = [\"log-segments\"]", "requires = []"));
    assert_eq!(judged(&cli)[0], (6, "checkpoint-block".into()));
    let start = whole.find("\n[closed]").unwrap();
    let end = whole.find("\n[audience").unwrap();
    let hidden = format!("{}{}", &whole[..start], &whole[end..]);
    fs::write(cli.vault(), hidden.replace("requires = [\"log-segments\"]", "requires = []"))
        .unwrap();
    assert_eq!(judged(&cli)[0], (6, "checkpoint-block".into()));
}

#[test]
fn a_file_of_the_history_that_is_another_one_is_refused() {
    let cli = closed(3);
    let [segment, versions] = [&files(&cli, "log")[0], &files(&cli, "versions")[0]];
    let (log, held) = (fs::read_to_string(segment).unwrap(), fs::read_to_string(versions).unwrap());
    let cut = log.lines().skip(1).map(|line| format!("{line}\n")).collect::<String>();
    let swapped = |path: &Path, text: &str| fs::write(path, text).unwrap();
    for text in ["", &cut, &log.replace("\"reason\":\"set a value\"", "\"reason\":\"\"")] {
        swapped(segment, text);
        let [get, verify] = judged(&cli);
        assert_eq!(get, (0, String::new()), "what is given hangs on none of it");
        assert_eq!(verify.0, 6, "{verify:?}");
    }
    swapped(segment, &log);
    // A version of the history that is another one is none, and one that is not well-formed neither.
    let commitment = held.find("commitment = \"").unwrap() + "commitment = \"".len();
    let (before, after) = held.split_at(commitment);
    let other = if after.starts_with('A') { "B" } else { "A" };
    swapped(versions, &[before, other, &after[1..]].concat());
    assert_eq!(judged(&cli)[1].0, 6);
    swapped(versions, &held.replacen("author = \"", "author = \"A", 1));
    assert_ne!(judged(&cli)[1].0, 0);
    swapped(versions, &held);
    assert_eq!(judged(&cli), [(0, String::new()), (0, String::new())]);
}

/// Old entries that somebody puts back are closed all the same: nothing of theirs comes back.
#[test]
fn closed_entries_that_are_put_back_change_nothing() {
    let cli = Cli::with_vault();
    fill(&cli, 3);
    let before = entries(&cli);
    cli.ok("history close --all --yes");
    let kept = entries(&cli);
    let gone: Vec<&String> = before.iter().filter(|line| !kept.contains(line)).collect();
    assert!(gone.len() > 3);
    let mut file = v_secure_testkit::branches::parse(&cli.vault());
    let segment = fs::read(&files(&cli, "log")[0]).unwrap();
    let vault = file.header.vault;
    let all = format::parse_segment(&segment, &vault, format::Trust::Strict);
    file.entries.extend(all.unwrap());
    fs::write(cli.vault(), format::write(&file)).unwrap();
    assert_eq!(judged(&cli), [(0, String::new()), (0, String::new())]);
    assert_eq!((cli.ok("get A"), outcome(&cli, "get GONE").0), ("a3".into(), 5));
    cli.set("A", "next");
    assert_eq!(entries(&cli).len(), kept.len() + 1, "a writer leaves them out again");
}

/// A version and what opens it may be left out by two closings, and nothing says by which one first.
#[test]
fn a_wrap_is_found_wherever_its_version_is() {
    let cli = closed(3);
    fill(&cli, 3);
    cli.ok("history close --all --yes");
    let vault = v_secure_testkit::branches::parse(&cli.vault()).header.vault;
    let beside = files(&cli, "versions");
    assert_eq!(beside.len(), 2);
    let read = |path: &PathBuf| format::parse_versions(&fs::read(path).unwrap(), &vault);
    let all: Vec<_> = beside.iter().flat_map(read).collect();
    let (mut versions, mut wraps) = (String::new(), String::new());
    for (uid, section) in all {
        let (mut one, mut other) = (section.clone(), section);
        one.wraps.retain(|_, _| false);
        other.versions.retain(|_, _| false);
        versions.push_str(&format::write_versions(&[(uid, one)].into()));
        wraps.push_str(&format::write_versions(&[(uid, other)].into()));
    }
    for [first, second] in [[&versions, &wraps], [&wraps, &versions]] {
        fs::write(&beside[0], first).unwrap();
        fs::write(&beside[1], second).unwrap();
        assert_eq!(judged(&cli), [(0, String::new()), (0, String::new())]);
        assert_eq!(cli.ok("get A --version 1"), "a1");
    }
}

/// What a link leads to changes without the repository, and without a word.
#[cfg(unix)]
#[test]
fn a_history_that_is_a_link_is_none() {
    let cli = closed(2);
    let away = super::hidden(&cli);
    std::os::unix::fs::symlink(&away, folder(&cli)).unwrap();
    let missing = (7, "history-missing".to_owned());
    assert_eq!(judged(&cli), [(0, String::new()), missing.clone()]);
    assert_eq!(outcome(&cli, "history close --all --yes"), missing);
    fs::remove_file(folder(&cli)).unwrap();
    fs::rename(&away, folder(&cli)).unwrap();
    assert_eq!(judged(&cli)[1].0, 0);
    fs::rename(folder(&cli), &away).unwrap();
    std::os::unix::fs::symlink(&away, folder(&cli)).unwrap();
    assert_eq!(outcome(&cli, "audit verify"), missing, "whatever was verified before");
}
