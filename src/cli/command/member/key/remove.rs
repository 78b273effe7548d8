//! `v-secure member key remove`: one command for a lost laptop.

use crate::cli::complete;
use crate::cli::confirm::ConfirmArgs;
use crate::cli::context::Context;
use crate::cli::error::Outcome;
use crate::cli::exposure::Narrowed;
use crate::cli::policy::{self, ReasonArg, listed};
use crate::ops::leaving::{self, Departure, DeviceName};
use crate::ops::vault::{Depth, Vault};
use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use serde::Serialize;

/// Remove a device: its key opens no new value, and what it writes does not count
#[derive(Debug, Args)]
#[command(
    after_help = "Takes the device's signing key and its recipient from the member, and gives every set of roles \
                        that the member reads with new keys, as far as you can. With --lost, devices and recipients \
                        that were added under the device's signature go as well: for a device in the hands of \
                        somebody who may have added one of their own.\n\n\
                        Examples:\n  v-secure member key remove admin/laptop\n  \
                        v-secure member key remove admin/laptop --lost --reason 'left on the train'"
)]
pub struct Remove {
    /// The device, or a recipient by the id that 'v-secure policy review' shows
    #[arg(value_name = "NAME/DEVICE", add = ArgValueCompleter::new(complete::devices))]
    device: DeviceName,

    /// Also remove the devices and recipients that it helped to add
    #[arg(long)]
    lost: bool,

    #[command(flatten)]
    confirm: ConfirmArgs,

    #[command(flatten)]
    reason: ReasonArg,
}

#[derive(Serialize)]
struct Report<'a> {
    member: &'a str,
    /// The devices that went.
    devices: Vec<String>,
    recipients: &'a [String],
    /// The member's devices that can sign still.
    left: Vec<String>,
    #[serde(flatten)]
    narrowed: &'a Narrowed<'a>,
}

impl Remove {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let asked = self.confirm(context)?;
        let what = if self.lost { "lost" } else { "retired" };
        let reason = format!("remove the {what} device {}", self.device);
        let mut gone = asked;
        let changed = policy::change(context, &self.reason, &reason, |vault| {
            gone = leaving::remove_device(vault, &self.device, self.lost)?;
            Ok(gone.ops.clone())
        })?;
        let narrowed = Narrowed::of(context, &changed, |_, knower| {
            gone.recipients.contains(&knower.recipient)
        })?;
        if context.ui.json {
            return context.ui.object(&Report {
                member: self.device.member.as_str(),
                devices: gone.devices.iter().map(ToString::to_string).collect(),
                recipients: &gone.recipients,
                left: gone.left.iter().map(ToString::to_string).collect(),
                narrowed: &narrowed,
            });
        }
        self.tell(context, &gone);
        narrowed.tell(context);
        narrowed.finish(context, &format!("{}/{}", self.device.member, listed(&gone.devices)));
        Ok(())
    }

    /// Asks before the lock is taken, and says what would go.
    fn confirm(&self, context: &Context<'_>) -> Outcome<Departure> {
        let (_, opened) = context.open_to_write(Depth::Everything)?;
        let gone = leaving::remove_device(&opened.vault, &self.device, self.lost)?;
        let others = self.others(&gone);
        let last = match self.locks_out(context, &opened.vault, &gone) {
            Some(why) => format!(" {why}"),
            None => String::new(),
        };
        self.confirm.check(context, &format!("Remove {}{others}?{last}", self.device))?;
        Ok(gone)
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
    fn locks_out(&self, context: &Context<'_>, vault: &Vault, gone: &Departure) -> Option<String> {
        let own = context.unlock(vault).ok()?.signer(vault).ok();
        if own.is_some_and(|own| gone.keys.contains(&own.key.id())) {
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
