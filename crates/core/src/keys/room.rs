//! What one policy entry has room for besides the ops that were asked for: what is beyond it waits
//! for another entry, so that no number of audiences stands in the way of a change.

use crate::policy::check;
use crate::policy::op::PolicyOp;
use crate::record::line;
use crate::record::rule::Counted;

/// The most bytes of ops in an entry that is filled up: half of what a line may have, so that its
/// heads, its reason and its signatures fit beside them.
pub(crate) const BYTES: usize = 1 << 20;

/// Room for ops.
pub(crate) struct Room {
    ops: usize,
    bytes: usize,
}

/// What became of an op.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    Taken,
    /// Another entry has room for it. This one is closed: what follows waits, too.
    Later,
    /// No entry can hold it.
    Never,
}

impl Room {
    /// That of an empty entry.
    pub const fn whole() -> Self {
        Self { ops: Counted::Ops.max(), bytes: BYTES }
    }

    /// What an entry with these ops leaves.
    pub fn beside(ops: &[PolicyOp]) -> Self {
        let Self { ops: most, bytes } = Self::whole();
        let taken: usize = ops.iter().map(size).sum();
        Self { ops: most.saturating_sub(ops.len()), bytes: bytes.saturating_sub(taken) }
    }

    pub const fn is_closed(&self) -> bool {
        self.ops == 0
    }

    pub fn take(&mut self, op: &PolicyOp) -> Fit {
        let size = size(op);
        if size > BYTES || check::op(op).is_err() {
            return Fit::Never;
        }
        if self.is_closed() || size > self.bytes {
            self.ops = 0;
            return Fit::Later;
        }
        self.ops -= 1;
        self.bytes -= size;
        Fit::Taken
    }
}

/// With the comma after it.
fn size(op: &PolicyOp) -> usize {
    line::write(op).len() + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::bytes::Fixed;
    use crate::crypto::id::EpochId;
    use crate::crypto::identity::recipient_text::RecipientText;
    use crate::name::audience::AudienceName;
    use crate::policy::op::EpochReseal;

    fn reseal(role: &str, skipped: Vec<RecipientText>) -> PolicyOp {
        let (epoch, envelope) = (EpochId([1; 16]), Fixed([2; 32]));
        PolicyOp::Reseal(EpochReseal {
            audience: AudienceName::new(format!("owner+{role}")),
            epoch,
            envelope,
            skipped,
        })
    }

    fn skipped(count: usize) -> Vec<RecipientText> {
        (0..count).map(|n| RecipientText::new(format!("ssh-{n:04}"))).collect()
    }

    #[test]
    fn an_entry_takes_as_many_ops_as_the_format_allows() {
        let op = reseal("p", Vec::new());
        let mut room = Room::beside(&vec![op.clone(); 990]);
        let fits: Vec<Fit> = (0..12).map(|_| room.take(&op)).collect();
        assert_eq!(fits, [[Fit::Taken; 10].as_slice(), &[Fit::Later; 2]].concat());
        assert!(Room::beside(&vec![op; 1_200]).is_closed());
    }

    #[test]
    fn what_is_too_long_for_what_is_left_closes_the_entry() {
        let long = reseal(&["x".repeat(100).as_str(); 8_000].join("+"), Vec::new());
        let mut room = Room::whole();
        assert_eq!(room.take(&reseal("p", Vec::new())), Fit::Taken);
        assert_eq!(Room::whole().take(&long), Fit::Never, "its roles are not in order");
        let names: Vec<String> =
            (0..5_000).map(|n| format!("p{n:04}{}", "x".repeat(110))).collect();
        let long = reseal(&names.join("+"), Vec::new());
        assert_eq!(room.take(&long), Fit::Taken);
        assert_eq!(room.take(&long), Fit::Later);
        assert_eq!(room.take(&reseal("p", Vec::new())), Fit::Later, "it is closed");
    }

    #[test]
    fn what_no_entry_can_state_takes_no_room() {
        let mut room = Room::whole();
        assert_eq!(room.take(&reseal("p", skipped(1_001))), Fit::Never);
        assert_eq!(room.take(&reseal("p", skipped(1_000))), Fit::Taken);
        let names: Vec<String> =
            (0..9_000).map(|n| format!("p{n:04}{}", "x".repeat(120))).collect();
        assert_eq!(room.take(&reseal(&names.join("+"), Vec::new())), Fit::Never);
        assert!(!room.is_closed());
    }
}
