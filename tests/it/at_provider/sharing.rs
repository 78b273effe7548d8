//! One credential in two secrets: the rotation of one would end the other.

use super::*;

/// The owner of prod/A, and of staging/A with the same credential, which another provider serves: the same service.
fn two_providers(service: &Service) -> Person {
    let owner = owner(service);
    owner.set("staging/A", FIRST);
    let settings = owner.run("settings show --json").json();
    let settings = settings["settings"].as_array().unwrap();
    for setting in settings {
        let key = setting["key"].as_str().unwrap();
        let Some(key) = key.strip_prefix("provider.file.") else { continue };
        let value = setting["value"].as_str().unwrap();
        let value = if key == "serves" { "staging/A" } else { value };
        owner.run(&format!("settings set provider.other.{key} {value}")).ok();
    }
    owner
}

const ASKING: [&str; 4] =
    ["secret rotate", "secret rotate --dry-run", "rotation settle", "rotation promote"];

#[track_caller]
fn refused(owner: &Person, service: &Service, secrets: &[&str]) {
    let accepted = service.lines();
    for secret in secrets {
        for line in ASKING {
            service.asked();
            let refused = owner.run(&format!("--json {line} {secret}"));
            assert_eq!(refused.error(), (1, "provider-ambiguous".into()), "{line} {secret}");
            assert_eq!((service.verbs(), service.lines()), (vec![], accepted.clone()), "{line}");
        }
    }
}

#[test]
fn another_providers_name_makes_one_credential_no_two() {
    let Some(service) = Service::logging() else { return };
    let owner = two_providers(&service);
    refused(&owner, &service, &["prod/A", "staging/A"]);
    owner.run("set prod/A --rotation-interval 1s").ok();
    owner.run("set staging/A --rotation-interval 1s").ok();
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    assert_eq!(owner.run("rotation run --due").code, 1);
    assert_eq!((service.verbs(), service.lines()), (vec![], vec![FIRST.to_owned()]));
}

#[test]
fn what_is_named_leads_to_two_credentials_of_which_each_rotates() {
    let Some(service) = Service::logging() else { return };
    let owner = two_providers(&service);
    let refused = owner.run("secret rotate staging/A");
    let hint = "v-secure set staging/A  # with a credential of its own";
    assert!(refused.err.contains(hint), "{}", refused.err);
    service.accept(&[FIRST, "one-of-its-own"]);
    owner.set("staging/A", "one-of-its-own");
    // The other one is left to where it is still in use.
    for secret in ["staging/A", "prod/A"] {
        let dry = owner.run(&format!("secret rotate {secret} --dry-run"));
        assert_eq!(dry.code, 0, "{secret}: {}", dry.err);
    }
    assert_eq!(service.lines(), [FIRST, "one-of-its-own"]);
}

#[test]
fn white_space_at_the_ends_makes_one_credential_no_two() {
    for alike in ["first-value-k3Vq70 ", "\tfirst-value-k3Vq70", " first-value-k3Vq70\r\n\n"] {
        let Some(service) = Service::logging() else { return };
        let owner = owner(&service);
        let mal = member(&owner, "mal", &["read:prod/A", "read:prod/X", "write:prod/X"]);
        mal.set("prod/X", alike);
        owner.pull(&mal);
        service.serve(&owner, "prod/A,prod/X");
        refused(&owner, &service, &["prod/X"]);
        // Nor does a machine end it.
        owner.run("set prod/X --rotation-interval 1s").ok();
        std::thread::sleep(std::time::Duration::from_millis(1_100));
        let run = owner.run("--json rotation run --due");
        assert_eq!(run.code, 1, "{alike:?}: {}", run.out);
        assert_eq!((service.verbs(), service.lines()), (vec![], vec![FIRST.to_owned()]));
    }
}

#[test]
fn what_was_copied_once_and_is_over_holds_up_nothing() {
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    owner.set("prod/X", FIRST);
    // Both were changed since, where they are used and here.
    service.accept(&["the-first", "the-other"]);
    owner.set("prod/A", "the-first");
    owner.set("prod/X", "the-other");
    service.serve(&owner, "prod/A,prod/X");
    for secret in ["prod/A", "prod/X"] {
        owner.run(&format!("secret rotate {secret} --dry-run")).ok();
    }
}

/// Settling revokes again what is retired, and somebody's word retires.
#[test]
fn what_is_called_retired_ends_no_other_secrets_credential() {
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    owner.set("prod/X", FIRST);
    owner.set("prod/X", "its-own-4Hs");
    owner.run("rotation retire prod/X --by-hand --version 1 --yes").ok();
    service.accept(&[FIRST, "its-own-4Hs"]);
    service.serve(&owner, "prod/A,prod/X");
    let refused = owner.run("--json rotation settle prod/X").error();
    assert_eq!(refused.1, "provider-ambiguous");
    assert!(service.accepts(FIRST), "{:?}", service.lines());
}
