//! `key slot add`, `key slot change`, `key slot list`, `key slot remove`.

use crate::crypto::bytes::ShortId;
use crate::crypto::kdf::Params;
use crate::name::Name;
use crate::people::slot::Slot;
use serde::Serialize;

#[derive(Serialize)]
pub struct KeySlotAddView<'a> {
    pub slot: ShortId,
    pub label: &'a str,
}

#[derive(Serialize)]
pub struct KeySlotChangeView {
    pub slot: ShortId,
    /// The slot that it takes the place of.
    pub replaces: ShortId,
}

#[derive(Serialize)]
pub struct KeySlotRemoveView {
    pub slot: ShortId,
}

#[derive(Serialize)]
pub struct KeySlotListView<'a> {
    pub slots: Vec<SlotView<'a>>,
}

#[derive(Serialize)]
pub struct SlotView<'a> {
    pub slot: ShortId,
    pub member: &'a Name,
    pub label: &'a str,
    pub recipient: &'a str,
    /// As the setting `kdf` spells it.
    pub cost: String,
    /// Whether that is less than the vault's policy asks for.
    pub weak: bool,
    pub state: &'static str,
}

impl<'a> SlotView<'a> {
    /// Of a slot, and the cost that the policy asks for.
    pub fn of(slot: &Slot<'a>, policy: Params) -> Self {
        let seal = slot.seal;
        let params = Params::new(seal.m, seal.t, seal.p);
        Self {
            slot: *slot.id,
            member: &seal.member,
            label: &seal.label,
            recipient: &seal.recipient,
            cost: format!("m={},t={},p={}", seal.m, seal.t, seal.p),
            weak: params.is_ok_and(|params| params.is_weaker_than(policy)),
            state: slot.standing.as_str(),
        }
    }
}

#[cfg(test)]
pub(in crate::report::view) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::slot::SlotStatus;
    use crate::report::view::testing::{Examples, SHORT_ID, hold, json, name};
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[
        ("key-slot-add", added),
        ("key-slot-change", changed),
        ("key-slot-list", listed),
        ("key-slot-remove", removed),
    ];

    #[test]
    fn they_meet_their_schemas() {
        hold(VIEWS);
    }

    fn added() -> Vec<Value> {
        vec![json(&KeySlotAddView { slot: SHORT_ID, label: "travelling" })]
    }

    fn changed() -> Vec<Value> {
        vec![json(&KeySlotChangeView { slot: SHORT_ID, replaces: SHORT_ID })]
    }

    fn removed() -> Vec<Value> {
        vec![json(&KeySlotRemoveView { slot: SHORT_ID })]
    }

    fn listed() -> Vec<Value> {
        let member = name("admin");
        let states = [SlotStatus::Usable, SlotStatus::Stale, SlotStatus::OtherIdentity];
        let slot = |state: SlotStatus| SlotView {
            slot: SHORT_ID,
            member: &member,
            label: "travelling",
            recipient: "age1x",
            cost: "m=262144,t=3,p=4".into(),
            weak: false,
            state: state.as_str(),
        };
        vec![json(&KeySlotListView { slots: states.map(slot).into() })]
    }
}
