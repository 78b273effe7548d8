//! What changes of policy and keys cost at 10,000 secrets and 20 members:
//! `cargo bench --bench policy`, or for another size `cargo bench --bench policy -- 1000`.
//!
//! Each row is measured twice: the operation alone, from an open vault to the signed change; and the
//! whole command from the file on the disk to the new file on the disk (lock, read, check against the
//! cache, operation, apply, write, fsync, pins), without starting a process. Ratios are to full
//! verification of the same vault, measured in the same run. What age alone needs for the values is
//! measured beside it.

mod age_alone;
mod team;

use std::time::{Duration, Instant};
use team::{NOW, Team};
use v_secure_core::keys::policy_change;
use v_secure_core::keys::rotation::{dek, kek};
use v_secure_core::keys::status::key_status;
use v_secure_core::name::{Name, Pattern, SecretName};
use v_secure_core::people::access;
use v_secure_core::people::member;
use v_secure_core::policy::op::{PolicyOp, Right};
use v_secure_core::policy::rights::Rights;
use v_secure_core::vault::Vault;
use v_secure_core::vault::author::Ctx;
use v_secure_core::vault::change::Change;

const RUNS: usize = 5;

/// An operation, and what it has to have done.
struct Case {
    name: &'static str,
    make: fn(&Team, &Vault, &Ctx<'_>) -> Change,
    check: fn(&Vault, usize),
}

const CASES: [Case; 6] = [
    Case { name: "add a member", make: add, check: |vault, _| assert_members(vault, 21) },
    Case { name: "remove a member", make: remove, check: |vault, _| assert_members(vault, 19) },
    Case {
        name: "widen a role by 3/10 of the secrets",
        make: widen,
        check: |vault, secrets| {
            assert_under(vault, "ci+developer+operator+owner", secrets * 3 / 10)
        },
    },
    Case {
        name: "narrow a role by 3/10 of the secrets",
        make: narrow,
        check: |vault, secrets| assert_under(vault, "operator+owner", secrets * 3 / 10),
    },
    Case {
        name: "rotate every KEK",
        make: rotate_keks,
        check: |vault, _| {
            let status = key_status(vault, NOW);
            let used: Vec<_> = status.audiences.iter().filter(|keys| keys.in_use).collect();
            assert!(used.len() == 3 && used.iter().all(|keys| keys.epochs == 2));
        },
    },
    Case {
        name: "rotate every DEK",
        make: rotate_deks,
        check: |vault, secrets| {
            let versions = vault.live().map(|(_, secret)| secret.versions.len());
            assert_eq!(versions.sum::<usize>(), 2 * secrets);
        },
    },
];

fn main() {
    let size = std::env::args().skip(1).find_map(|argument| argument.parse().ok());
    let team = Team::new(size.unwrap_or(10_000));
    let (verify, _) = median(|| team.open_strict());
    println!(
        "{} secrets, 20 members, {} KiB; times are medians of {RUNS} runs.\n\n\
         | | operation | whole command | whole : full verification |\n|---|--:|--:|--:|\n\
         | full verification | {} | | 1 |",
        team.secrets,
        team.text.len() >> 10,
        shown(verify)
    );
    for case in &CASES {
        let (operation, _) = median(|| team.with(|vault, ctx| (case.make)(&team, vault, ctx)));
        let (whole, vault) = median(|| team.whole(|vault, ctx| (case.make)(&team, vault, ctx)));
        (case.check)(&vault, team.secrets);
        let ratio = whole.as_secs_f64() / verify.as_secs_f64();
        println!("| {} | {} | {} | {ratio:.2} |", case.name, shown(operation), shown(whole));
    }
    age_alone::report(&team, verify);
}

/// The median time of some runs, as each reports it, and what the last one made.
fn median<T>(mut run: impl FnMut() -> (Duration, T)) -> (Duration, T) {
    let mut times = Vec::new();
    loop {
        let (time, made) = run();
        times.push(time);
        if times.len() == RUNS {
            times.sort();
            return (times[RUNS / 2], made);
        }
    }
}

fn timed<T>(run: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let made = run();
    (start.elapsed(), made)
}

fn shown(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

fn name(text: &str) -> Name {
    Name::new(text).expect("a name")
}

fn change(vault: &Vault, ops: Vec<PolicyOp>, ctx: &Ctx<'_>) -> Change {
    let (change, outcome) = policy_change::change(vault, ops, ctx).expect("an owner may");
    assert!(outcome.unsettled.is_empty() && outcome.without_keys.is_empty());
    change
}

fn add(team: &Team, vault: &Vault, ctx: &Ctx<'_>) -> Change {
    let ops = member::add(vault.chain(), &team.newcomer);
    change(vault, ops.expect("a newcomer"), ctx)
}

fn remove(_: &Team, vault: &Vault, ctx: &Ctx<'_>) -> Change {
    change(vault, vec![PolicyOp::MemberRemove { member: name("developer-1") }], ctx)
}

fn prod_for_developers() -> access::RoleGrant {
    let rights = Rights::NONE.with(Right::Read);
    access::RoleGrant { pattern: Pattern::new("prod/*").expect("a pattern"), rights }
}

fn widen(_: &Team, vault: &Vault, ctx: &Ctx<'_>) -> Change {
    let ops = access::grant(vault.policy(), &name("developer"), &prod_for_developers());
    change(vault, ops, ctx)
}

fn narrow(_: &Team, vault: &Vault, ctx: &Ctx<'_>) -> Change {
    let pattern = Pattern::new("stage/*").expect("a pattern");
    let rights = vec![Right::Read];
    change(vault, vec![PolicyOp::Revoke { role: name("developer"), pattern, rights }], ctx)
}

fn rotate_keks(_: &Team, vault: &Vault, ctx: &Ctx<'_>) -> Change {
    let status = key_status(vault, ctx.now);
    let plan = kek::plan(&status, ctx.who.member(), &kek::KekSelection::All).expect("a plan");
    let (change, outcome) = kek::renew(vault, plan, &status, ctx).expect("new epochs");
    assert!(outcome.left.is_empty());
    change.expect("new epochs")
}

fn rotate_deks(_: &Team, vault: &Vault, ctx: &Ctx<'_>) -> Change {
    let status = key_status(vault, ctx.now);
    let mut plan =
        dek::plan(vault, &status, ctx.who, &dek::DekSelection::All, ctx.now).expect("a plan");
    assert!(plan.skipped.is_empty());
    dek::reencrypt(vault, &mut plan, ctx).expect("fresh keys").expect("some secrets")
}

fn assert_members(vault: &Vault, count: usize) {
    assert_eq!(vault.policy().members().count(), count);
}

/// So many secrets belong to the audience and are wrapped for it.
fn assert_under(vault: &Vault, audience: &str, count: usize) {
    let under = |(name, secret): &(&SecretName, &v_secure_core::log::state::SecretState)| {
        let wrap = secret.current().map(|version| version.live_wrap.wrap);
        let wrap = wrap.and_then(|wrap| vault.wrap(&vault.uid(name), &wrap));
        wrap.is_some_and(|wrap| wrap.audience == audience)
    };
    assert_eq!(vault.live().filter(under).count(), count);
}
