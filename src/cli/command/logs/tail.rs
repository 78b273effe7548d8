//! `v-secure logs tail`: the latest events, one a line, and those to come.

use crate::cli::args::secret_arg;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::output::trail;
use crate::cli::output::trail::{Event, EventKind};
use crate::engine::door::Purpose;
use crate::engine::session::Session;
use crate::store::Stamp;
use crate::store::state::reads;
use clap::Args;
use std::collections::HashSet;
use std::time::Duration;
use v_secure_core::crypto::bytes::Id;
use v_secure_core::log::describe::short;
use v_secure_core::record::text::escape_for_display;
use v_secure_core::vault::{Depth, Vault};

/// Show the latest events, oldest first: changes of secrets and policy, and reads
#[derive(Debug, Args)]
#[command(
    after_help = "Times are what the authors' clocks said. Several filters of one kind widen the result, filters of several kinds narrow it: \
                        rotation (a new value or new keys in the place of older ones), policy, read (implies --reads), \
                        secret=NAME, actor=MEMBER.\n\n\
                        --follow looks at the vault file again and again, as a git pull or another command changes \
                        it, until Ctrl-C or a closed pipe. With --json each event is an object on a line.\n\n\
                        Examples:\n  v-secure logs tail\n  v-secure logs tail -n 5 --filter rotation --filter policy\n  \
                        v-secure logs tail --follow --reads --filter secret=prod/API_KEY"
)]
pub struct Tail {
    /// At most this many events
    #[arg(short = 'n', value_name = "N", default_value_t = 20)]
    count: usize,

    /// Only these: rotation, read, policy, secret=NAME or actor=MEMBER; may be given several times
    #[arg(long = "filter", value_name = "FILTER")]
    filters: Vec<String>,

    /// Also the values that this device has read, from its journal
    #[arg(long)]
    reads: bool,

    /// Keep running, and show new events
    #[arg(long, short = 'f')]
    follow: bool,

    /// How often --follow looks, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 1000)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    interval: u64,
}

/// Which events are shown; an empty list does not restrict.
#[derive(Default)]
struct TailFilter {
    rotation: bool,
    policy: bool,
    read: bool,
    secrets: Vec<v_secure_core::name::SecretName>,
    actors: Vec<v_secure_core::name::Name>,
}

impl Tail {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let filter = self.filter(context)?;
        let (session, opened) = context.open(Purpose::Look, Depth::Everything)?;
        filter.check(&opened.vault)?;
        let with_reads = self.reads || filter.read;
        let events = trail::events(&session, &opened.vault, with_reads)?;
        let mut tail = Follower { context, session, with_reads, filter, seen: HashSet::new() };
        drop(opened);
        let wanted: Vec<&Event> = events.iter().filter(|e| tail.filter.wants(e)).collect();
        let from = wanted.len().saturating_sub(self.count);
        wanted[from..].iter().try_for_each(|event| show(context, event))?;
        if !self.follow {
            return Ok(());
        }
        tail.seen.extend(events.iter().map(key));
        tail.follow(Duration::from_millis(self.interval))
    }

    fn filter(&self, context: &Context<'_>) -> Outcome<TailFilter> {
        let mut filter = TailFilter::default();
        for text in &self.filters {
            match (text.as_str(), text.split_once('=')) {
                ("rotation", _) => filter.rotation = true,
                ("policy", _) => filter.policy = true,
                ("read", _) => filter.read = true,
                (_, Some(("secret", name))) => {
                    filter.secrets.push(secret_arg::parse(name, context)?);
                }
                (_, Some(("actor", name))) => {
                    filter.actors.push(trail::actor("the actor of --filter", name)?);
                }
                _ => {
                    return Err(Failure::new(Code::BadFilter, "this is not a valid filter")
                        .hint("one of: rotation, read, policy, secret=NAME, actor=MEMBER"));
                }
            }
        }
        Ok(filter)
    }
}

impl TailFilter {
    /// Refuses what was never there.
    fn check(&self, vault: &Vault) -> Outcome {
        self.secrets.iter().try_for_each(|secret| trail::known_secret(vault, secret))?;
        self.actors.iter().try_for_each(|actor| trail::known_actor(vault, actor))
    }

    fn wants(&self, event: &Event) -> bool {
        let record = &event.record;
        let any_kind = !self.rotation && !self.policy && !self.read;
        let kind = any_kind
            || self.rotation && event.rotates
            || self.policy && event.kind == EventKind::Policy
            || self.read && event.kind == EventKind::Read;
        let actor = |name: &str| record.actor.split('+').any(|actor| actor == name);
        kind && (self.secrets.is_empty()
            || self.secrets.iter().any(|secret| secret.as_str() == record.secret_id))
            && (self.actors.is_empty() || self.actors.iter().any(|name| actor(name.as_str())))
    }
}

/// What tells one event from all others.
type Key = (Id, String, String, String);

fn key(event: &Event) -> Key {
    let record = &event.record;
    let (id, action) = (record.id, record.action.clone());
    (id, action, record.secret_id.clone(), record.object.clone())
}

/// Shows what is added.
struct Follower<'a, 'host> {
    context: &'a Context<'host>,
    session: Session,
    with_reads: bool,
    filter: TailFilter,
    seen: HashSet<Key>,
}

impl Follower<'_, '_> {
    fn follow(&mut self, interval: Duration) -> Outcome {
        let context = self.context;
        // The first look reads again: what was added since the vault was read is not missed.
        let mut last = None;
        while !context.host.out_is_closed() {
            context.host.pause(interval);
            let now = Some((self.session.stamp(), self.journal()));
            if now == last {
                continue;
            }
            last = now;
            match self.added() {
                Ok(events) => events.iter().try_for_each(|event| show(context, event))?,
                // In the midst of a checkout, or worse: said once, and looked at when it changes.
                Err(failure) => context.ui.failure(&failure),
            }
        }
        Ok(())
    }

    fn journal(&self) -> Option<Stamp> {
        let state = self.session.state.as_deref().filter(|_| self.with_reads)?;
        reads::stamp(state, &self.session.place())
    }

    fn added(&mut self) -> Outcome<Vec<Event>> {
        let (_, opened) = self.context.open(Purpose::Look, Depth::Everything)?;
        let events = trail::events(&self.session, &opened.vault, self.with_reads)?;
        let (seen, filter) = (&mut self.seen, &self.filter);
        Ok(events.into_iter().filter(|e| seen.insert(key(e)) && filter.wants(e)).collect())
    }
}

/// One line: time, action, what it is on, actor, status, reason, id.
fn show(context: &Context<'_>, event: &Event) -> Outcome {
    let record = &event.record;
    if context.ui.json {
        return context.ui.json_line(record);
    }
    let on = if record.secret_id.is_empty() { &record.object } else { &record.secret_id };
    let texts = [&record.timestamp, &record.action, on, &record.actor];
    let mut cells: Vec<String> =
        texts.into_iter().map(|text| escape_for_display(text).into_owned()).collect();
    cells.extend([record.status.to_owned(), escape_for_display(&record.reason).into_owned()]);
    cells.push(short(&record.id));
    let between = if context.ui.out_is_terminal() { "  " } else { "\t" };
    context.ui.line(&cells.join(between))
}
