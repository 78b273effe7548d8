//! Values of secrets in what is staged: refused as a suspicion, or opened and compared.

use super::{restored, untracked};
use crate::cli::door::context::Context;
use crate::cli::door::reads;
use crate::cli::door::reads::Reading;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::output::shell_word;
use crate::cli::repository::in_index;
use crate::cli::repository::staged_values;
use crate::cli::repository::staged_values::{Hit, Searched};
use crate::engine::door::Purpose;
use crate::engine::judging;
use crate::store::file::find::Location;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use v_secure_core::crypto::bytes::Id;
use v_secure_core::crypto::id::VaultId;
use v_secure_core::log::describe::short;
use v_secure_core::name::SecretName;
use v_secure_core::scan::search::{Form, Place, place_of};
use v_secure_core::secret::read;
use v_secure_core::secret::read::{ReadError, VersionSelector};
use v_secure_core::secret_value::SecretValue;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::unlock::Unlocked;
use v_secure_core::vault::{Depth, Vault};

/// How many places are listed.
const LISTED: usize = 10;

/// Refuses a commit in which the value of a secret seems to stand, or stands.
pub(super) fn refuse(
    context: &Context<'_>,
    (here, root): (&Path, &Path),
    confirm: bool,
) -> Outcome {
    let found = staged_values::search(context, here, root)?;
    let places = match confirm {
        true => confirmed(context, here, root, &found)?,
        false => found.hits.iter().map(|hit| (hit.clone(), Known::Suspected)).collect(),
    };
    let Some((first, _)) = places.first() else {
        if !found.hits.is_empty() {
            context.ui.note(
                "no value of a secret is in what is staged: its fingerprints were alike by chance. \
                 'git commit --no-verify' commits it; all else was verified just now",
            );
        }
        return Ok(());
    };
    let failure = told(&found, &places);
    let failure = match first.is_new {
        true => untracked(failure, here, root, &first.file),
        false => restored(failure, here, root, &first.file),
    };
    let failure = match confirm {
        true => failure,
        false => failure.hint("v-secure git pre-commit --confirm  # opens the secret and compares"),
    };
    Err(allowed(failure, &found, first)
        .hint("git commit --no-verify, if everybody may have that value"))
}

/// What is known of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    Suspected,
    Certain,
}

fn told(found: &Searched, places: &[(Hit, Known)]) -> Failure {
    let line = |(hit, known): &(Hit, Known)| {
        let verb = if *known == Known::Certain { "holds" } else { "seems to hold" };
        format!("{} {verb} {}", at(hit), value(found, hit))
    };
    if let [one] = places {
        return Failure::new(Code::ValueStaged, format!("{}{}", line(one), form(one.0.place)));
    }
    let message = format!("the commit would contain values of secrets, in {} places", places.len());
    let mut failure = Failure::new(Code::ValueStaged, message);
    let listed = places.iter().take(LISTED);
    failure.causes =
        listed.map(|place| format!("{}{}", line(place), form(place.0.place))).collect();
    if places.len() > LISTED {
        failure.causes.push(format!("{} more places", places.len() - LISTED));
    }
    failure
}

fn at(hit: &Hit) -> String {
    let file = hit.file.display();
    hit.place.line.map_or_else(|| file.to_string(), |line| format!("{file}, line {line},"))
}

const fn form(place: Place) -> &'static str {
    match place.form {
        Form::Plain => "",
        Form::Percent => ", as in a URL",
        Form::Base64 => ", in base64",
    }
}

fn value(found: &Searched, hit: &Hit) -> String {
    match found.is_here(hit) {
        true => format!("the value of {}", hit.secret),
        false => format!("the value of {} of the vault {}", hit.secret, short(&hit.vault)),
    }
}

/// With what lets the file pass for good, where that can be typed.
fn allowed(failure: Failure, found: &Searched, hit: &Hit) -> Failure {
    let mut of_vault = found.allowing.iter().filter(|one| one.vault == hit.vault);
    let Some(list) = of_vault.find_map(|one| {
        let path = one.within(&hit.file).filter(|path| !path.contains(','))?;
        let known = one.settings.get("scan.allow");
        Some(known.map_or(path.clone(), |known| format!("{known},{path}")))
    }) else {
        return failure;
    };
    match shell_word::word(&list) {
        Some(list) => failure.hint(format!(
            "v-secure settings set scan.allow {list}, by an owner, if everybody may have it"
        )),
        None => failure,
    }
}

/// The places that hold a value, and those that cannot be compared.
fn confirmed(
    context: &Context<'_>,
    here: &Path,
    root: &Path,
    found: &Searched,
) -> Outcome<Vec<(Hit, Known)>> {
    let mut by_vault: BTreeMap<VaultId, Vec<&Hit>> = BTreeMap::new();
    for hit in &found.hits {
        by_vault.entry(hit.vault).or_default().push(hit);
    }
    let placed = if by_vault.is_empty() { vec![] } else { in_index::placed(context, here, root) };
    let mut places = Vec::new();
    for (vault, hits) in by_vault {
        let values = match placed.iter().find(|(_, placed)| placed.id() == vault) {
            Some((location, _)) => values(context, location.clone(), &hits)?,
            None => BTreeMap::new(),
        };
        places.extend(hits.into_iter().filter_map(|hit| judged(found, hit, values.get(&hit.mark))));
    }
    places.sort_by(|(a, _), (b, _)| (&a.file, a.place).cmp(&(&b.file, b.place)));
    Ok(places)
}

