//! Vaults that are known, or made on purpose, where another one is.

use super::*;

#[test]
fn the_home_folder_is_no_project() {
    if !tools::has("git") {
        return;
    }
    let olga = victim();
    let other = Person::new("olga");
    other.run("init --vault-name club").ok();
    copy(&other.vault(), &olga.home());
    let at_home = |folder: PathBuf, line: &str| -> Done {
        let arguments: Vec<&str> = line.split(' ').collect();
        olga.command(&arguments).current_dir(folder).output().unwrap().into()
    };
    at_home(olga.home(), "pin accept --yes").ok();
    let project = olga.home().join("work");
    copy(&olga.vault(), &project);
    assert_eq!(at_home(project, "--trust-first-use get prod/DB").ok(), "genuine");
}

#[test]
fn a_second_vault_of_ones_own_is_made_on_purpose() {
    if !tools::has("git") {
        return;
    }
    let olga = victim();
    fs::create_dir_all(olga.checkout().join("app/deep")).unwrap();
    fs::create_dir(olga.checkout().join("app/.git")).unwrap();
    for folder in ["app", "app/deep"] {
        let refused = run_in(&olga, folder, "--json init --vault-name own");
        assert_eq!(refused.error(), (7, "nested".into()), "{folder}");
    }
    // Known, though its file is not here at the moment.
    fs::rename(olga.vault(), olga.checkout().join("aside")).unwrap();
    let refused = run_in(&olga, SUB, "--json init --vault-name own");
    assert_eq!(refused.error(), (7, "nested".into()));
    run_in(&olga, SUB, "init --vault-name own --nested").ok();
    run_in(&olga, SUB, "set A --generate").ok();
    assert_eq!(run_in(&olga, SUB, "get A").code, 0);
    fs::rename(olga.checkout().join("aside"), olga.vault()).unwrap();
    assert_eq!(olga.run("get prod/DB").ok(), "genuine");
    place(&bait(&olga), &olga, "app/deep");
    let refused = run_in(&olga, "app/deep", "--json get prod/DB");
    assert_eq!(refused.error(), (6, "pin-other-in-project".into()));
}

#[test]
fn beside_a_planted_vault_nobody_is_sent_to_its_owners() {
    if !tools::has("git") {
        return;
    }
    let olga = victim();
    place(&bait(&olga), &olga, SUB);
    for line in ["init", "init --nested"] {
        let refused = run_in(&olga, SUB, line);
        assert_eq!(refused.code, 7, "{line}: {refused:?}");
        assert!(refused.err.contains("not the vault that was accepted"), "{}", refused.err);
        assert!(refused.err.contains("v-secure pin accept"), "{}", refused.err);
        assert!(!refused.err.contains("member request"), "{line}: {}", refused.err);
    }
    assert!(olga.run("init").err.contains("you are a member"), "the accepted one is her own");
}

#[test]
fn a_pin_of_an_earlier_format_is_no_first_use() {
    if !tools::has("git") {
        return;
    }
    let olga = victim();
    let pins = fs::read_dir(olga.home().join(".local/state/v-secure/pins")).unwrap();
    let pins = pins.map(|entry| entry.unwrap().path());
    let pin = pins.into_iter().find(|path| path.extension().is_some_and(|e| e == "json")).unwrap();
    let path = olga.vault().display().to_string();
    let old =
        format!("{{\"format\":1,\"path\":\"{path}\",\"vault\":\"\",\"chain\":[],\"heads\":[]}}\n");
    fs::write(&pin, old).unwrap();
    place(&bait(&olga), &olga, SUB);
    for folder in [".", SUB] {
        let refused = run_in(&olga, folder, "--json --trust-first-use get prod/DB");
        assert_eq!(refused.error(), (6, "pin".into()), "{folder}");
        assert!(refused.err.contains("v-secure pin accept"), "{}", refused.err);
    }
    olga.run("pin accept --yes").ok();
    assert_eq!(olga.run("get prod/DB").ok(), "genuine");
    let refused = run_in(&olga, SUB, "--json get prod/DB");
    assert_eq!(refused.error(), (6, "pin-other-in-project".into()));
}

#[test]
fn a_vault_in_the_place_of_an_accepted_one_is_refused_before_a_value_is_asked_for() {
    if !tools::has("git") {
        return;
    }
    let olga = victim();
    olga.pull(&bait(&olga));
    for line in ["set prod/DB", "secret rotate prod/DB", "import absent.env -e prod"] {
        let mut session = terminal(olga.command(&line.split(' ').collect::<Vec<_>>()));
        let text = rest(&mut session);
        assert!(text.contains("not the vault that was accepted here before"), "{line}: {text}");
        assert!(!text.contains("Value of") && !text.contains("absent.env"), "{line}: {text}");
    }
}

#[test]
fn of_several_vaults_in_a_project_the_nearest_above_is_the_one_of_a_folder() {
    if !tools::has("git") {
        return;
    }
    let olga = victim();
    let tools = olga.checkout().join("tools");
    fs::create_dir(&tools).unwrap();
    run_in(&olga, "tools", "init --nested --vault-name tools").ok();
    let moved = |to: &str| {
        fs::create_dir_all(olga.checkout().join(to).join(".v-secure")).unwrap();
        let target = olga.checkout().join(to).join(".v-secure/vault.toml");
        fs::copy(tools.join(".v-secure/vault.toml"), target).unwrap();
    };
    moved("app");
    let refused = run_in(&olga, "app", "--json --trust-first-use ls");
    assert_eq!(refused.error(), (6, "pin-other-in-project".into()), "it is of another folder");
    moved("tools/inner");
    run_in(&olga, "tools/inner", "ls").ok();
}
