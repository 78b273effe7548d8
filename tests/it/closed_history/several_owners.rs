//! A closing that several owners must sign.

use crate::owners::Team;

/// What the proposer was asked.
#[track_caller]
fn asked(said: &str) -> String {
    let flat = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let question = flat.split_once("it asks: Close ").unwrap_or_else(|| panic!("{said}")).1;
    question.split_once(" try:").unwrap_or((question, "")).0.to_owned()
}

/// Whoever co-signs is told what whoever proposed it was asked: how much, up to when, and what it does to the file.
#[test]
fn who_signs_a_closing_is_told_what_it_closes() {
    let Some(team) = Team::new() else { return };
    let Team { ada, bob, .. } = &team;
    for number in 1..=6 {
        ada.set("dev/DB", &format!("{number}"));
    }
    team.push(ada, "six values");
    let question = asked(&ada.run("history close --all").err);
    let (extent, gain) = question.split_once("? ").unwrap();
    assert_eq!(ada.run("history close --all --yes").code, 4, "two must sign");
    team.push(ada, "propose to close");
    team.pull(bob);
    let id = bob.run("policy proposals --json").json()["proposals"][0]["proposal"].clone();
    for line in ["policy sign", &format!("policy renew {}", id.as_str().unwrap())] {
        let told = bob.run(line).err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            told.contains(&format!("closes {extent}, with entry ")),
            "{line}: {extent}: {told}"
        );
        assert!(told.contains(gain), "{line}: {gain}: {told}");
    }
    let signed = bob.run("policy sign --yes");
    assert!(signed.err.contains("'git commit -a' leaves them out"), "{}", signed.err);
    signed.ok();
    assert!(bob.checkout().join(".v-secure/history").is_dir());
    team.push(bob, "closed");
    team.pull(ada);
    ada.run("audit verify").ok();
    let closed = ada.run("history status --json").json()["closed"].as_u64().unwrap();
    assert!(extent.starts_with(&format!("{closed} entries, up to ")), "{extent}");
}
