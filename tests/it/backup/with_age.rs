//! Backups beside stock `age`.

use super::*;

#[test]
fn stock_age_opens_a_backup_and_its_parts_can_be_cut_out() {
    if !has("age") {
        return;
    }
    let owner = owner();
    let document = include_str!("../../../docs/recovery.md");
    let (_, block) = document.split_once("```sh backup\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let (own, other) = (own_keys(&owner)[0].recipient(), v_secure::generate_identity().recipient);
    let both = format!("--with-identity --recipient {other} --recipient {own}");
    for options in ["", "--armor", &both] {
        let file = backup(&owner, options);
        let place = owner.home().join("elsewhere");
        let _ = fs::remove_dir_all(&place);
        fs::create_dir(&place).unwrap();
        fs::copy(identity_file(&owner), place.join("identity.txt")).unwrap();
        fs::copy(&file, place.join("shop.age")).unwrap();
        let mut shell = Command::new("/bin/sh");
        let output = shell.args(["-ec", block]).current_dir(&place).output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        let cut = fs::read(place.join("vault.toml")).unwrap();
        assert_eq!(cut, fs::read(owner.vault()).unwrap());
        let key = fs::read_to_string(place.join("restored-identity.txt")).unwrap();
        let kept = fs::read_to_string(identity_file(&owner)).unwrap();
        assert_eq!(key.lines().last(), kept.lines().last().filter(|_| options == both));
    }
}

#[test]
fn what_age_encrypts_anew_is_restored() {
    if !has("age") {
        return;
    }
    let owner = owner();
    let file = backup(&owner, "");
    let script = r#"age -d -i "$0" "$1" | age -a -r "$2" -o anew.age"#;
    let mut shell = Command::new("/bin/sh");
    shell.args(["-ec", script]).arg(identity_file(&owner)).arg(&file);
    shell.arg(own_keys(&owner)[0].recipient().as_str());
    assert!(shell.current_dir(owner.home()).status().unwrap().success());
    let report = owner.run(&format!("backup restore {}/anew.age --json", owner.home().display()));
    assert_eq!(report.json()["changed"], false);
}

/// `age` asks for passphrases on a terminal only, so its header is compared and the file read here.
#[test]
fn a_passphrase_backup_has_the_header_of_age() {
    let owner = owner();
    let text = fs::read_to_string(backup(&owner, "--passphrase --armor")).unwrap();
    let binary = armor::dearmor(&text).unwrap();
    assert!(binary.starts_with(b"age-encryption.org/v1\n-> scrypt "));
    let passphrase = SecretValue::from(PASSPHRASE.to_owned());
    let plain = passphrase_file::decrypt(&passphrase, &binary, 1 << 20).unwrap();
    assert!(plain.expose().starts_with(b"v-secure-backup 2\n"));
    assert!(plain.expose().ends_with(b"end part\nend backup\n"));
}
