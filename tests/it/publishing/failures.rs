//! What is refused, what is lost on the way, and what is not believed.

use super::*;

#[test]
fn what_the_remote_refuses_is_written_nowhere() {
    let Some(scene) = Scene::new() else { return };
    let one = scene.place("one");
    scene.hook("pre-receive", "echo 'nobody pushes here' >&2; exit 1");
    let before = one.text();
    let (exit, code, told) = refused(one.retried(&via(OWN), "prod/B"));
    assert_eq!((exit, code.as_str()), (1, "unpublished"));
    assert!(told.contains("did not take it") && told.contains("nobody pushes here"), "{told}");
    assert_eq!(one.text(), before);
    scene.unhook("pre-receive");
    one.retried(&via(OWN), "prod/B").unwrap();
}

#[test]
fn a_remote_that_is_gone_or_unknown_is_said() {
    let Some(scene) = Scene::new() else { return };
    let one = scene.place("one");
    let before = one.text();
    let none = Via::Git { remote: "upstream".to_owned(), reference: OWN.to_owned() };
    let (_, code, told) = refused(one.retried(&none, "prod/B"));
    assert!(code == "unpublished" && told.contains("no remote upstream"), "{told}");
    // git would take the word for the folder.
    fs::create_dir(one.folder.join(".v-secure/upstream")).unwrap();
    assert!(refused(one.refresh(&none)).2.contains("no remote upstream"));
    fs::rename(scene.remote(), scene.root.path().join("elsewhere")).unwrap();
    let (exit, code, told) = refused(one.retried(&via(OWN), "prod/B"));
    assert_eq!((exit, code.as_str()), (1, "unpublished"), "{told}");
    assert_eq!(one.text(), before);
}

#[test]
fn a_remote_that_is_pushed_elsewhere_is_asked_for_nothing() {
    let Some(scene) = Scene::new() else { return };
    let one = scene.place("one");
    let other = scene.root.path().join("other.git");
    git(scene.root.path(), &["init", "--quiet", "--bare", "other.git"]);
    let (here, there) = (scene.remote(), other.display().to_string());
    let here = here.to_str().unwrap();
    let before = one.text();
    let instead = format!("url.{there}.pushInsteadOf");
    let ways: [&[&[&str]]; 4] = [
        &[&["remote", "set-url", "--push", "origin", &there]],
        &[
            &["config", "--add", "remote.origin.pushurl", here],
            &["config", "--add", "remote.origin.pushurl", &there],
        ],
        &[&["config", "--add", "remote.origin.url", &there]],
        &[&["config", &instead, here]],
    ];
    for way in ways {
        way.iter().for_each(|arguments| _ = git(&one.folder, arguments));
        assert_eq!(refused(one.refresh(&via(OWN))).1, "unpublished", "{way:?}");
        let Err(Error::Publish(error)) = one.retried(&via(OWN), "prod/B") else { panic!() };
        let failure = Failure::from(error);
        assert_eq!(failure.code.as_str(), "unpublished");
        assert!(failure.message.contains("another place"), "{}", failure.message);
        assert_eq!(one.text(), before);
        for repository in [&scene.remote(), &other] {
            assert!(!git(repository, &["for-each-ref"]).contains("rotations"));
        }
        one.shell(&failure.hints[0]);
        one.refresh(&via(OWN)).unwrap();
        for key in ["remote.origin.pushurl", "remote.origin.url", &instead] {
            let _ = Command::new("git")
                .current_dir(&one.folder)
                .args(["config", "--unset-all", key])
                .output();
        }
        git(&one.folder, &["config", "remote.origin.url", here]);
    }
    one.retried(&via(OWN), "prod/B").unwrap();
}

#[test]
fn a_push_whose_answer_is_lost_is_found() {
    let Some(scene) = Scene::new() else { return };
    let one = scene.place("one");
    scene.hook("post-receive", "kill -9 $PPID");
    one.retried(&via(OWN), "prod/B").unwrap();
    assert_eq!(scene.shown(&format!("{OWN}:{FILE}")), one.text());
}

#[test]
fn where_nothing_answers_it_is_unclear_and_the_same_again_looks() {
    let Some(scene) = Scene::new() else { return };
    let one = scene.place("one");
    let away = scene.root.path().join("away");
    let script = format!("mv '{}' '{}'; kill -9 $PPID", scene.remote().display(), away.display());
    scene.hook("post-receive", &script);
    let before = one.text();
    let (exit, code, told) = refused(one.retried(&via(OWN), "prod/B"));
    assert_eq!((exit, code.as_str()), (1, "publication-unclear"), "{told}");
    assert_eq!(one.text(), before, "nothing is written unless it is known to be published");
    fs::rename(away, scene.remote()).unwrap();
    scene.unhook("post-receive");
    let mut seen = false;
    one.making(&via(OWN), |vault, _| {
        seen = vault.live().any(|(name, _)| name.as_str() == "prod/B");
        Ok(((), None))
    })
    .unwrap();
    assert!(seen, "what was published is there when the change is made again");
}

