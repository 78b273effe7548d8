//! What a file without its closed history can tell of which secrets (`docs/format.md` section 11).

use crate::crypto::id::{EntryId, ObjectId, WrapId};
use crate::file::model::{SecretSection, VaultFile};
use crate::log::fold::FoldScope;
use crate::log::graph::Graph;
use crate::log::op::Op;
use crate::log::policy_view::PolicyView;
use crate::log::register::At;
use crate::log::rotation;
use crate::name::SecretName;
use crate::policy::position::PolicyPosition;
use std::collections::{BTreeSet, HashSet};

/// What takes history to be told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Reach {
    /// Nothing: all is in the file.
    #[default]
    Nothing,
    /// These secrets.
    Secrets(BTreeSet<SecretName>),
    /// Everything: something that is open follows what is not there, and may have lost more than that.
    Everything,
}

impl Reach {
    /// What of the secrets that `scope` has takes history.
    pub(crate) fn of(
        file: &VaultFile,
        graph: &Graph,
        policy: &dyn PolicyView,
        scope: FoldScope<'_>,
    ) -> Self {
        if file.closed.is_none() {
            return Self::Nothing;
        }
        if Self::is_everything(file, graph, policy) {
            return Self::Everything;
        }
        let named = Named::within(file, graph, scope);
        let mut secrets = late(file, graph, scope);
        secrets.extend(rotation::reaching(&file.entries, graph, scope));
        let sections = file.secrets.values().filter(|section| scope.has(&section.name));
        let foreign = sections.filter(|section| !named.has_all_of(section));
        secrets.extend(foreign.map(|section| section.name.clone()));
        if secrets.is_empty() { Self::Nothing } else { Self::Secrets(secrets) }
    }

    /// Whether something that is open follows what is not in a file that is read without its history.
    pub(super) fn is_everything(file: &VaultFile, graph: &Graph, policy: &dyn PolicyView) -> bool {
        file.closed.is_some() && (graph.has_gaps() || lacks_a_head(graph, policy))
    }

    /// Whether the secret takes history.
    pub fn has(&self, secret: &SecretName) -> bool {
        match self {
            Self::Nothing => false,
            Self::Secrets(secrets) => secrets.contains(secret),
            Self::Everything => true,
        }
    }

    pub fn is_nothing(&self) -> bool {
        *self == Self::Nothing
    }
}

/// Whether a head of a policy entry is missing that the last checkpoint does not say is closed: it may be, or have
/// been taken out with what led to it.
fn lacks_a_head(graph: &Graph, policy: &dyn PolicyView) -> bool {
    let Some((checkpoint, position)) = policy.checkpoint() else { return false };
    let is_open = |at: usize, head: &EntryId| {
        at >= position.index() || checkpoint.open.binary_search(head).is_ok()
    };
    (0..policy.ids().len()).any(|at| {
        let heads = policy.heads(PolicyPosition::new(at)).iter();
        heads.into_iter().any(|head| is_open(at, head) && graph.place(head).is_none())
    })
}

fn late(file: &VaultFile, graph: &Graph, scope: FoldScope<'_>) -> BTreeSet<SecretName> {
    let entries = file.entries.iter();
    let late = entries.filter(|(id, _)| graph.place(id).is_some_and(|place| graph.is_late(place)));
    let secrets = late.flat_map(|(_, entry)| &entry.ops).filter_map(Op::secret);
    secrets.filter(|secret| scope.has(secret)).cloned().collect()
}

/// The versions and wraps that ops name.
#[derive(Default)]
pub(crate) struct Holding {
    objects: HashSet<(SecretName, ObjectId)>,
    wraps: HashSet<(SecretName, WrapId)>,
}

/// What ops of a file name.
pub(crate) struct Named;

impl Named {
    /// By any op of any entry.
    pub fn by_any(file: &VaultFile) -> Holding {
        let mut named = Holding::default();
        file.entries.values().flat_map(|entry| &entry.ops).for_each(|op| named.note(op));
        named
    }

    /// By the kept ops and those of open entries.
    pub fn upon(file: &VaultFile, graph: &Graph) -> Holding {
        Self::within(file, graph, FoldScope::All)
    }

    fn within(file: &VaultFile, graph: &Graph, scope: FoldScope<'_>) -> Holding {
        let mut named = Holding::default();
        for (id, entry) in &file.entries {
            let Some(place) = graph.place(id) else { continue };
            let base = graph.base().filter(|base| base.is_kept(place));
            for (index, op) in entry.ops.iter().enumerate().filter(|(_, op)| scope.names(op)) {
                if base.is_none_or(|base| base.has_op(At::new(place, index), op)) {
                    named.note(op);
                }
            }
        }
        named
    }
}

impl Holding {
    fn note(&mut self, op: &Op) {
        let Some(secret) = op.secret() else { return };
        self.objects.extend(op.objects().map(|object| (secret.clone(), *object)));
        if let Op::Resolve(resolve) = op {
            self.objects.insert((secret.clone(), resolve.object));
        }
        self.wraps.extend(op.wraps().map(|(_, _, wrap)| (secret.clone(), *wrap)));
    }

    pub fn has_version(&self, secret: &SecretName, object: &ObjectId) -> bool {
        self.objects.contains(&(secret.clone(), *object))
    }

    pub fn has_wrap(&self, secret: &SecretName, wrap: &WrapId) -> bool {
        self.wraps.contains(&(secret.clone(), *wrap))
    }

    fn has_all_of(&self, section: &SecretSection) -> bool {
        let name = &section.name;
        section.versions.keys().all(|object| self.has_version(name, object))
            && section.wraps.keys().all(|wrap| self.has_wrap(name, wrap))
    }
}
