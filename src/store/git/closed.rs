//! Where git has a file of a closed history that is not beside the vault, or is another one there.

use super::command::{is_working_tree, text};
use super::unfinished::merged;
use std::path::Path;

/// So many commits that touch the file are asked for it.
const LOOKED_AT: &str = "--max-count=64";

/// Where to take it from, the nearest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kept {
    /// In the index, whether or not a sparse checkout leaves it out.
    Index,
    LastCommit,
    /// In this commit and in no later one that leads here, or in one that is not on the way here.
    Commit(String),
    /// In no commit of this clone.
    Nowhere,
}

/// Where git has a file, by its path below a folder; `None` where there is no working tree. Of one that `is_there`
/// another state is meant, as what stands there is not the one that is wanted.
pub(crate) fn kept(folder: &Path, file: &str, is_there: bool) -> Option<Kept> {
    if !is_working_tree(folder) {
        return None;
    }
    let hash = ["hash-object", "--no-filters", "--", &format!("./{file}")];
    let there = is_there.then(|| text(folder, &hash)).flatten();
    let has = |revision: &str| {
        let name = format!("{revision}:./{file}");
        let asked = ["rev-parse", "--quiet", "--verify", "--end-of-options", &name];
        text(folder, &asked).is_some_and(|id| Some(id) != there)
    };
    Some(match () {
        () if has(":0") => Kept::Index,
        () if has("HEAD") => Kept::LastCommit,
        () => earlier(folder, file).find(|commit| has(commit)).map_or(Kept::Nowhere, Kept::Commit),
    })
}

/// The commits that touch the file, and those before them, which have what one of them deleted: first those that
/// lead here.
fn earlier(folder: &Path, file: &str) -> impl Iterator<Item = String> {
    let path = format!(":(literal)./{file}");
    let merged = merged(folder);
    let here = std::iter::once("HEAD").chain(merged.iter().map(String::as_str)).collect();
    let from: [Vec<&str>; 2] = [here, vec!["--all", "--reflog"]];
    let asked = from.map(|from| {
        let listing = ["rev-list", "--full-history", "--abbrev-commit", LOOKED_AT];
        text(folder, &[&listing, &from[..], &["--", &path]].concat()).unwrap_or_default()
    });
    let commits: Vec<String> =
        asked.iter().flat_map(|text| text.lines()).map(str::to_owned).collect();
    commits
        .into_iter()
        .flat_map(|commit| [commit.clone(), format!("{commit}^"), format!("{commit}^2")])
}
