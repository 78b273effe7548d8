//! Joining, and vaults that are told apart by their words.

use super::*;

#[test]
fn a_reading_role_is_never_joined_for_more_than_was_asked() {
    let olga = olga();
    let ci = pipeline(&olga);
    let other = Person::new("x").run("identity new").ok();
    let line = format!("--json member add ci --device --recipient {}", other.trim());
    let wider = olga.run(&format!("{line} --read dev/*"));
    assert_eq!(wider.error(), (7, "role-taken".into()));
    let as_owner = olga.run("--json member add owner --service --new-identity --read prod/*");
    assert_eq!(as_owner.error(), (7, "role-taken".into()));
    let taken = olga.run(&format!("--json member add cd --recipient {}", ci.recipient()));
    assert_eq!(taken.error(), (7, "recipient-taken".into()));
    let user = olga.run(&format!("{line} --agent"));
    assert_eq!(user.error(), (7, "member-kind".into()));
    let plugin = olga.run("--json member add key --recipient age1yubikey1qwt50");
    assert_eq!(plugin.error(), (2, "recipient".into()));
}

#[test]
fn words_that_are_stated_are_compared_where_the_vault_was_accepted_before_too() {
    let olga = olga();
    let shown = olga.run("pin show --json").json();
    for words in ["fingerprint", "policy_fingerprint"] {
        let right = format!("pin accept --fingerprint {}", shown[words].as_str().unwrap());
        let again = olga.run(&right);
        assert!(again.code == 0 && again.err.contains("accepted already"), "{words}: {again:?}");
    }
    for wrong in ["zoo-abandon-ability", "nonsense"] {
        let refused = olga.run(&format!("--json pin accept --fingerprint {wrong}"));
        assert_eq!(refused.error(), (6, "fingerprint".into()));
    }
}

#[test]
fn another_vault_is_refused_until_it_is_accepted_by_its_words() {
    let olga = olga();
    let (apprentice, mallory) = (developers(&olga), Person::new("mallory"));
    mallory.run("init --vault-name shop").ok();
    apprentice.pull(&mallory);
    assert_eq!(apprentice.run("--json get dev/DB").error(), (6, "pin-other-vault".into()));
    assert_eq!(apprentice.run("--json pin show").error(), (6, "pin-other-vault".into()));
    assert_eq!(apprentice.run("--json pin accept").error(), (1, "not-confirmed".into()));
    let words = olga.run("pin show --json").json()["policy_fingerprint"].clone();
    let wrong =
        apprentice.run(&format!("--json pin accept --fingerprint {}", words.as_str().unwrap()));
    assert_eq!(wrong.error(), (6, "fingerprint".into()));
    assert_eq!(apprentice.run("--json get dev/DB").error(), (6, "pin-other-vault".into()));
    let shown = apprentice.run("pin accept --yes");
    assert!(shown.err.contains(words.as_str().unwrap()), "both are shown: {}", shown.err);
    assert_eq!(
        apprentice.run("--json get dev/DB").error().0,
        3,
        "accepted, and apprentice is no member of it"
    );
}

#[test]
fn identities_are_made_once_and_their_keys_stay_in_their_file() {
    let eve = Person::new("eve");
    assert_eq!(eve.run("--json identity show").error(), (3, "no-identity".into()));
    let recipient = eve.run("identity new").ok();
    let file = eve.home().join(".config/v-secure/identity.txt");
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(eve.run("--json identity new").error(), (7, "exists".into()));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    let shown = eve.run("identity show");
    assert!(shown.out.contains(recipient.trim()) && shown.out.contains("identity.txt"));
    assert!(!format!("{shown:?}").contains("AGE-SECRET"));
    let printed = eve.run("identity new -o -");
    assert!(printed.out.lines().last().unwrap().starts_with("AGE-SECRET-KEY-1"));
    assert_eq!(printed.err, "");
    eve.run("identity new -o other.txt").ok();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode =
            std::fs::metadata(eve.checkout().join("other.txt")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
