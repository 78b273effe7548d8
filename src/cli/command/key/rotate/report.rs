//! What `key rotate` did or would do, and what is left for whom.

use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::people::shortfall;
use std::collections::{BTreeMap, BTreeSet};
use v_secure_core::convert::duration::{relative, rfc3339};
use v_secure_core::name::{Name, SecretName};
use v_secure_core::report::view::key::rotate::{KeyRotateView, RotatedAudienceView, UnrotatedView};
use v_secure_core::time::UnixTime;

/// How many names a remark holds.
const SHOWN: usize = 5;

/// Of a schedule by which nothing is due.
pub(crate) fn show_idle(
    context: &Context<'_>,
    dry_run: bool,
    next: Option<UnixTime>,
    now: UnixTime,
) -> Outcome {
    if context.ui.json {
        return context.ui.object(&KeyRotateView::idle(dry_run, next));
    }
    context.ui.note(&match next {
        Some(at) => format!("nothing is due; next {} ({})", relative(at, now), rfc3339(at)),
        None => {
            "nothing is due; the settings rotation.kek and rotation.dek set a key schedule".into()
        }
    });
    Ok(())
}

/// # Errors
/// Nothing could be done, and somebody else could; or a secret is left that was asked for by name.
pub fn show(context: &Context<'_>, report: &KeyRotateView, is_named: bool) -> Outcome {
    let nothing = report.audiences.is_empty() && report.secrets.is_empty();
    if nothing && report.left.iter().any(|left| left.for_others) {
        shortfall::tell(&context.ui, &report.lacks, "the same command again");
        return Err(refusal(report));
    }
    if context.ui.json {
        context.ui.object(report)?;
    } else {
        tell_done(context, report, nothing);
        tell_left(context, report);
        shortfall::tell(&context.ui, &report.lacks, "the same command again");
    }
    let mut left = report.left.iter().filter(|_| is_named);
    match left.find_map(|left| Some((left, left.secret.as_ref()?))) {
        Some((left, secret)) => Err(not_renewed(secret, left)),
        None => Ok(()),
    }
}

/// Why a secret was not renewed that was asked for.
fn not_renewed(secret: &SecretName, left: &UnrotatedView) -> Failure {
    let failed =
        |code, why: &str| Failure::new(code, format!("the key of {secret} was not renewed: {why}"));
    match left.why {
        "in-rotation" => {
            failed(Code::RotationOpen, "a rotation of it goes on, which a fresh key would end")
                .hint(format!("v-secure rotation promote {secret}"))
                .hint(format!("v-secure secret rotate {secret} --abort"))
        }
        "conflict" => failed(Code::Conflict, "it has several active versions")
            .hint(format!("v-secure secret resolve {secret} --take VERSION")),
        "no-keys" => {
            failed(Code::NoAudience, "its audience has no keys").hint("v-secure access settle")
        }
        "does-not-open" => failed(Code::ValueDamaged, "its value does not open")
            .hint(format!("v-secure set {secret}")),
        "expired" => {
            failed(Code::Expired, "its value has expired").hint(format!("v-secure set {secret}"))
        }
        _ => failed(Code::NotPermitted, "it is for others to renew")
            .hint(format!("who can: {}", joined(&left.able))),
    }
}

fn tell_done(context: &Context<'_>, report: &KeyRotateView, nothing: bool) {
    let ui = &context.ui;
    let (new_key, anew) = match report.dry_run {
        true => ("would get a new key", "would be encrypted again"),
        false => ("has a new key", "encrypted again, each under a fresh key"),
    };
    for RotatedAudienceView { audience, epoch } in &report.audiences {
        let epoch = epoch.as_ref().map(|epoch| format!(" (epoch {epoch})")).unwrap_or_default();
        ui.note(&format!("{audience} {new_key}{epoch}"));
    }
    if !report.secrets.is_empty() {
        let some = few(report.secrets.iter().map(SecretName::as_str));
        ui.note(&format!("{} {anew}: {some}", counted(report.secrets.len(), "value")));
    }
    match (nothing, report.dry_run) {
        (true, _) => ui.note("there is nothing to renew"),
        (false, true) => {}
        (false, false) => ui.note(
            "this does not take back what somebody could read before: only a new value does \
             (v-secure set NAME)",
        ),
    }
}

fn tell_left(context: &Context<'_>, report: &KeyRotateView) {
    for ((why, able), names) in by_cause(report) {
        let some = few(names.iter().copied());
        context.ui.warn(&match why {
            "conflict" => format!(
                "left as they are, with several active versions: {some}; 'v-secure secret resolve NAME --take VERSION' settles that"
            ),
            "no-keys" => {
                format!("left as they are until their audience has keys: {some}; 'v-secure access settle'")
            }
            "does-not-open" => format!(
                "left as they are, since they do not open: {some}; a new value helps: 'v-secure set NAME'"
            ),
            "to-propose" => format!(
                "left, since several owners must sign: {some}; 'v-secure key rotate --audience {}' proposes it",
                names.first().copied().unwrap_or_default()
            ),
            "in-rotation" => format!(
                "left as they are while a rotation of each goes on, which a fresh key would end: {some}"
            ),
            "expired" => format!("left as they are, expired: {some}"),
            _ => format!("left for who may: {some}; who can: {}", joined(able)),
        });
    }
}

/// What is left, by cause and by who could do it.
fn by_cause(report: &KeyRotateView) -> BTreeMap<(&'static str, &[Name]), BTreeSet<&str>> {
    let mut causes: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
    for left in &report.left {
        let name = name_of(left);
        causes.entry((left.why, &left.able[..])).or_default().insert(name);
    }
    causes
}

fn refusal(report: &KeyRotateView) -> Failure {
    let others = report.left.iter().filter(|left| left.for_others);
    let (names, able): (Vec<&str>, Vec<&[Name]>) =
        others.map(|left| (name_of(left), &left.able[..])).unzip();
    let some = few(names.into_iter());
    let able: BTreeSet<&Name> = able.into_iter().flatten().collect();
    let message = format!("none of these is yours to renew: {some}");
    Failure::new(Code::NotPermitted, message)
        .hint(format!("who can: {}", joined(able)))
        .hint("v-secure key status")
}

fn name_of(left: &UnrotatedView) -> &str {
    let secret = left.secret.as_ref().map(SecretName::as_str);
    left.audience.as_deref().or(secret).unwrap_or_default()
}

fn joined<'a>(names: impl IntoIterator<Item = &'a Name>) -> String {
    let names: Vec<&str> = names.into_iter().map(Name::as_str).collect();
    if names.is_empty() { "nobody now".into() } else { names.join(", ") }
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// The first of some names, and how many there are besides.
fn few<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    let shown = names[..names.len().min(SHOWN)].join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
