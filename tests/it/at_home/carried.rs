//! A pin that an identity carries, in places that are not known.

use super::*;

/// Her identity, with the pin of her vault in a comment.
fn with_pin(olga: &Person) -> String {
    let pin = olga.run("pin show").ok();
    let identity = fs::read_to_string(olga.home().join(IDENTITY)).unwrap();
    format!("# v-secure-pin: {}\n{identity}", pin.trim())
}

/// A command in a folder, with variables.
fn with(olga: &Person, folder: &str, line: &str, variables: &[(&str, &str)]) -> Done {
    let arguments: Vec<&str> = line.split(' ').collect();
    let mut command = olga.command(&arguments);
    command.envs(variables.iter().copied()).current_dir(beside(olga, folder));
    Done::from(command.output().unwrap())
}

#[test]
fn the_pin_in_an_identitys_comment_says_which_vault_is_the_right_one_and_not_where() {
    if !tools::has("git") {
        return;
    }
    let olga = committed();
    let identity = with_pin(&olga);
    fs::write(olga.home().join(IDENTITY), &identity).unwrap();
    foreign(&olga, "../foreign");
    plant(&olga, "../foreign");
    is_asked_about(&olga, "../foreign");
    let file = olga.home().join(IDENTITY).display().to_string();
    let line = format!("--json --identity {file} get prod/DB");
    assert_eq!(run_in(&olga, "../foreign", &line).error(), (1, "first-use".into()));
    for variable in [("V_SECURE_IDENTITY", identity.as_str()), ("V_SECURE_IDENTITY_FILE", &file)] {
        let refused = with(&olga, "../foreign", "--json get prod/DB", &[variable]);
        assert_eq!(refused.error(), (1, "first-use".into()), "{}", variable.0);
    }
    // It vouches for the vault where nothing is known of it.
    let state = olga.home().join("state").display().to_string();
    let fresh = [("XDG_STATE_HOME", state.as_str())];
    assert_eq!(with(&olga, "../foreign", "get prod/DB", &fresh).ok(), "genuine");
    let pin = olga.run("pin show").ok();
    let stated = [("V_SECURE_PIN", pin.trim())];
    assert_eq!(with(&olga, "../foreign", "get prod/DB", &stated).ok(), "genuine");
}

/// A runner that keeps its state checks a job's repository out into a new folder, and not all of it.
#[test]
fn a_jobs_identity_with_a_pin_vouches_for_the_jobs_repository() {
    if !tools::has("git") {
        return;
    }
    let olga = committed();
    let identity = with_pin(&olga);
    fs::remove_file(olga.home().join(IDENTITY)).unwrap();
    let url = format!("file://{}", olga.checkout().display());
    let job = [("CI", "true"), ("V_SECURE_IDENTITY", identity.as_str())];
    for folder in ["../first", "../second"] {
        git(&olga.checkout(), "commit --quiet --allow-empty -m more");
        git(&olga.checkout(), &format!("clone --quiet --depth 1 {url} {folder}"));
        assert_eq!(with(&olga, folder, "get prod/DB", &job).ok(), "genuine");
    }
    fs::rename(beside(&olga, "../first"), beside(&olga, "../away")).unwrap();
    fs::rename(olga.checkout().join(".git"), olga.checkout().join("git")).unwrap();
    assert_eq!(with(&olga, "../away", "get prod/DB", &job).ok(), "genuine");
    let by_hand = with(&olga, "../away", "--json get prod/DB", &job[1..]);
    assert_eq!(by_hand.code, 0, "it is one of the vault's places by now");
}
