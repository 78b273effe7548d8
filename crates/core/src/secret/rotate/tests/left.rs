//! What is to be revoked, however long ago it came to be so.

use super::*;
use crate::secret::{remove, rollback, testing};

impl Scene {
    /// A rotation from its beginning to its end, whether or not one may begin.
    fn rotated(&mut self, text: &str) {
        self.apply(testing::begin(&self.vault, &secret(), text, &self.olga.ctx()));
        self.apply(testing::promote(&self.vault, &secret(), &self.olga.ctx()));
    }

    fn left(&self) -> Vec<usize> {
        over(self.state()).iter().map(|version| version.number).collect()
    }

    /// The current value under a fresh key.
    fn renew(&mut self) {
        let value = value("again");
        let same = vec![self.current().object];
        let value = Some(NewValue { value, expires: None, same });
        let request = PutRequest { secret: secret(), value, fields: Vec::new() };
        self.apply(put::put(&self.vault, vec![request], &self.olga.ctx()).unwrap());
    }
}

#[test]
fn what_one_rotation_left_is_named_after_the_next_one() {
    let mut scene = Scene::new();
    scene.rotated("second");
    scene.rotated("third");
    assert_eq!(scene.left(), [1, 2]);
    let (gone, change) = retire(&scene, &Retiring::WhatIsOver).unwrap();
    assert_eq!(gone.len(), 2);
    scene.apply(change);
    assert_eq!(scene.left(), [0; 0]);
}

#[test]
fn what_a_rotation_left_is_named_whatever_value_came_then() {
    let mut scene = Scene::new();
    scene.rotated("second");
    scene.renew();
    assert_eq!(scene.left(), [1]);
    // What a new value took the place of was given out by a rotation: it may work still, as all that has its value.
    scene.put("fourth");
    assert_eq!(scene.left(), [1, 2]);
}

#[test]
fn what_went_wrong_is_named_and_what_was_gone_back_to_is_not() {
    let mut scene = Scene::new();
    scene.rotated("second");
    let back = VersionSelector::Number(1);
    let (_, change) =
        rollback::rollback(&scene.vault, &secret(), &back, &scene.olga.ctx()).unwrap();
    scene.apply(change);
    assert_eq!(scene.left(), [2]);
    let refused = retire(&scene, &Retiring::One(back));
    assert!(matches!(refused, Err(RotateError::SameAsActive { number: 1, .. })));
}

#[test]
fn what_holds_a_retired_value_is_not_named() {
    let mut scene = Scene::new();
    scene.rotated("second");
    scene.renew();
    scene.put("fourth");
    let one = Retiring::One(VersionSelector::Number(3));
    let (_, change) = retire(&scene, &one).unwrap();
    scene.apply(change);
    assert_eq!(scene.left(), [1]);
    let (_, change) = remove::remove(&scene.vault, &[secret()], &scene.olga.ctx()).unwrap();
    scene.apply(change);
    assert_eq!(scene.left(), [0; 0]);
}

#[test]
fn a_rotation_begins_when_what_the_last_one_left_is_retired() {
    let mut scene = Scene::new();
    scene.rotated("second");
    let begin = |scene: &Scene| {
        let begun = Begun { value: value("third"), expires: None, share: None };
        begin(&scene.vault, &secret(), begun, &scene.olga.ctx())
    };
    assert!(matches!(begin(&scene), Err(RotateError::NotRetired { .. })));
    let (_, change) = retire(&scene, &Retiring::WhatIsOver).unwrap();
    scene.apply(change);
    begin(&scene).unwrap();
}
