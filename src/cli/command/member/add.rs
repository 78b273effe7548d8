//! `v-secure member add`: lets a person or a service in.

use crate::cli::args::times;
use crate::cli::args::times::Takes;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::exit::Exit;
use crate::cli::error::meant;
use crate::cli::error::{Failure, Outcome};
use crate::cli::people::compare::CompareArgs;
use crate::cli::people::exposure;
use crate::cli::people::giving::{OlderArgs, VouchArgs};
use crate::cli::people::policy;
use crate::cli::people::policy::{Changed, ReasonArg};
use crate::cli::unlocking::identities;
use clap::Args;
use std::path::Path;
use v_secure_core::convert::duration;
use v_secure_core::crypto::identity::recipient_text::RecipientText;
use v_secure_core::crypto::identity::{NewIdentity, generate_identity};
use v_secure_core::file::request;
use v_secure_core::file::request::{Request, fingerprint_words};
use v_secure_core::name::{Name, Pattern};
use v_secure_core::people::member;
use v_secure_core::people::member::{Device, Joining};
use v_secure_core::policy::op::{MemberKind, PolicyOp, Right};
use v_secure_core::policy::state::Member;
use v_secure_core::report::view::member::MemberAddView;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::pin::CarriedPin;
use v_secure_core::vault::{Depth, Vault};

/// Add a person by the request of their device, or a service by its recipient
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  v-secure member add admin --request admin.request --role developer\n  \
                        v-secure member add backup --recipient age1… --read 'prod/*'\n  \
                        v-secure member add auditor --request a.request --role reader --expires 30d\n  \
                        v-secure member add admin --device --request desk.request\n  \
                        v-secure member add ci --service --new-identity --read 'prod/*' |\n    \
                        gh secret set V_SECURE_IDENTITY"
)]
pub struct Add {
    /// The member's name: a new one, or with --device a member's
    #[arg(value_name = "NAME", add = clap_complete::engine::ArgValueCompleter::new(crate::cli::args::complete::members))]
    name: Name,

    /// Add another device or recipient to an existing member
    #[arg(long)]
    device: bool,

    /// What 'v-secure member request' printed: the line, a file with it, or '-' for standard input
    #[arg(long, value_name = "LINE|FILE|-", allow_hyphen_values = true)]
    #[arg(conflicts_with_all = ["recipients", "new_identity"])]
    #[arg(required_unless_present_any = ["recipients", "new_identity"])]
    request: Option<String>,

    /// An age recipient: it can read, but not write; may be given several times
    #[arg(long = "recipient", value_name = "AGE")]
    recipients: Vec<String>,

    /// Make an identity, and print it alone, with the vault's pin, on standard output
    #[arg(long)]
    new_identity: bool,

    /// The member is a service, such as a pipeline
    #[arg(long, conflicts_with = "agent")]
    service: bool,

    /// The member is an agent: software that acts by itself
    #[arg(long)]
    agent: bool,

    /// Join this role; may be given several times
    #[arg(long = "role", value_name = "ROLE")]
    #[arg(add = clap_complete::engine::ArgValueCompleter::new(crate::cli::args::complete::roles))]
    roles: Vec<Name>,

    /// Let it read what matches, by a role of its own; may be given several times
    #[arg(long, value_name = "PATTERN")]
    read: Vec<Pattern>,

    /// When it should be removed: a span such as 30d, or a date. Warnings tell when it is due; only
    /// removing the member ends its rights
    #[arg(long, value_name = "TIME")]
    expires: Option<String>,

    #[command(flatten)]
    compare: CompareArgs,

    #[command(flatten)]
    vouch: VouchArgs,

    #[command(flatten)]
    older: OlderArgs,

    #[command(flatten)]
    reason: ReasonArg,
}

