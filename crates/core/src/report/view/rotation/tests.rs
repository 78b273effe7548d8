//! Examples of what is printed of rotations.

use super::*;
use crate::report::view::secret::rotation::examples as each;
use crate::report::view::testing::{Examples, ID, SHORT_ID, hold, json, name, secret};
use serde_json::Value;

pub(crate) const VIEWS: &[Examples] = &[
    ("rotation-list", list),
    ("secret-rotation-status", status),
    ("rotation-promote", promoted),
    ("rotation-retire", retired),
    ("rotation-run", ran),
    ("rotation-settle", settled),
];

#[test]
fn they_meet_their_schemas() {
    hold(VIEWS);
}

fn gone() -> Vec<RetiredView> {
    let id = ObjectId(ID.0);
    vec![RetiredView { version: Some(1), id }, RetiredView { version: None, id }]
}

fn current(version: Option<usize>) -> CurrentView {
    CurrentView { version, id: version.map(|_| ObjectId(ID.0)) }
}

fn list() -> Vec<Value> {
    let (secret, author) = (&secret(), &name("admin"));
    let open = each(secret, author).into_iter().take(2).collect();
    vec![json(&RotationListView { rotations: open })]
}

fn status() -> Vec<Value> {
    let (secret, author) = (&secret(), &name("admin"));
    let view = |version, given| SecretStatusView {
        secret,
        current: current(version),
        rotations: each(secret, author),
        to_retire: gone(),
        given,
    };
    let secrets =
        vec![view(Some(2), Some("pending")), view(Some(1), Some("current")), view(None, None)];
    vec![json(&RotationStatusView { secrets })]
}

fn promoted() -> Vec<Value> {
    let secret = &secret();
    let rotation = RotationId(SHORT_ID.0);
    let view = |version| RotationPromoteView { secret, rotation, current: current(version) };
    vec![json(&view(Some(2))), json(&view(None))]
}

fn retired() -> Vec<Value> {
    vec![json(&RotationRetireView { secret: &secret(), retired: gone() })]
}

fn settled() -> Vec<Value> {
    let secret = &secret();
    let (object, rotation) = (ObjectId(ID.0), RotationId(SHORT_ID.0));
    let view = |chosen: Option<ObjectId>, aborted, version| RotationSettleView {
        secret,
        resolved: chosen,
        set_again: chosen.is_none(),
        chosen,
        aborted,
        current: current(version),
    };
    vec![json(&view(Some(object), vec![rotation], Some(2))), json(&view(None, Vec::new(), None))]
}

fn ran() -> Vec<Value> {
    let view = |did| RanView {
        secret: secret(),
        did,
        rotation: (did == "rotated").then_some(RotationId(SHORT_ID.0)),
        retired: if did == "retired" { gone() } else { Vec::new() },
        until: (did == "waits").then(|| "2027-01-31T00:00:00Z".to_owned()),
        error: (did == "failed").then(|| RanErrorView {
            code: "provider-busy".to_owned(),
            message: "it was not done".to_owned(),
            causes: vec!["the provider asks to try again later".to_owned()],
            hints: vec!["v-secure rotation run".to_owned()],
        }),
    };
    let words = ["rotated", "resumed", "retired", "waits", "held", "failed"];
    vec![json(&RotationRunView { secrets: words.map(view).into() })]
}
