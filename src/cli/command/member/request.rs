//! `v-secure member request`: the line by which this device asks to be let in.

use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::people::local_names;
use crate::cli::unlocking::identities;
use crate::engine::door::Purpose;
use clap::Args;
use v_secure_core::crypto::identity::Identity;
use v_secure_core::file::request;
use v_secure_core::file::request::fingerprint_words;
use v_secure_core::name::Name;
use v_secure_core::people::member;
use v_secure_core::report::view::member::MemberRequestView;
use v_secure_core::vault::{Depth, Vault};

/// Print the request by which this device asks to become a member of the vault
#[derive(Debug, Args)]
#[command(
    after_help = "The line is public. It must arrive unchanged: compare the words that are shown here with those \
                        that 'v-secure member add' shows.\n\n\
                        Examples:\n  v-secure member request\n  v-secure member request admin > admin.request"
)]
pub struct Request {
    /// Your member name in the vault; the user name by default
    #[arg(value_name = "NAME")]
    name: Option<Name>,

    /// This device's name; the machine's by default
    #[arg(long, value_name = "NAME")]
    device: Option<Name>,
}

impl Request {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let (session, opened) = context.open(Purpose::Look, Depth::Everything)?;
        let (identity, file, created) = identities::own_or_new(context)?;
        let member = match self.name {
            Some(name) => name,
            None => local_names::name_of_user(context, None)?,
        };
        refuse_known(&opened.vault, &identity)?;
        let found = opened.vault.policy().member(&member);
        let device = self.device.unwrap_or_else(|| local_names::device(context));
        let device = member::free_device(found, &device);
        let recipient = identity.recipient();
        let (request, key) =
            request::Request::new(context.host, &opened.vault.id(), &member, &device, &recipient)
                .map_err(|error| Failure::from_error(Code::DeviceKey, &error))?;
        context.note_made(&session, [key.id()]);
        let report = MemberRequestView {
            request: request.line(),
            fingerprint: fingerprint_words(&request.fingerprint()),
            member: member.clone(),
            device,
            recipient,
            identity: file,
            identity_created: created,
        };
        let is_known = found.is_some();
        show(context, &report, is_known)
    }
}

/// A device that can sign already has nothing to ask for.
fn refuse_known(vault: &Vault, identity: &Identity) -> Outcome {
    let recipient = identity.recipient();
    let mut members = vault.policy().members();
    let signs = members.find(|(_, found)| found.keys.values().any(|k| k.recipient == recipient));
    let Some((member, _)) = signs else { return Ok(()) };
    let message = format!("this identity is a device of {member} already, with a signing key");
    Err(Failure::new(Code::Exists, message).hint(format!("v-secure member show {member}")))
}

fn show(context: &Context<'_>, report: &MemberRequestView, is_known: bool) -> Outcome {
    let ui = &context.ui;
    if let (true, Some(path)) = (report.identity_created, &report.identity) {
        ui.note(&format!("new identity in {}: back it up, off this machine", path.display()));
    }
    if ui.json {
        return ui.object(report);
    }
    ui.line(&report.request)?;
    ui.note_wrapped("fingerprint  ", 13, &report.fingerprint);
    let device = if is_known { " --device" } else { "" };
    ui.note(&format!(
        "send the line to a member who may grant, to run: v-secure member add {}{device} --request LINE\n\
         compare the fingerprint by another way, such as a call",
        report.member
    ));
    Ok(())
}
