//! Attempts of a grantor to give what it does not hold: wider patterns, other rights, and what follows from both.

use crate::forgery::access::Cast;
use crate::forgery::kind::{Forgery, Get, Setup};
use crate::forgery::world::{World, name};
use v_secure_core::name::Pattern;
use v_secure_core::policy::op::{PolicyOp, Right};

const fn refused(name: &'static str, what: &'static str, make: fn(&World) -> String) -> Forgery {
    let (code, setup) = ("policy-unauthorised", Setup::File);
    Forgery { name, what, code, setup, get: Get::Refused("prod/DB"), make }
}

pub const ALL: &[Forgery] = &[
    refused("grant-of-wider-pattern", "a grantor on dev/* grants on every environment", |world| {
        grant(world, "*", Right::Read)
    }),
    refused(
        "grant-of-right-not-held",
        "a grantor on dev/* who may not delete grants the right to",
        |world| grant(world, "dev/*", Right::Delete),
    ),
    refused("revoked-outside-pattern", "a grantor on dev/* takes rights on prod/* away", |world| {
        let (role, pattern) = (name("ci"), Pattern::new("prod/*").unwrap());
        Cast::new(world).appended(vec![PolicyOp::Revoke {
            role,
            pattern,
            rights: vec![Right::Read],
        }])
    }),
    refused(
        "member-removed-by-grantor",
        "a grantor on dev/* removes a reader of prod/*",
        |world| Cast::new(world).appended(vec![PolicyOp::MemberRemove { member: name("rita") }]),
    ),
    refused("setting-by-grantor", "a grantor lets a loader variable through", |world| {
        let (key, value) = ("variables.allow".to_owned(), "LD_PRELOAD".to_owned());
        Cast::new(world).appended(vec![PolicyOp::Setting { key, value }])
    }),
];

fn grant(world: &World, pattern: &str, right: Right) -> String {
    let (role, pattern) = (name("outside"), Pattern::new(pattern).unwrap());
    Cast::new(world).appended(vec![PolicyOp::grant(role, pattern, vec![right])])
}
