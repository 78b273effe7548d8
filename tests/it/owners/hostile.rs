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
    for number in 0..80 {
        fs::create_dir(outer.join(format!("00junk{number:03}"))).unwrap();
    }
    let view = bob.run("policy proposals --json").json();
    assert_eq!(
        (view["proposals"].as_array().unwrap().len(), view["more"].as_bool()),
        (16, Some(true))
    );
    assert_eq!(view["proposals"][0]["state"], "unreadable");
    let asked = bob.run("policy sign --yes --json").error();
    assert_eq!(asked, (5, "no-proposal".into()), "which one is not guessed");
    let full = bob.run(&format!("policy sign {id} --json")).error();
    assert_eq!(full, (1, "not-confirmed".into()), "and the one that is named is found among them");
    for number in 0..80 {
        fs::remove_dir(outer.join(format!("00junk{number:03}"))).unwrap();
    }
    let moved = bob.checkout().join("elsewhere");
    fs::rename(&outer, &moved).unwrap();
    symlink(&moved, &outer).unwrap();
    assert_ne!(bob.run(&format!("policy sign {id} --yes")).code, 0);
    assert_eq!(bob.run("get prod/DB").ok(), "prod-db", "a vault does not hang on the folder");
    bob.run("audit verify").ok();
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
