//! Several who publish at once.

use super::*;
use std::sync::Barrier;

#[test]
fn of_two_who_publish_one_is_first_and_the_other_begins_again_upon_it() {
    let Some(scene) = Scene::new() else { return };
    let [one, two] = scene.two();
    // Each has looked before the other publishes.
    two.refresh(&via(OWN)).unwrap();
    one.retried(&via(OWN), "prod/B").unwrap();
    let before = two.text();
    let late = two.publish(&via(OWN), "prod/C");
    assert_eq!(refused(late).1, "moved");
    assert_eq!(two.text(), before, "nothing is written");
    let mut times = 0;
    let mut race = |vault: &Verified, ctx: &Ctx<'_>| {
        times += 1;
        if times == 1 {
            one.retried(&via(OWN), "prod/D").unwrap();
        }
        put(vault, ctx, "prod/C")
    };
    two.making(&via(OWN), &mut race).unwrap();
    assert_eq!(times, 2, "the change is made again");
    for name in ["prod/B", "prod/C", "prod/D"] {
        assert_eq!(two.value(name).as_deref(), Some(name));
    }
    assert_eq!(scene.shown(&format!("{OWN}:{FILE}")), two.text());
}

#[test]
fn after_five_times_it_is_left_to_who_asked() {
    let Some(scene) = Scene::new() else { return };
    let [one, two] = scene.two();
    let mut times = 0;
    let made = two.making(&via(OWN), |vault, ctx| {
        times += 1;
        one.retried(&via(OWN), &format!("prod/N{times}")).unwrap();
        put(vault, ctx, "prod/C")
    });
    assert_eq!((refused(made).0, times), (7, 5));
    assert_eq!(two.value("prod/C"), None);
}

#[test]
fn many_at_once_lose_nothing() {
    let Some(scene) = Scene::new() else { return };
    let [one, two] = scene.two();
    let start = Barrier::new(2);
    std::thread::scope(|scope| {
        for (place, letter) in [(&one, 'X'), (&two, 'Y')] {
            let start = &start;
            scope.spawn(move || {
                start.wait();
                for number in 0..3 {
                    place.retried(&via(MAIN), &format!("prod/{letter}{number}")).unwrap();
                }
            });
        }
    });
    one.refresh(&via(MAIN)).unwrap();
    two.refresh(&via(MAIN)).unwrap();
    assert_eq!(one.text(), two.text());
    for name in ["prod/X0", "prod/X1", "prod/X2", "prod/Y0", "prod/Y1", "prod/Y2"] {
        assert_eq!(one.value(name).as_deref(), Some(name));
    }
}

#[test]
fn a_writer_in_the_same_clone_waits_and_loses_nothing() {
    let Some(scene) = Scene::new() else { return };
    let one = scene.place("one");
    scene.hook("pre-receive", "sleep 1");
    std::thread::scope(|scope| {
        let publishing = scope.spawn(|| one.retried(&via(OWN), "prod/B").map(|_| ()));
        std::thread::sleep(std::time::Duration::from_millis(600));
        one.vault().store("prod/C", SecretValue::new(b"c".to_vec()), "beside it").unwrap();
        publishing.join().unwrap().unwrap();
    });
    assert_eq!(one.value("prod/B").as_deref(), Some("prod/B"));
    assert_eq!(one.value("prod/C").as_deref(), Some("c"));
}
