//! What shows when somebody changes the journal.

use super::*;
use crate::store::state::journal::tests::Scene;

fn scene() -> (Scene, Vec<String>) {
    let scene = Scene::new();
    (1..=4).for_each(|ts| scene.append(ts));
    let lines = scene.text().lines().map(str::to_owned).collect();
    (scene, lines)
}

fn breaks(scene: &Scene, lines: &[String]) -> Vec<(usize, Cause)> {
    scene.write(&lines.iter().map(|line| format!("{line}\n")).collect::<String>());
    scene.load().breaks.iter().map(|found| (found.line, found.cause)).collect()
}

#[test]
fn a_whole_journal_has_no_break() {
    let (scene, lines) = scene();
    assert_eq!(breaks(&scene, &lines), []);
    assert_eq!(breaks(&scene, &[]), []);
    assert!(!scene.load().is_trimmed);
}

#[test]
fn what_was_changed_taken_out_put_in_or_moved_is_named_by_its_line() {
    let (scene, lines) = scene();
    let mut changed = lines.clone();
    changed[1] = changed[1].replace("\"actor\":\"ann\"", "\"actor\":\"bob\"");
    assert_eq!(breaks(&scene, &changed), [(2, Cause::Id)]);
    let mut without = lines.clone();
    without.remove(1);
    assert_eq!(breaks(&scene, &without), [(2, Cause::Link)]);
    let mut twice = lines.clone();
    twice.insert(2, lines[0].clone());
    assert_eq!(breaks(&scene, &twice), [(3, Cause::Link), (4, Cause::Link)]);
    let mut moved = lines.clone();
    moved.swap(2, 3);
    assert_eq!(breaks(&scene, &moved).first(), Some(&(3, Cause::Link)));
    let mut noise = lines.clone();
    noise.insert(3, "not a record".to_owned());
    assert_eq!(breaks(&scene, &noise), [(4, Cause::Syntax)]);
}

#[test]
fn a_journal_that_begins_late_is_trimmed() {
    let (scene, lines) = scene();
    assert_eq!(breaks(&scene, &lines[1..]), []);
    assert!(scene.load().is_trimmed);
}

#[test]
fn a_reader_sees_whole_lines_while_others_are_added() {
    let (scene, _) = scene();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| (5..300).for_each(|ts| scene.append(ts)));
        while !writer.is_finished() {
            assert_eq!(scene.load().breaks, []);
        }
    });
    assert_eq!(scene.load().reads.len(), 299);
}