/// The values that one mark can stand for, and whether these are all.
struct Marked {
    values: Vec<SecretValue>,
    is_all: bool,
}

/// Whether a place holds the value that it has the bits of; `None` if it does not. Somebody may have put a version with
/// the mark of another one: none of them is taken for the one that was seen here.
fn judged(found: &Searched, hit: &Hit, marked: Option<&Marked>) -> Option<(Hit, Known)> {
    let suspected = || Some((hit.clone(), Known::Suspected));
    let Some(Marked { values, is_all }) = marked else { return suspected() };
    let content = found.contents.get(&hit.file)?;
    if values.iter().any(|value| place_of(content, value).is_some()) {
        return Some((hit.clone(), Known::Certain));
    }
    if *is_all { None } else { suspected() }
}

/// The values that the vault of a place still has, read by the user's rights and written down.
fn values(
    context: &Context<'_>,
    location: Location,
    hits: &[&Hit],
) -> Outcome<BTreeMap<Id, Marked>> {
    let names: BTreeSet<SecretName> = hits.iter().map(|hit| hit.secret.clone()).collect();
    let session = context.session_at(location)?;
    let opened = judging::open(context, &session, Purpose::Use, Depth::Secrets(&names))?;
    let vault = &opened.vault;
    let who = context.unlock(vault)?;
    let mut values: BTreeMap<Id, Marked> = BTreeMap::new();
    for hit in hits {
        if !values.contains_key(&hit.mark)
            && let Some(marked) = marked((vault, &who), hit, session.now)?
        {
            values.insert(hit.mark, marked);
        }
    }
    let secrets: BTreeSet<&SecretName> =
        hits.iter().filter(|hit| values.contains_key(&hit.mark)).map(|hit| &hit.secret).collect();
    let mut by_environment: BTreeMap<&str, Vec<SecretName>> = BTreeMap::new();
    for secret in secrets {
        by_environment.entry(secret.environment()).or_default().push(secret.clone());
    }
    for (environment, secrets) in by_environment {
        let (action, reason) = ("pre-commit", None);
        let reading = Reading { who: &who, action, environment, secrets: &secrets, reason };
        reads::record(context, &session, vault, reading)?;
    }
    Ok(values)
}

/// What the mark of a place stands for, where the vault still has some of it.
fn marked((vault, who): (&Vault, &Unlocked), hit: &Hit, now: UnixTime) -> Outcome<Option<Marked>> {
    let versions = read::committed(vault, &hit.secret, &hit.mark);
    let mut marked = Marked { values: Vec::new(), is_all: true };
    for version in &versions {
        let wanted = VersionSelector::Number(version.number);
        match read::read(vault, who, &hit.secret, &wanted, now) {
            Ok(value) => marked.values.push(value),
            Err(
                ReadError::Expired { .. } | ReadError::Pruned { .. } | ReadError::Missing { .. },
            ) => marked.is_all = false,
            // What was copied without its key opens nowhere.
            Err(ReadError::Open { .. }) if versions.len() > 1 => marked.is_all = false,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Some(marked).filter(|marked| !marked.values.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever made a version knows its key, and can put another value under the same mark.
    #[test]
    fn a_place_is_dismissed_only_by_all_that_its_mark_stands_for() {
        let text = |text: &str| SecretValue::from(text.to_owned());
        let content = b"x the-value-itself-of-A x".to_vec();
        let file = std::path::PathBuf::from("a");
        let hit = Hit {
            file: file.clone(),
            is_new: true,
            place: place_of(&content, &text("the-value-itself-of-A")).unwrap(),
            secret: SecretName::parse("prod/A").unwrap(),
            vault: VaultId([1; 32]),
            mark: Id::parse(&"A".repeat(43)).unwrap(),
        };
        let found = Searched { contents: [(file, content)].into(), ..Searched::default() };
        let marked = |values: &[&str], is_all| Marked {
            values: values.iter().map(|value| text(value)).collect(),
            is_all,
        };
        let known = |marked: &Marked| judged(&found, &hit, Some(marked)).map(|(_, known)| known);
        assert_eq!(known(&marked(&["another-value-than-that"], true)), None);
        assert_eq!(known(&marked(&["another-value-than-that"], false)), Some(Known::Suspected));
        let both = ["another-value-than-that", "the-value-itself-of-A"];
        assert_eq!(known(&marked(&both, false)), Some(Known::Certain));
        assert!(judged(&found, &hit, None).is_some_and(|(_, known)| known == Known::Suspected));
    }
}
