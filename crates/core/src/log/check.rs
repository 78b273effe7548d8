//! What a log entry must keep by itself, before anything is known of the graph: applied on reading,
//! and by writers before they sign (`docs/format.md`, section 6 and Limits).

use super::entry::Entry;
use super::op::{Op, Pending};
use super::rotation::MAX_SHARE;
use crate::name::Name;
use crate::record::rule;
use crate::record::rule::{Counted, RuleError};
use crate::record::text::{MAX_REASON, MAX_VALUE_TEXT};
use crate::time::UnixTime;

/// The greatest index of an op in an entry.
const MAX_OP_INDEX: u64 = 999;

/// Checks one entry.
pub fn entry(entry: &Entry) -> Result<(), RuleError> {
    Counted::Parents.check(entry.parents.len())?;
    rule::ascending("parents", &entry.parents)?;
    rule::integer("lamport", entry.lamport)?;
    rule::integer("ts", entry.ts.as_secs())?;
    rule::not_empty("ops", &entry.ops)?;
    Counted::Ops.check(entry.ops.len())?;
    entry.ops.iter().try_for_each(op)?;
    rule::text("reason", &entry.reason, MAX_REASON)
}

/// Checks one op.
pub fn op(op: &Op) -> Result<(), RuleError> {
    if op.adopts().is_some_and(|adopted| adopted.op > MAX_OP_INDEX) {
        return Err(RuleError::Integer { key: "op" });
    }
    match op {
        Op::Put(put) => {
            rule::integer("expires", put.expires.map_or(0, UnixTime::as_secs))?;
            ids("replaces", &put.replaces)?;
            ids("same", &put.same)
        }
        Op::Pending(pending) => {
            rule::integer("expires", pending.expires.map_or(0, UnixTime::as_secs))?;
            whole(pending)
        }
        Op::Promote(promote) => ids("replaces", &promote.replaces),
        Op::Field(field) => {
            field_name(&field.field)?;
            rule::text("value", field.value.as_deref().unwrap_or(""), MAX_VALUE_TEXT)
        }
        Op::Restore(versions) | Op::Remove(versions) | Op::Retire(versions) => {
            some_ids("objects", &versions.objects)
        }
        Op::Prune { objects, .. } => some_ids("objects", objects),
        Op::Rollout { share, .. } if *share > MAX_SHARE => Err(RuleError::Integer { key: "share" }),
        Op::Checkpoint { heads, .. } => ids("heads", heads),
        Op::Expire(expire) => rule::integer("at", expire.at.map_or(0, UnixTime::as_secs)),
        Op::Resolve(_) | Op::Join(_) | Op::Rewrap { .. } | Op::Rollout { .. } | Op::Abort(_) => {
            Ok(())
        }
    }
}

/// What begins a rotation has a base and a nonce, and what adds to one has neither. A value has a body and a wrap; an
/// intent, which begins a rotation, has neither, and nothing that expires.
fn whole(pending: &Pending) -> Result<(), RuleError> {
    if pending.nonce.is_some() != pending.base.is_some() {
        return Err(RuleError::Apart { key: "base" });
    }
    if pending.rotation.is_some() == pending.nonce.is_some()
        || (pending.rotation.is_some() && pending.body.is_none())
    {
        return Err(RuleError::Apart { key: "rotation" });
    }
    if pending.body.is_some() != pending.wrap.is_some() {
        return Err(RuleError::Apart { key: "wrap" });
    }
    match pending.body.is_none() && pending.expires.is_some() {
        true => Err(RuleError::Apart { key: "expires" }),
        false => Ok(()),
    }
}

/// Checks the name of a metadata field.
pub(crate) fn field_name(text: &str) -> Result<(), RuleError> {
    let own = text.strip_prefix("tag.").or_else(|| text.strip_prefix("meta."));
    let known = match own {
        Some(name) => Name::new(name).is_ok(),
        None => {
            matches!(text, "type" | "description" | "var" | "generate" | "rotation-interval")
        }
    };
    if known { Ok(()) } else { Err(RuleError::FieldName) }
}

fn ids<T: Ord>(list: &'static str, ids: &[T]) -> Result<(), RuleError> {
    Counted::Ids.check(ids.len())?;
    rule::ascending(list, ids)
}

fn some_ids<T: Ord>(list: &'static str, some: &[T]) -> Result<(), RuleError> {
    rule::not_empty(list, some)?;
    ids(list, some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::id::EntryId;
    use crate::crypto::id::ObjectId;
    use crate::log::op::{Expire, OpRef};
    use crate::name::SecretName;

    #[test]
    fn an_adopted_op_is_one_that_an_entry_can_have() {
        let adopting = |index| {
            let adopts = Some(OpRef { entry: EntryId([1; 32]), op: index });
            let secret = SecretName::parse("prod/A").unwrap();
            op(&Op::Expire(Expire { secret, object: ObjectId([2; 32]), at: None, adopts }))
        };
        assert_eq!(adopting(999), Ok(()));
        assert_eq!(adopting(1_000), Err(RuleError::Integer { key: "op" }));
    }

    #[test]
    fn fields_are_the_known_ones_and_two_open_families() {
        for good in
            ["type", "description", "var", "generate", "rotation-interval", "tag.team", "meta.a.b"]
        {
            assert_eq!(field_name(good), Ok(()), "{good}");
        }
        for bad in ["", "Type", "tag.", "tag", "meta.-x", "meta.a b", "note"] {
            assert_eq!(field_name(bad), Err(RuleError::FieldName), "{bad}");
        }
    }
}