#[test]
fn another_vault_at_the_same_place_is_refused() {
    let Some(scene) = Scene::new() else { return };
    let [one, two] = scene.two();
    fs::remove_dir_all(two.folder.join(".v-secure")).unwrap();
    let other = Options { state: None, ..two.options(FirstUse::Accept) };
    git(&two.folder, &["checkout", "--quiet", "-b", "rotations"]);
    git(&two.folder, &["rm", "--quiet", "-r", "--cached", ".v-secure"]);
    two.commit("none");
    git(&two.folder, &["branch", "--quiet", "-f", "main", "rotations"]);
    git(&two.folder, &["update-ref", "-d", "refs/remotes/origin/main"]);
    let elsewhere = tempfile::tempdir().unwrap();
    let made = Options { project: elsewhere.path().to_owned(), ..other };
    Vault::create(made, "other", "olga", &scene.identity).unwrap();
    fs::create_dir(two.folder.join(".v-secure")).unwrap();
    fs::copy(elsewhere.path().join(FILE), two.folder.join(FILE)).unwrap();
    git(&two.folder, &["add", "."]);
    two.commit("other");
    git(&two.folder, &["push", "--quiet", "origin", "rotations"]);
    let before = one.text();
    let (exit, code, told) = refused(one.retried(&via(OWN), "prod/B"));
    assert_eq!((exit, code.as_str()), (7, "merge-other-vault"), "{told}");
    assert_eq!(one.text(), before);
}

#[test]
fn what_somebody_changed_in_the_published_vault_is_refused() {
    let Some(scene) = Scene::new() else { return };
    let [one, two] = scene.two();
    one.retried(&via(OWN), "prod/B").unwrap();
    git(&two.folder, &["fetch", "--quiet", "origin", "rotations"]);
    git(&two.folder, &["checkout", "--quiet", "-B", "rotations", "FETCH_HEAD"]);
    let text = two.text();
    let forged = text.replacen("\"reason\":\"value\"", "\"reason\":\"other\"", 1);
    assert_ne!(forged, text);
    fs::write(two.folder.join(FILE), forged).unwrap();
    two.commit("forged");
    git(&two.folder, &["push", "--quiet", "origin", "rotations"]);
    let before = one.text();
    let (exit, _, told) = refused(one.retried(&via(OWN), "prod/C"));
    assert_eq!(exit, 6, "{told}");
    assert_eq!(one.text(), before);
}

#[test]
fn policies_that_parted_are_refused_with_the_way_out() {
    let Some(scene) = Scene::new() else { return };
    let [one, two] = scene.two();
    two.vault().configure("ttl", "on-write").unwrap();
    two.retried(&via(OWN), "prod/B").unwrap();
    one.vault().configure("reads", "off").unwrap();
    let before = one.text();
    let Err(Error::Publish(error)) = one.retried(&via(OWN), "prod/C") else { panic!() };
    let failure = Failure::from(error);
    assert_eq!((failure.exit.code(), failure.code.as_str()), (7, "policy-diverged"));
    assert_eq!(one.text(), before);
    one.shell("v-secure pin accept --yes");
    one.shell(&format!("{} --yes", failure.hints[0]));
    one.retried(&via(OWN), "prod/C").unwrap();
    two.refresh(&via(OWN)).unwrap();
    assert_eq!(one.text(), two.text());
    assert!(["ttl", "reads"].iter().all(|key| two.text().contains(&format!("\"key\":\"{key}\""))));
}

#[test]
fn only_the_device_that_the_setting_names_rotates() {
    let Some(scene) = Scene::new() else { return };
    let one = scene.place("one");
    let of = |device: &str| Via::Device {
        member: v_secure_core::name::Name::new("olga").unwrap(),
        device: v_secure_core::name::Name::new(device).unwrap(),
    };
    let before = one.text();
    let (exit, code, told) = refused(one.retried(&of("desk"), "prod/B"));
    assert_eq!((exit, code.as_str()), (4, "not-published-here"));
    assert!(told.contains("olga/desk") && told.contains("olga/library"), "{told}");
    assert_eq!(one.text(), before);
    one.retried(&of("library"), "prod/B").unwrap();
    assert_eq!(one.value("prod/B").as_deref(), Some("prod/B"));
}
