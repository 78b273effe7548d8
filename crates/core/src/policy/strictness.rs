//! Which of two values of a setting lets less through: what tightens is a taking away, as of a right.

use super::settings::{Reads, SettingKey, Settings, Ttl};

/// Whether a setting lets less through than before. Of one that is not known here that is not ruled out.
pub(crate) fn tightens(key: &str, before: &Settings, now: &Settings) -> bool {
    if before.get(key) == now.get(key) {
        return false;
    }
    let Ok(known) = SettingKey::parse(key) else { return true };
    let loses = |covers: fn(&str, &str) -> bool| loses(before.get(key), now.get(key), covers);
    let (rotation, retention) = (before.rotation(), before.retention());
    match known.setting.key {
        // What came from there comes no more.
        "env.ENVIRONMENT.extends" => before.get(key).is_some(),
        "kdf" => before.kdf().is_weaker_than(now.kdf()),
        "plugins.allow" => loses(|new, old| new == old),
        "reads" => strictness(now.reads()) > strictness(before.reads()),
        "retention.days" => is_less(now.retention().days, retention.days),
        "retention.versions" => is_less(now.retention().versions, retention.versions),
        // Whose program it is was not said, or otherwise.
        "provider.NAME.sha256" => now.get(key).is_some(),
        // What was served is served no more, or otherwise.
        _ if known.provider().is_some() => before.get(key).is_some(),
        "rotation.dek" => is_less(now.rotation().dek, rotation.dek),
        "rotation.kek" => is_less(now.rotation().kek, rotation.kek),
        // What is withdrawn is left valid for longer, which is what programs of any age rely on.
        "rotation.overlap" => now.overlap() > before.overlap(),
        "rotation.via" => before.get(key).is_some(),
        "scan.allow" => loses(|new, old| new == old),
        "ttl" => before.ttl() == Ttl::OnWrite,
        "variables.allow" => loses(covers),
        "variables.strict" => now.has_strict_variables(),
        _ => true,
    }
}

/// Whether a limit is below the former one; `None` is no limit.
fn is_less(now: Option<u64>, before: Option<u64>) -> bool {
    now.is_some_and(|now| before.is_none_or(|before| now < before))
}

const fn strictness(reads: Reads) -> u8 {
    match reads {
        Reads::Off => 0,
        Reads::BestEffort => 1,
        Reads::Required => 2,
    }
}

/// Whether something of a list is covered by nothing of the one that comes in its place.
fn loses(before: Option<&str>, now: Option<&str>, covers: fn(&str, &str) -> bool) -> bool {
    let of = |list: Option<&'_ str>| -> Vec<String> {
        list.into_iter().flat_map(|list| list.split(',')).map(str::to_owned).collect()
    };
    let now = of(now);
    of(before).iter().any(|old| !now.iter().any(|new| covers(new, old)))
}

/// Whether a variable, or a beginning of some with `*`, has all that another one has.
fn covers(new: &str, old: &str) -> bool {
    match new.strip_suffix('*') {
        Some(beginning) => old.trim_end_matches('*').starts_with(beginning),
        None => new == old,
    }
}
