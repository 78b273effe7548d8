//! Values of secrets in what is staged, by what this device keeps of those that passed through it. Nothing is
//! opened for it, so that the hook asks nobody; what is found is a suspicion until it is confirmed.

use super::in_index;
use super::in_index::Allowing;
use crate::cli::door::context::Context;
use crate::cli::error::{Failure, Outcome, codes::Code};
use crate::engine::scanning;
use crate::store::file::find::{FILE, FOLDER};
use crate::store::git::staged;
use crate::store::git::staged::{LARGEST, StagedFile};
use crate::store::git::unfinished as git_unfinished;
use crate::store::keyring::session::reason;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use v_secure_core::crypto::bytes::Id;
use v_secure_core::crypto::id::VaultId;
use v_secure_core::name::SecretName;
use v_secure_core::scan::search::{Place, Searcher};

/// A place in a staged file that seems to hold the value of a secret.
#[derive(Debug, Clone)]
pub(crate) struct Hit {
    pub file: PathBuf,
    /// Whether the last commit has no such file.
    pub is_new: bool,
    pub place: Place,
    pub secret: SecretName,
    pub vault: VaultId,
    /// Of the version whose value it is.
    pub mark: Id,
}

/// What is staged, as far as it was searched.
#[derive(Default)]
pub(crate) struct Searched {
    pub hits: Vec<Hit>,
    /// The contents of the files with hits.
    pub contents: BTreeMap<PathBuf, Vec<u8>>,
    pub allowing: Vec<Allowing>,
}

impl Searched {
    /// Whether the value is one of a vault of this repository.
    pub(crate) fn is_here(&self, hit: &Hit) -> bool {
        self.allowing.iter().any(|one| one.vault == hit.vault)
    }
}

/// Searches what is staged and not in the last commit, nor in a side that is merged.
pub(crate) fn search(context: &Context<'_>, here: &Path, root: &Path) -> Outcome<Searched> {
    let Some(state) = context.state_folder() else { return Ok(Searched::default()) };
    let loaded = match scanning::load(&state, context.owners()) {
        Ok(Some(loaded)) => loaded,
        Ok(None) => return Ok(Searched::default()),
        Err(error) => {
            context.ui.note(&format!(
                "what is staged was not searched for values of secrets: {}",
                reason(&error)
            ));
            return Ok(Searched::default());
        }
    };
    let searcher = Searcher::new(&loaded.key, loaded.vaults);
    let files = files(here).ok_or_else(|| unread(None))?;
    let mut found = Searched::default();
    find(context, here, &searcher, &files, &mut found)?;
    if !found.hits.is_empty() {
        drop_known(here, &searcher, &files, &mut found)?;
        found.allowing = in_index::allowing(context, here, root);
        let allowing = &found.allowing;
        let allows =
            |hit: &Hit| allowing.iter().any(|one| one.vault == hit.vault && one.allows(&hit.file));
        found.hits.retain(|hit| !allows(hit));
    }
    Ok(found)
}

fn unread(error: Option<&dyn std::error::Error>) -> Failure {
    let failure = Failure::new(Code::NoRepository, "git does not say what is staged");
    match error {
        Some(error) => failure.because(error),
        None => failure,
    }
}

/// A staged file, with what it was in the commits that the new one follows.
struct Change {
    file: StagedFile,
    before: Vec<String>,
}

/// The files that no commit before has as they are staged; the vaults themselves are none.
fn files(here: &Path) -> Option<Vec<Change>> {
    let with_before =
        |file: StagedFile| Change { before: file.before.iter().cloned().collect(), file };
    let mut changes: BTreeMap<PathBuf, Change> = staged::files(here, None)?
        .into_iter()
        .filter(|file| !file.path.ends_with(Path::new(FOLDER).join(FILE)))
        .map(|file| (file.path.clone(), with_before(file)))
        .collect();
    for side in git_unfinished::merged(here) {
        let mut unlike: BTreeMap<PathBuf, StagedFile> = staged::files(here, Some(&side))?
            .into_iter()
            .map(|file| (file.path.clone(), file))
            .collect();
        changes.retain(|path, change| match unlike.remove(path) {
            Some(file) => {
                change.before.extend(file.before);
                true
            }
            None => false,
        });
    }
    Some(changes.into_values().collect())
}

fn find(
    context: &Context<'_>,
    here: &Path,
    searcher: &Searcher<'_>,
    changes: &[Change],
    found: &mut Searched,
) -> Outcome {
    let mut by_content: BTreeMap<&str, Vec<&StagedFile>> = BTreeMap::new();
    for Change { file, .. } in changes {
        by_content.entry(&file.content).or_default().push(file);
    }
    let wanted: BTreeSet<&str> = by_content.keys().copied().collect();
    let left_out = staged::contents(here, &wanted, &mut |id, content| {
        let of_content = by_content.get(id).into_iter().flatten();
        let hits = searcher.find(content);
        if hits.is_empty() {
            return;
        }
        for file in of_content {
            found.contents.insert(file.path.clone(), content.to_vec());
            found.hits.extend(hits.iter().map(|hit| Hit {
                file: file.path.clone(),
                is_new: file.before.is_none(),
                place: hit.place,
                secret: hit.print.secret.clone(),
                vault: *hit.vault,
                mark: hit.print.mark,
            }));
        }
    });
    let left_out = left_out.map_err(|error| unread(Some(&error)))?;
    found.hits.sort_by(|a, b| (&a.file, a.place).cmp(&(&b.file, b.place)));
    let not_read = left_out.0.iter().filter_map(|id| by_content.get(id.as_str())).flatten();
    tell_left_out(
        context,
        &not_read.map(|file| file.path.display().to_string()).collect::<Vec<_>>(),
    );
    Ok(())
}

fn tell_left_out(context: &Context<'_>, files: &[String]) {
    if !files.is_empty() {
        let (files, limit) = (super::plain_files::few(files), LARGEST >> 20);
        context.ui.note(&format!(
            "not searched for values of secrets, as too large (the limit is {limit} MiB a file): {files}"
        ));
    }
}

/// Leaves out what stood in the file before, under another name perhaps: that commit is made already.
fn drop_known(
    here: &Path,
    searcher: &Searcher<'_>,
    changes: &[Change],
    found: &mut Searched,
) -> Outcome {
    let has_hit = |path: &Path| found.hits.iter().any(|hit| hit.file == path);
    let mut before: Vec<(PathBuf, String)> = changes
        .iter()
        .filter(|change| has_hit(&change.file.path))
        .flat_map(|change| change.before.iter().map(|id| (change.file.path.clone(), id.clone())))
        .collect();
    if found.hits.iter().any(|hit| hit.is_new) {
        let renamed = staged::renamed(here).into_iter();
        before.extend(renamed.filter_map(|file| Some((file.path, file.before?))));
    }
    let wanted: BTreeSet<&str> = before.iter().map(|(_, id)| id.as_str()).collect();
    let mut known: BTreeMap<String, BTreeSet<Id>> = BTreeMap::new();
    let read = staged::contents(here, &wanted, &mut |id, content| {
        let marks = searcher.find(content).into_iter().map(|found| found.print.mark).collect();
        known.insert(id.to_owned(), marks);
    });
    read.map_err(|error| unread(Some(&error)))?;
    found.hits.retain(|hit| {
        let mut before = before.iter().filter(|(path, _)| *path == hit.file);
        !before.any(|(_, id)| known.get(id).is_some_and(|marks| marks.contains(&hit.mark)))
    });
    Ok(())
}
