//! Who vouched for which members, devices and roles: every credential, membership and role in force, with what is
//! worth a look.

use crate::name::{Name, Pattern};
use crate::policy::error::ChainError;
use crate::policy::vouching::{
    AccessOfRole, Credential, Ground, Voucher, VoucherStatus, Vouching, VouchingVerdict,
};
use crate::vault::Vault;

/// Why something is worth a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// Nobody who is there vouches for it, but by a device of these that was lost.
    Nobody { lost: Vec<Name> },
    /// None of those who vouch could give what the role has.
    NotTheirs { role: Name, lacks: Option<Pattern> },
    /// A role that has members and as yet no grants: what it is given, they have.
    Empty,
    /// None of those who made the role was an owner.
    MadeByOthers,
}

impl Mark {
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Nobody { .. } => "nobody",
            Self::NotTheirs { .. } => "not-theirs",
            Self::Empty => "empty",
            Self::MadeByOthers => "made-by-others",
        }
    }
}

/// A device key or recipient in force.
#[derive(Debug)]
pub struct Held {
    pub member: Name,
    pub credential: Credential,
    pub roles: Vec<Name>,
    pub added: Vec<Voucher>,
    pub confirmed: Vec<Voucher>,
    pub marks: Vec<Mark>,
}

/// A member in a role.
#[derive(Debug)]
pub struct Joined {
    pub role: Name,
    pub member: Name,
    pub by: Vec<Voucher>,
    pub marks: Vec<Mark>,
}

/// A role but `owner`.
#[derive(Debug)]
pub struct RoleRow {
    pub role: Name,
    pub members: usize,
    pub access: AccessOfRole,
    pub made: Vec<Voucher>,
    pub marks: Vec<Mark>,
}

#[derive(Debug)]
pub struct Review {
    pub credentials: Vec<Held>,
    pub memberships: Vec<Joined>,
    pub roles: Vec<RoleRow>,
}

impl Review {
    /// How many rows are worth a look.
    pub fn marked(&self) -> usize {
        let credentials = self.credentials.iter().map(|row| &row.marks);
        let memberships = self.memberships.iter().map(|row| &row.marks);
        let all = credentials.chain(memberships).chain(self.roles.iter().map(|row| &row.marks));
        all.filter(|marks| !marks.is_empty()).count()
    }
}

/// Everything in force. `vault` was opened with [`Depth::Everything`](crate::vault::Depth::Everything).
///
/// # Errors
/// Those of the chain, which a vault that was opened does not have.
pub fn review(vault: &Vault) -> Result<Review, ChainError> {
    let vouching = Vouching::of(&vault.file().chain)?;
    let ground = vouching.ground(vault.policy());
    let by = (&vouching, &ground);
    let accesses: Vec<AccessOfRole> = vault
        .policy()
        .roles()
        .map(|(role, _)| AccessOfRole::of_role(vault.chain(), role))
        .collect();
    let members = vault.policy().members();
    let credentials = members.flat_map(|(member, _)| {
        vouching.paired(member).into_iter().map(|c| held(vault, by, &accesses, member, c))
    });
    let memberships = accesses.iter().flat_map(|access| {
        let role = vault.policy().role(&access.role);
        let members = role.into_iter().flat_map(|role| role.members());
        members.map(|member| joined(vault, by, access, member)).collect::<Vec<_>>()
    });
    let roles = accesses.iter().filter(|access| !access.is_owner());
    Ok(Review {
        credentials: credentials.collect(),
        memberships: memberships.collect(),
        roles: roles.map(|access| role_row(vault, by, access)).collect(),
    })
}

fn held(
    vault: &Vault,
    (vouching, ground): (&Vouching, &Ground<'_>),
    accesses: &[AccessOfRole],
    member: &Name,
    credential: &Credential,
) -> Held {
    let state = vault.policy();
    let found = state.member(member).into_iter();
    let roles: Vec<Name> = found.flat_map(|found| found.roles()).cloned().collect();
    let own = accesses.iter().filter(|access| roles.contains(&access.role));
    let judged = |access| vouching.of_credential(state, member, credential, access);
    let verdicts: Vec<(&AccessOfRole, VouchingVerdict)> =
        own.map(|access| (access, judged(access))).collect();
    let mut marks: Vec<Mark> = verdicts.iter().filter_map(|(a, v)| not_theirs(a, v)).collect();
    let (added, confirmed) = vouching.vouchers_of(member, credential);
    if !vouching.is_backed(ground, state, member, credential) {
        marks = vec![nobody(added.iter().chain(&confirmed))];
    } else if vouching.is_sole(state, member, credential) {
        marks.clear();
    }
    Held { member: member.clone(), credential: credential.clone(), roles, added, confirmed, marks }
}

fn joined(
    vault: &Vault,
    (vouching, ground): (&Vouching, &Ground<'_>),
    access: &AccessOfRole,
    member: &Name,
) -> Joined {
    let verdict = vouching.of_membership(vault.policy(), member, access);
    let is_sole = vault.policy().is_owner(member) && vault.policy().owners().count() == 1;
    let is_bare = verdict.is_orphan() && !verdict.is_vouched;
    let marks = match is_bare || !ground.backs_membership(member, &access.role) {
        _ if is_sole => Vec::new(),
        true => vec![nobody(verdict.added.iter().chain(&verdict.confirmed))],
        false => not_theirs(access, &verdict).into_iter().collect(),
    };
    Joined { role: access.role.clone(), member: member.clone(), by: verdict.added, marks }
}

/// Who vouched is not there; or is, and the device is not.
fn nobody<'a>(vouchers: impl Iterator<Item = &'a Voucher>) -> Mark {
    let lost = vouchers.filter(|voucher| voucher.standing == VoucherStatus::Lost);
    Mark::Nobody { lost: lost.map(|voucher| voucher.member.clone()).collect() }
}

fn not_theirs(access: &AccessOfRole, verdict: &VouchingVerdict) -> Option<Mark> {
    // A role that has nothing is marked itself.
    (!verdict.is_vouched && !access.is_empty())
        .then(|| Mark::NotTheirs { role: access.role.clone(), lacks: verdict.lacks.clone() })
}

fn role_row(
    vault: &Vault,
    (vouching, ground): (&Vouching, &Ground<'_>),
    access: &AccessOfRole,
) -> RoleRow {
    let state = vault.policy();
    let members = state.role(&access.role).map_or(0, |role| role.members().count());
    let made = vouching.of_role(&access.role);
    let mut marks = Vec::new();
    if access.is_empty() && members > 0 {
        marks.push(Mark::Empty);
    }
    let by_owner = made.iter().any(|voucher| state.is_owner(&voucher.member));
    if !by_owner {
        marks.push(Mark::MadeByOthers);
    } else if !ground.backs_role(&access.role) {
        marks.push(nobody(made.iter()));
    }
    RoleRow { role: access.role.clone(), members, access: access.clone(), made, marks }
}