impl Add {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        if self.new_identity {
            context.ui.expect_reader()?;
        }
        let new = self.new_identity.then(generate_identity);
        // Before a request is read or words are compared: what cannot be done is said first.
        let (_, opened) = context.open_to_write(Depth::Everything)?;
        let joining = self.joining(context, new.as_ref())?;
        self.ops(&opened.vault, &joining)?;
        let reason = match self.device {
            true => format!("add a device of {}", self.name),
            false => format!("let {} in", self.name),
        };
        let ops = |vault: &Vault| self.ops(vault, &joining);
        let compare = || match &joining.device {
            Device::Request(request) => self.confirm(context, request),
            Device::Recipients(_) => Ok(()),
        };
        let why = (&self.reason, reason.as_str());
        let asks = (&self.vouch, &self.older);
        // An identity that is printed at the end cannot wait for other owners: it would be lost.
        let changed = match self.new_identity {
            true => policy::give_alone(context, why, asks, ops, compare)
                .map_err(|failure| self.in_two_steps(failure))?,
            false => policy::give(context, why, asks, ops, compare)?,
        };
        self.report(context, &changed, new.as_ref())
    }

    /// A member whose identity was printed can be made an owner afterwards, and wait for that.
    fn in_two_steps(&self, failure: Failure) -> Failure {
        match failure.code {
            Code::OwnerThreshold => Failure { hints: Vec::new(), ..failure }.hint(format!(
                "v-secure owner add {}, after the same without --role owner",
                self.name
            )),
            _ => failure,
        }
    }

    fn ops(&self, vault: &Vault, joining: &Joining) -> Outcome<Vec<PolicyOp>> {
        member::check_name(vault, &self.name, self.device)?;
        Ok(member::add(vault.chain(), joining)?)
    }

    fn joining(&self, context: &Context<'_>, new: Option<&NewIdentity>) -> Outcome<Joining> {
        let device = match &self.request {
            Some(source) => Device::Request(Box::new(read_request(context, source)?)),
            None => {
                let made = new.map(|new| new.recipient.clone());
                Device::Recipients(
                    self.recipients
                        .iter()
                        .map(|text| RecipientText::new(text.trim()))
                        .chain(made)
                        .collect(),
                )
            }
        };
        let kind = match (self.service, self.agent) {
            (true, _) => Some(MemberKind::Service),
            (_, true) => Some(MemberKind::Agent),
            _ => None,
        };
        Ok(Joining {
            member: self.name.clone(),
            kind,
            device,
            roles: self.roles.clone(),
            expires: self.expires(context)?,
            read: self.read.clone(),
        })
    }

    fn expires(&self, context: &Context<'_>) -> Outcome<Option<UnixTime>> {
        let now = context.host.now();
        let at = self.expires.as_deref().map(|text| duration::parse_deadline(text, now));
        let at =
            at.transpose().map_err(|error| times::refuse("--expires", Takes::Either, &error))?;
        if at.is_some_and(|at| at <= now) {
            context.ui.warn(&format!("--expires is past: {} counts as expired at once", self.name));
        }
        Ok(at)
    }

    fn confirm(&self, context: &Context<'_>, request: &Request) -> Outcome {
        let words = fingerprint_words(&request.fingerprint());
        let (member, device) = (&request.member, &request.device);
        let whose = format!("{words} ({member}, device {device})");
        context.ui.note_wrapped("fingerprint  ", 13, &whose);
        let question = format!("Does {member} see the same words?");
        let compared = self.compare.check(context, &[words], &question);
        compared.map_err(|failure| match failure.code {
            Code::Fingerprint => {
                failure.hint("the line was changed on its way: have it sent again")
            }
            Code::Declined => failure
                .hint("if the words differ, the line was changed on its way: have it sent again"),
            _ => failure,
        })
    }

    fn report(
        &self,
        context: &Context<'_>,
        changed: &Changed,
        new: Option<&NewIdentity>,
    ) -> Outcome {
        let (state, ui) = (changed.vault.policy(), &context.ui);
        let Some(member) = state.member(&self.name) else { return Ok(()) };
        let reads = state.holds_anywhere(&self.name, Right::Read);
        let pin = new.map(|_| CarriedPin::of(changed.vault.chain()));
        let text = new.map(|new| identities::file_text(new, context.host.now(), pin.as_ref()));
        if ui.json {
            let shown = ui.object(&MemberAddView {
                member: &self.name,
                kind: member.kind.as_str(),
                roles: member.roles().collect(),
                reads,
                identity: text.as_ref().and_then(|text| text.expose_str()),
                pin: pin.map(|pin| pin.to_string()),
                gives: &changed.gives,
                effects: &changed.effects,
            });
            return match text {
                Some(_) => shown.map_err(|failure| lost(&self.name, &failure)),
                None => shown,
            };
        }
        let kind = member.kind.as_str();
        ui.note(&format!("{} ({kind}): roles {}", self.name, policy::listed(member.roles())));
        if !reads {
            tell_nothing_to_read(context, &changed.vault, &self.name, member);
        }
        meant::tell_unmatched(context, &changed.vault, &self.read);
        policy::tell(ui, &changed.effects);
        exposure::tell_older(context, &changed.vault, &self.name)?;
        let Some(text) = text else { return Ok(()) };
        ui.note(
            "the identity on standard output is stored nowhere else; its pin names the vault as just written:\n\
             push the vault before the identity is used",
        );
        ui.bytes(text.expose()).map_err(|failure| lost(&self.name, &failure))
    }
}

/// What is missing, and who gives it; to write without reading is a way to work too.
fn tell_nothing_to_read(context: &Context<'_>, vault: &Vault, name: &Name, member: &Member) {
    if vault.policy().holds_anywhere(name, Right::Write) {
        let words = "writes and does not read: what it sets is sealed for the readers";
        return context.ui.note(&format!("{name} {words}"));
    }
    context.ui.warn(&nothing_to_read(name, member));
}

fn nothing_to_read(name: &Name, member: &Member) -> String {
    let next = match member.roles().next() {
        None => format!("role join ROLE {name}"),
        Some(role) => format!("access grant {role} PATTERN read"),
    };
    format!("{name} can read nothing yet: v-secure {next}")
}

/// The key went nowhere, which must be heard even where the reader of the pipe is what failed.
fn lost(member: &Name, failure: &Failure) -> Failure {
    let message = format!("{member} was added, and its identity could not be printed: it is lost");
    let mut lost = Failure::new(Code::IdentityLost, message);
    lost.causes.clone_from(&failure.causes);
    lost.hint(format!("v-secure member add {member} --device --new-identity, for another one"))
}

/// A request from the command line itself, a file or standard input.
fn read_request(context: &Context<'_>, source: &str) -> Outcome<Request> {
    let text = if source.trim_start().starts_with("v-secure-request-") {
        source.to_owned().into()
    } else {
        // Room for the line's end.
        crate::cli::args::source::read(context, Path::new(source), request::MAX_LINE as u64 + 2)?
    };
    let text = text.expose_str().ok_or_else(|| unusable(&request::RequestError::Encoding))?;
    Request::parse(text.trim_start_matches('\u{feff}').trim()).map_err(|error| unusable(&error))
}

/// What does not prove who made it was changed by somebody; all else was never a request, or is cut off.
fn unusable(error: &request::RequestError) -> Failure {
    let exit = match error {
        request::RequestError::Proof => Exit::Integrity,
        _ => Exit::Usage,
    };
    Failure::new(Code::Request, "this is not a valid member request").with_exit(exit).because(error)
}
