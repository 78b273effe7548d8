//! What somebody who can push puts where proposals lie, or changes in one.

use super::{Team, folder, git, listed, owners, proposes};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

/// A team with a proposal that bob has pulled.
fn proposed() -> Option<(Team, String)> {
    let team = Team::new()?;
    let id = proposes(&team.ada, "owner remove cy --yes");
    team.push(&team.ada, "propose");
    team.pull(&team.bob);
    Some((team, id))
}

fn edit(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{from} is not in {}", path.display());
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

/// Each is refused by name, listed as what cannot be signed, changes nothing, and can be withdrawn.
#[test]
fn a_proposal_that_was_changed_is_refused_whatever_was_changed() {
    type Tamper = fn(&Path, &str);
    let Some((team, id)) = proposed() else { return };
    let bob = &team.bob;
    let at = folder(bob, &id);
    let key =
        fs::read_dir(&at).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let key = key.into_iter().find(|name| name.len() == 43).unwrap();
    let cases: [(&str, Tamper); 14] = [
        ("another member", |at, _| edit(&at.join("entry"), "\"cy\"", "\"bob\"")),
        ("another reason", |at, _| edit(&at.join("entry"), "\"reason\":\"", "\"reason\":\"x")),
        ("a space", |at, _| edit(&at.join("entry"), "\"seq\":", "\"seq\": ")),
        ("cut off", |at, _| {
            let text = fs::read(at.join("entry")).unwrap();
            fs::write(at.join("entry"), &text[..text.len() / 2]).unwrap();
        }),
        ("no entry", |at, _| fs::remove_file(at.join("entry")).unwrap()),
        ("no envelopes", |at, _| fs::remove_file(at.join("envelopes")).unwrap()),
        ("empty envelopes", |at, _| fs::write(at.join("envelopes"), "").unwrap()),
        ("an envelope of another", |at, _| {
            let path = at.join("envelopes");
            let text = fs::read_to_string(&path).unwrap();
            let place = text.rfind("\"}").unwrap();
            let mut bytes = text.into_bytes();
            bytes[place - 4] = if bytes[place - 4] == b'A' { b'B' } else { b'A' };
            fs::write(&path, bytes).unwrap();
        }),
        ("no signature", |at, key| fs::remove_file(at.join(key)).unwrap()),
        ("a signature of nothing", |at, key| {
            let path = at.join(key);
            let text = fs::read_to_string(&path).unwrap();
            let start = text.find("\"sig\":\"").unwrap() + 7;
            let mut bytes = text.into_bytes();
            bytes[start] = if bytes[start] == b'A' { b'B' } else { b'A' };
            fs::write(&path, bytes).unwrap();
        }),
        ("a signature under another name", |at, key| {
            let other = "A".repeat(43);
            fs::rename(at.join(key), at.join(other)).unwrap();
        }),
        ("a file of no proposal", |at, _| fs::write(at.join("notes.txt"), "x").unwrap()),
        ("a link", |at, _| {
            fs::rename(at.join("entry"), at.with_extension("moved")).unwrap();
            symlink(at.with_extension("moved"), at.join("entry")).unwrap();
        }),
        ("much", |at, _| fs::write(at.join("entry"), vec![b'x'; 3 << 20]).unwrap()),
    ];
    let vault = fs::read(bob.vault()).unwrap();
    for (what, tamper) in cases {
        tamper(&at, &key);
        let refused = bob.run(&format!("policy sign {id} --yes --json"));
        let (code, name) = refused.error();
        assert!(code != 0 && ["proposal"].contains(&name.as_str()), "{what}: {code} {name}");
        let views = listed(bob);
        let view = views.iter().find(|view| view["proposal"] == id.as_str()).unwrap();
        assert!(
            ["unreadable", "unfit"].contains(&view["state"].as_str().unwrap()),
            "{what}: {view}"
        );
        assert_eq!(fs::read(bob.vault()).unwrap(), vault, "{what}");
        bob.run("audit verify").ok();
        assert!(!bob.run("--json").ok().contains("policy sign"), "{what}");
        bob.run(&format!("policy withdraw {id} --yes")).ok();
        assert!(!at.exists(), "{what}");
        git(bob, &["clean", "-fdq", ".v-secure/proposals"]);
        git(bob, &["checkout", "--quiet", "--", ".v-secure"]);
    }
    bob.run("policy sign --yes").ok();
    assert_eq!(owners(bob), ["ada", "bob"]);
}

#[test]
fn what_lies_where_proposals_do_is_looked_at_within_limits_and_through_no_link() {
    let Some((team, id)) = proposed() else { return };
    let bob = &team.bob;
    let outer = bob.checkout().join(".v-secure/proposals");
    let junk = |number: usize| outer.join(format!("00junk{number:03}"));
    (0..80).for_each(|number| fs::create_dir(junk(number)).unwrap());
    let view = bob.run("policy proposals --json").json();
    let shown = view["proposals"].as_array().unwrap();
    assert_eq!((shown.len(), view["more"].as_bool()), (17, Some(true)));
    assert_eq!(shown[0]["proposal"], id.as_str(), "what is no proposal takes no place of one");
    assert_eq!((&shown[0]["state"], &shown[1]["state"]), (&"waits".into(), &"unreadable".into()));
    let asked = bob.run("policy sign --yes --json").error();
    assert_eq!(asked, (5, "no-proposal".into()), "which one is not guessed");
    let full = bob.run(&format!("policy sign {id} --json")).error();
    assert_eq!(full, (1, "not-confirmed".into()), "and the one that is named is found among them");
    (0..80).for_each(|number| fs::remove_dir(junk(number)).unwrap());
    let named = |number: usize| outer.join(format!("{number:03}{}", "A".repeat(40)));
    (0..17).for_each(|number| fs::create_dir(named(number)).unwrap());
    let view = bob.run("policy proposals --json").json();
    let shown = view["proposals"].as_array().unwrap();
    assert_eq!((shown.len(), view["more"].as_bool()), (16, Some(true)), "those that are called so");
    (0..17).for_each(|number| fs::remove_dir(named(number)).unwrap());
    let moved = bob.checkout().join("elsewhere");
    fs::rename(&outer, &moved).unwrap();
    symlink(&moved, &outer).unwrap();
    assert_ne!(bob.run(&format!("policy sign {id} --yes")).code, 0);
    assert_eq!(bob.run("get prod/DB").ok(), "prod-db", "a vault does not hang on the folder");
    bob.run("audit verify").ok();
}

/// Whoever can push names what lies there: nothing of it reaches a terminal or a shell as more than a name, and all of
/// it can be taken away.
#[test]
fn any_name_is_shown_as_one_and_withdrawn() {
    use std::os::unix::ffi::OsStrExt;
    let Some((team, id)) = proposed() else { return };
    let bob = &team.bob;
    let outer = bob.checkout().join(".v-secure/proposals");
    let names: [&[u8]; 5] =
        [b"one\ntwo: done", b"x\x1b[2Jy", b"bytes\xff\xfe", b"a;touch hacked", b"deep"];
    for name in names {
        let at = outer.join(std::ffi::OsStr::from_bytes(name));
        fs::create_dir_all(at.join("in/it")).unwrap();
        fs::write(at.join("in/it/file"), "x").unwrap();
    }
    fs::write(outer.join("a file"), "x").unwrap();
    symlink("/etc", outer.join("deep/link")).unwrap();
    let listed_all = bob.run("policy proposals");
    assert_eq!(listed_all.out.lines().count(), 7, "{}", listed_all.out);
    assert!(!listed_all.out.contains('\u{1b}'), "{}", listed_all.out);
    let view = bob.run("policy proposals --json").json();
    let shown: Vec<String> = view["proposals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| found["proposal"].as_str().unwrap().to_owned())
        .filter(|name| *name != id)
        .collect();
    assert_eq!(shown.len(), 6);
    for name in &shown {
        for command in ["sign", "withdraw"] {
            let refused = bob.command(&["policy", command, name]).output().unwrap();
            let said = String::from_utf8(refused.stderr).unwrap();
            assert!(!refused.status.success() && !said.contains('\u{1b}'), "{said}");
            assert!(!said.contains("\ntwo: done"), "{said}");
            assert!(!said.contains("withdraw a;touch"), "{said}");
        }
        let done = bob.command(&["policy", "withdraw", name, "--yes"]).output().unwrap();
        let said = String::from_utf8(done.stderr).unwrap();
        assert!(done.status.success() && !said.contains("\ntwo: done"), "{name:?}: {said}");
    }
    assert!(Path::new("/etc/passwd").exists());
    assert_eq!(fs::read_dir(&outer).unwrap().count(), 1);
    assert_eq!(listed(bob)[0]["state"], "waits");
}

/// The same command again says what waits, and adds nothing.
#[test]
fn what_is_proposed_already_is_not_proposed_twice() {
    let Some((team, id)) = proposed() else { return };
    let Team { ada, bob, .. } = &team;
    for who in [ada, bob] {
        let again = who.run("owner remove cy --yes");
        assert!(
            again.code == 4 && again.err.contains("proposed already, signed by ada"),
            "{again:?}"
        );
        assert!(again.err.contains(&format!("v-secure policy sign {id}")), "{}", again.err);
        assert_eq!(listed(who).len(), 1);
    }
    proposes(bob, "key rotate --audience owner");
    let all = listed(bob);
    let keys = all.iter().find(|view| view["proposal"] != id.as_str()).unwrap()["proposal"].clone();
    let keys = keys.as_str().unwrap();
    assert_eq!(
        bob.run("key rotate --audience owner --json").error(),
        (4, "owner-threshold".into())
    );
    assert_eq!(listed(bob).len(), 2);
    bob.run(&format!("policy withdraw {keys} --yes")).ok();
    // What nobody signed who is an owner stands in nobody's way.
    for file in fs::read_dir(folder(bob, &id)).unwrap() {
        let path = file.unwrap().path();
        let Ok(text) = fs::read_to_string(&path) else { continue };
        if let Some((before, _)) = text.split_once("\"sig\":\"") {
            fs::write(&path, format!("{before}\"sig\":\"{}\"}}\n", "A".repeat(86))).unwrap();
        }
    }
    bob.run("owner remove cy --yes --json");
    assert_eq!(listed(bob).len(), 2, "and one that is signed");
}

/// Who is no owner signs nothing, and two keys of one owner are one.
#[test]
fn only_owners_sign_and_each_counts_once() {
    let Some((team, id)) = proposed() else { return };
    let Team { ada, bob, cy, .. } = &team;
    let again = ada.run("policy sign --yes --json").error();
    assert_eq!(again, (7, "proposal-signed".into()));
    bob.run("policy sign --yes").ok();
    team.push(bob, "cy is no owner");
    team.pull(ada);
    proposes(ada, "settings set reads off");
    team.push(ada, "propose");
    team.pull(cy);
    assert_eq!(cy.run("policy sign --yes --json").error(), (4, "not-permitted".into()));
    assert_eq!(cy.run("settings set reads off --json").error(), (4, "not-permitted".into()));
    assert!(!id.is_empty());
}
