//! Random steps: what is computed is what keys really open.

use super::*;

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

const SECRETS: [&str; 4] = ["dev/A", "dev/B", "prod/A", "prod/B"];
const ROLES: [&str; 2] = ["developer", "platform"];
const PATTERNS: [&str; 4] = ["*", "dev/*", "prod/*", "prod/A"];
const MEMBERS: [&str; 3] = ["ann", "bob", "cy"];

impl World {
    fn step(&mut self, dice: &mut Dice) -> String {
        let (member, role) = (MEMBERS[dice.roll(3)], ROLES[dice.roll(2)]);
        let (of, read) = (SECRETS[dice.roll(4)], PATTERNS[dice.roll(4)]);
        let (m, r, policy) = (name(member), name(role), self.vault().policy());
        let held = policy.role(&r).unwrap().grants().any(|(p, _)| *p == pattern(read));
        let found = policy.member(&m).cloned();
        let inside = found.as_ref().is_some_and(|m| m.roles().any(|own| *own == r));
        match (dice.roll(9), found) {
            (0 | 1, _) => self.set(of),
            (2, _) => {
                let from = SECRETS[dice.roll(4)];
                self.copy(from, of);
            }
            (7, _) => self.remove(of),
            (8, _) => {
                let number = dice.roll(3);
                self.set_to(of, number);
            }
            (3, _) => {
                let (role, pattern, rights) = (r, pattern(read), vec![Right::Read]);
                self.change(vec![match held {
                    true => PolicyOp::Revoke { role, pattern, rights },
                    false => PolicyOp::grant(role, pattern, rights),
                }]);
            }
            (_, None) => self.add(member, role),
            (4, Some(_)) => self.change(vec![match inside {
                true => PolicyOp::RoleLeave { role: r, member: m },
                false => PolicyOp::role_join(r, m),
            }]),
            (5, Some(_)) => self.change(vec![PolicyOp::MemberRemove { member: m }]),
            (_, Some(found)) => {
                let recipient = match found.recipients.len() {
                    1 => self.key(),
                    _ => found.recipients.first().cloned().unwrap(),
                };
                self.change(vec![match found.recipients.len() {
                    1 => PolicyOp::recipient_add(m, recipient),
                    _ => PolicyOp::RecipientRemove { member: m, recipient },
                }]);
            }
        }
        format!("{member} {role} {of} {read}")
    }
}

#[test]
fn it_agrees_with_what_keys_really_open() {
    for seed in 0..12 {
        let (mut world, mut dice) = (World::new(), Dice(seed));
        for role in ROLES {
            world.change(vec![PolicyOp::RoleAdd { role: name(role) }]);
        }
        for number in 0..25 {
            let step = world.step(&mut dice);
            world.compare(&format!("seed {seed}, step {number}: {step}"));
        }
    }
}
