//! What the values of settings mean.

use crate::crypto::identity::plugin;
use crate::record::line::MAX_INTEGER;

/// The shortest interval of a schedule, in seconds: every rotation stays in the file.
const MIN_INTERVAL: u64 = 3600;
/// The longest interval of a schedule, in seconds: 100 years.
const MAX_INTERVAL: u64 = 100 * 365 * 24 * 3600;

/// What holds where no overlap is set, in seconds.
pub(super) const DEFAULT_OVERLAP: u64 = 24 * 3600;

pub(super) const ON: &str = "on";

/// When expired versions are pruned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ttl {
    /// By every command that can.
    #[default]
    Every,
    /// Only by commands that write anyway.
    OnWrite,
}

/// Whether reads are kept in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reads {
    Off,
    #[default]
    BestEffort,
    Required,
}

/// How much history the vault keeps; `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retention {
    pub versions: Option<u64>,
    pub days: Option<u64>,
}

/// How old keys may become, in seconds; `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rotation {
    /// The key of an audience's current epoch.
    pub kek: Option<u64>,
    /// The key of an active version.
    pub dek: Option<u64>,
}

pub(super) fn parse_ttl(value: &str) -> Option<Ttl> {
    match value {
        "every" => Some(Ttl::Every),
        "on-write" => Some(Ttl::OnWrite),
        _ => None,
    }
}

pub(super) fn parse_reads(value: &str) -> Option<Reads> {
    match value {
        "off" => Some(Reads::Off),
        "best-effort" => Some(Reads::BestEffort),
        "required" => Some(Reads::Required),
        _ => None,
    }
}

pub(super) fn parse_count(value: &str) -> Option<u64> {
    let canonical = !value.starts_with('0') && value.bytes().all(|b| b.is_ascii_digit());
    let count = value.parse().ok().filter(|count| (1..=MAX_INTEGER).contains(count));
    if canonical { count } else { None }
}

/// A number of hours, days or weeks, in seconds, within the bounds.
pub(super) fn parse_interval(value: &str) -> Option<u64> {
    let (count, scale) = [('h', 3600), ('d', 24 * 3600), ('w', 7 * 24 * 3600)]
        .into_iter()
        .find_map(|(unit, scale)| Some((value.strip_suffix(unit)?, scale)))?;
    let seconds = parse_count(count)?.checked_mul(scale)?;
    (MIN_INTERVAL..=MAX_INTERVAL).contains(&seconds).then_some(seconds)
}

/// A number of seconds, minutes, hours, days or weeks from none, in seconds.
pub(super) fn parse_span(value: &str) -> Option<u64> {
    let units = [('s', 1), ('m', 60), ('h', 3600), ('d', 24 * 3600), ('w', 7 * 24 * 3600)];
    let (count, scale) =
        units.into_iter().find_map(|(unit, scale)| Some((value.strip_suffix(unit)?, scale)))?;
    let count = if count == "0" { 0 } else { parse_count(count)? };
    count.checked_mul(scale).filter(|seconds| *seconds <= MAX_INTERVAL)
}

/// Names of plugins in order, none twice.
pub(super) fn is_plugin_list(text: &str) -> bool {
    let names: Vec<&str> = text.split(',').collect();
    names.iter().all(|name| plugin::is_name(name)) && names.is_sorted_by(|a, b| a < b)
}

/// A variable name, or the beginning of one with a `*`. A lone `*` would be a list that restricts
/// nothing, which is what no list is.
pub(super) fn is_variable_pattern(text: &str) -> bool {
    let name = text.strip_suffix('*').unwrap_or(text);
    let well_formed = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !name.starts_with(|c: char| c.is_ascii_digit());
    well_formed && !name.is_empty()
}
