//! `v-secure member key remove`: one command for a lost laptop.

use crate::cli::args::complete;
use crate::cli::confirm::ConfirmArgs;
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::people::departure as vouched;
use crate::cli::people::exposure::Narrowed;
use crate::cli::people::policy::{Changed, ReasonArg, listed};
use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use v_secure_core::keys::policy_change;
use v_secure_core::people::departure;
use v_secure_core::people::departure::{Departure, DeviceName};
use v_secure_core::policy::op::PolicyOp;
use v_secure_core::policy::vouching::Going;
use v_secure_core::report::view::member::MemberKeyRemoveView;
use v_secure_core::report::view::vouched_alone::VouchedAloneView;
use v_secure_core::vault::author::Ctx;
use v_secure_core::vault::{Depth, Vault};

/// Remove a device: its key opens no new value, and what it signs no longer counts
#[derive(Debug, Args)]
#[command(
    after_help = "Takes the device's signing key and its recipient from the member, and gives every audience \
                        that the member is in new keys, as far as you can. With --lost, devices and recipients \
                        that were added under the device's signature go as well: for a device in the hands of \
                        somebody who may have added one of their own. What it let in elsewhere, such as members, owners, \
                        devices of others, memberships and roles, is listed: it stays unless you say otherwise. A recovery identity is in that \
                        list where only the device added it: keep it if you made it and the device never held its words \
                        or file; else remove it, and make a new one with 'v-secure recovery new'. One that is not in the list \
                        stays: if the device held its words or file, 'v-secure member remove recovery' takes it away.\n\n\
                        Examples:\n  v-secure member key remove admin/laptop\n  \
                        v-secure member key remove admin/laptop --lost --reason 'left on the train'\n  \
                        v-secure member key remove admin/laptop --lost --revoke-vouched"
)]
pub struct Remove {
    /// The device, or a recipient by the id that 'v-secure policy review' shows
    #[arg(value_name = "NAME/DEVICE", add = ArgValueCompleter::new(complete::devices))]
    device: DeviceName,

    /// Also remove the devices and recipients that it helped to add
    #[arg(long)]
    lost: bool,

    /// With --lost: also remove what only the device vouched for elsewhere
    #[arg(long, requires = "lost")]
    revoke_vouched: bool,

    #[command(flatten)]
    confirm: ConfirmArgs,

    #[command(flatten)]
    reason: ReasonArg,
}

impl Remove {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let what = if self.lost { "lost" } else { "retired" };
        let reason = format!("remove the {what} device {}", self.device);
        let (changed, gone, left) = self.change(context, &reason)?;
        let narrowed = Narrowed::of(context, &changed, |_, knower| {
            gone.recipients.contains(&knower.recipient)
        })?;
        if context.ui.json {
            return context.ui.object(&MemberKeyRemoveView {
                member: &self.device.member,
                devices: &gone.devices,
                recipients: &gone.recipients,
                left: &gone.left,
                vouched_alone: &left,
                narrowed: narrowed.view(),
            });
        }
        self.tell(context, &gone);
        let by = format!("only a device that was lost, {}, vouched for", self.device);
        vouched::tell_staying(context, &by, &left);
        narrowed.tell(context);
        narrowed.finish(context, &format!("{}/{}", self.device.member, listed(&gone.devices)));
        Ok(())
    }

    fn change(
        &self,
        context: &Context<'_>,
        reason: &str,
    ) -> Outcome<(Changed, Departure, Vec<VouchedAloneView>)> {
        // Before anybody unlocks a key: what is not there cannot go.
        let (_, opened) = context.open_to_write(Depth::Everything)?;
        departure::remove_device(&opened.vault, &self.device, self.lost)?;
        let ((outcome, gone, left), (written, vault)) = context.write_planned(
            self.reason.reason.as_deref(),
            reason,
            |vault, ctx| self.agree(context, vault, ctx),
            |(ops, gone, left), vault, ctx| {
                let (change, outcome) = policy_change::change(vault, ops, ctx)?;
                Ok(((outcome, gone, left), Some(change)))
            },
        )?;
        Ok((Changed::of(outcome, written, vault), gone, left))
    }

    /// Says what a lost device vouched for elsewhere and what would go, and asks.
    fn agree(
        &self,
        context: &Context<'_>,
        vault: &Vault,
        ctx: &Ctx<'_>,
    ) -> Outcome<(Vec<PolicyOp>, Departure, Vec<VouchedAloneView>)> {
        let gone = departure::remove_device(vault, &self.device, self.lost)?;
        policy_change::check(vault, &gone.ops, ctx)?;
        let alone = match self.lost {
            true => {
                let going = Going::Keys(&self.device.member, &gone.keys);
                vouched::alone(vault, going, &ctx.signer.key.id())?
            }
            false => Default::default(),
        };
        vouched::tell(context, &self.device.to_string(), vault, &alone);
        let what = format!("{}{}", self.device, self.others(&gone));
        let question = vouched::question(&what, self.revoke_vouched, &alone);
        let last = self.locks_out(ctx, &gone).map_or(String::new(), |why| format!(" {why}"));
        self.confirm.check(context, &format!("{question}{last}"))?;
        let (taken, left) = vouched::settled(
            context,
            (vault, ctx),
            (&alone, &gone.ops),
            self.revoke_vouched,
            &self.confirm,
        )?;
        Ok((taken.into_iter().chain(gone.ops.iter().cloned()).collect(), gone, left))
    }

    /// What goes with the device that was named.
    fn others(&self, gone: &Departure) -> String {
        let others = gone.devices.iter().filter(|device| **device != self.device.device);
        let mut parts: Vec<String> = others.map(ToString::to_string).collect();
        match gone.keyless {
            0 => {}
            1 => parts.push("1 recipient without a signing key".into()),
            many => parts.push(format!("{many} recipients without a signing key")),
        }
        if parts.is_empty() { String::new() } else { format!(", and with it {}", parts.join(", ")) }
    }

    /// What is worth a second thought.
    fn locks_out(&self, ctx: &Ctx<'_>, gone: &Departure) -> Option<String> {
        if gone.keys.contains(&ctx.signer.key.id()) {
            return Some("It is the device you are using: it opens nothing afterwards.".into());
        }
        let none = gone.left.is_empty();
        none.then(|| format!("{} can sign nothing afterwards.", self.device.member))
    }

    fn tell(&self, context: &Context<'_>, gone: &Departure) {
        let member = &self.device.member;
        let device = &self.device.device;
        context.ui.note(&format!("{member}: removed {device}{}", self.others(gone)));
        match gone.left.is_empty() {
            true => context.ui.warn(&format!(
                "{member} has no signing key left, and can only read: v-secure member add {member} --device --request …"
            )),
            false => context.ui.note(&format!("{member}: left {}", listed(&gone.left))),
        }
    }
}
