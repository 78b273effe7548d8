//! What is pushed, and what stays as it is.

use super::*;
use v_secure_core::keys::policy_change;
use v_secure_core::policy::op::PolicyOp;
use v_secure_core::vault::closing;

#[test]
fn a_first_publication_makes_the_ref_upon_the_remotes_own_branch() {
    let Some(scene) = Scene::new() else { return };
    let [one, two] = scene.two();
    let main = git(&scene.remote(), &["rev-parse", MAIN]);
    assert_eq!(one.refresh(&via(OWN)).unwrap(), Refreshed { changed: false, is_published: false });
    assert!(one.publish(&via(OWN), "prod/B").unwrap().changed);
    assert_eq!(scene.shown(&format!("{OWN}:{FILE}")), one.text());
    assert_eq!(git(&scene.remote(), &["rev-parse", &format!("{OWN}^")]), main);
    assert_eq!(git(&scene.remote(), &["rev-parse", MAIN]), main, "the branch itself stays");
    let told = git(&scene.remote(), &["log", "-1", "--format=%s", OWN]);
    assert_eq!(told, "v-secure: value\n");
    assert_eq!(two.refresh(&via(OWN)).unwrap(), Refreshed { changed: true, is_published: true });
    assert_eq!((two.value("prod/B"), two.text()), (Some("prod/B".into()), one.text()));
    assert!(!two.refresh(&via(OWN)).unwrap().changed);
}

#[test]
fn an_empty_remote_is_begun() {
    let Some(scene) = Scene::new() else { return };
    let one = scene.place("one");
    fs::remove_dir_all(scene.remote()).unwrap();
    fs::create_dir(scene.remote()).unwrap();
    git(&scene.remote(), &["init", "--quiet", "--bare"]);
    one.retried(&via("refs/v-secure/rotations"), "prod/B").unwrap();
    let listed = git(&scene.remote(), &["ls-tree", "-r", "--name-only", "refs/v-secure/rotations"]);
    assert_eq!(listed.trim_end(), FILE);
    one.retried(&via("refs/v-secure/rotations"), "prod/C").unwrap();
    assert_eq!(scene.shown(&format!("refs/v-secure/rotations:{FILE}")), one.text());
}

#[test]
fn a_branch_keeps_all_other_files_and_the_clone_its_own_work() {
    let Some(scene) = Scene::new() else { return };
    let [one, two] = scene.two();
    fs::write(two.folder.join("new.rs"), "// new\n").unwrap();
    git(&two.folder, &["add", "new.rs"]);
    two.commit("theirs");
    git(&two.folder, &["push", "--quiet", "origin", "main"]);
    fs::write(one.folder.join("code.rs"), "// being changed\n").unwrap();
    fs::write(one.folder.join("staged.rs"), "// staged\n").unwrap();
    fs::write(one.folder.join("loose.rs"), "// loose\n").unwrap();
    git(&one.folder, &["add", "staged.rs"]);
    let seen = || {
        let index = fs::read(one.folder.join(".git/index")).unwrap();
        let refs = git(&one.folder, &["for-each-ref", "refs/heads", "refs/v-secure", "refs/tags"]);
        (
            index,
            refs,
            git(&one.folder, &["symbolic-ref", "HEAD"]),
            fs::read_to_string(one.folder.join("code.rs")).unwrap(),
        )
    };
    let before = seen();
    one.retried(&via(MAIN), "prod/B").unwrap();
    assert_eq!(seen(), before, "neither index nor refs nor files are touched");
    let status = git(&one.folder, &["status", "--short"]);
    assert_eq!(status, format!(" M {FILE}\n M code.rs\nA  staged.rs\n?? loose.rs\n"));
    let changed = git(&scene.remote(), &["diff", "--name-only", "main^", "main"]);
    assert_eq!(changed.trim_end(), FILE);
    let listed = git(&scene.remote(), &["ls-tree", "-r", "-z", "--name-only", "main"]);
    assert!(
        ["new.rs", "code.rs", "docs/a b é"]
            .iter()
            .all(|name| listed.split('\0').any(|one| one == *name))
    );
}

#[test]
fn without_a_change_what_is_here_is_published() {
    let Some(scene) = Scene::new() else { return };
    let [one, two] = scene.two();
    one.vault().store("prod/B", SecretValue::new(b"b".to_vec()), "not committed").unwrap();
    let wrote = one.making(&via(OWN), |_, _| Ok(((), None))).unwrap();
    assert!(!wrote.changed);
    assert_eq!(scene.shown(&format!("{OWN}:{FILE}")), one.text());
    let tip = git(&scene.remote(), &["rev-parse", OWN]);
    two.refresh(&via(OWN)).unwrap();
    two.making(&via(OWN), |_, _| Ok(((), None))).unwrap();
    assert_eq!(git(&scene.remote(), &["rev-parse", OWN]), tip, "it is there already");
}

fn close(vault: &Verified, ctx: &Ctx<'_>) -> Result<((), Option<Change>), Error> {
    let checkpoint = closing::foreseen_all(vault).then.unwrap().checkpoint;
    Ok(((), Some(policy_change::change(vault, vec![PolicyOp::Checkpoint(checkpoint)], ctx)?.0)))
}

#[test]
fn a_closed_history_is_published_and_united() {
    let Some(scene) = Scene::new() else { return };
    let [one, two] = scene.two();
    for name in ["prod/B", "prod/C"] {
        one.retried(&via(OWN), name).unwrap();
    }
    two.refresh(&via(OWN)).unwrap();
    one.making(&via(OWN), close).unwrap();
    let beside = git(&scene.remote(), &["ls-tree", "-r", "--name-only", OWN, ".v-secure/history/"]);
    assert!(beside.lines().any(|name| name.ends_with(".log")), "{beside}");
    two.vault().store("prod/D", SecretValue::new(b"d".to_vec()), "meanwhile").unwrap();
    two.retried(&via(OWN), "prod/E").unwrap();
    for name in beside.lines() {
        assert!(two.folder.join(name).exists(), "{name}");
    }
    one.refresh(&via(OWN)).unwrap();
    assert_eq!(one.text(), two.text());
    for place in [&one, &two] {
        let names = ["prod/B", "prod/D", "prod/E"].map(|name| place.value(name));
        assert_eq!(names, [Some("prod/B".into()), Some("d".into()), Some("prod/E".into())]);
    }
}
