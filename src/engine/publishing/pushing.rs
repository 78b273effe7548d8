//! The push, and the look at what came of it.

use super::error::PublishError;
use super::published::{Published, vault_name};
use crate::engine::history::FOLDER;
use crate::engine::session::Session;
use crate::store::git::publish::Author;
use crate::store::git::transport::GitError;
use std::collections::BTreeMap;
use v_secure_core::vault::Texts;

/// Whether the vault here lacks something of what is published.
pub(super) fn lacks(session: &Session, published: &Published<'_>) -> Result<bool, PublishError> {
    // Who holds the lock has read the file: that it is gone by now is found when it is replaced.
    let Ok(there) = session.read() else { return Ok(false) };
    Ok(published.united(session, &there.bytes)?.is_some())
}

/// Publishes these texts upon what was fetched; false where others did meanwhile. What no answer tells is looked up:
/// a push whose answer was lost has published.
pub(super) fn push(
    session: &Session,
    published: &Published<'_>,
    texts: &Texts,
    (name, reason): (&str, &str),
) -> Result<bool, PublishError> {
    let via = || published.via.clone();
    let beside = beside(session, texts);
    let vault = vault_name(session);
    let mut paths: Vec<(Vec<&str>, &[u8])> = vec![(vec![&vault], texts.vault.as_bytes())];
    let is_new = |(name, bytes): &(&String, &Vec<u8>)| published.files.get(*name) != Some(bytes);
    let new = beside.iter().filter(is_new);
    paths.extend(new.map(|(name, bytes)| (vec![FOLDER, name.as_str()], &bytes[..])));
    let message = format!("v-secure: {}\n", reason.lines().next().unwrap_or_default());
    let author = Author { name, message: &message };
    let files = paths.iter().map(|(path, bytes)| (&path[..], *bytes));
    let commit = published.remote.commit(&published.tip, files, &author);
    let commit = commit.map_err(|source| PublishError::NoCommit { via: via(), source })?;
    let Err(refused) = published.remote.push(&commit) else { return Ok(true) };
    let looked = published.remote.fetch().and_then(|tip| {
        let has = published.remote.has(&tip, &commit)?;
        Ok((has, tip == published.tip))
    });
    became(via(), refused, looked)
}

/// What a push that did not say that it succeeded came to: of a look at the remote, whether it has the commit, and
/// whether it is otherwise as it was.
fn became(
    via: String,
    refused: GitError,
    looked: Result<(bool, bool), GitError>,
) -> Result<bool, PublishError> {
    match (looked, refused) {
        (Ok((true, _)), _) => Ok(true),
        (Ok((false, false)), _) => Ok(false),
        // The other side may finish what was sent to it.
        (Ok((false, true)), source @ GitError::Late { .. }) => {
            Err(PublishError::Unclear { via, source })
        }
        (Ok((false, true)), source) => Err(PublishError::Refused { via, source }),
        (Err(source), _) => Err(PublishError::Unclear { via, source }),
    }
}

/// Whether a vault is published as it is.
pub(super) fn is_published(session: &Session, published: &Published<'_>, texts: &Texts) -> bool {
    let has = |(name, bytes): (&String, &Vec<u8>)| published.files.get(name) == Some(bytes);
    published.tip.is_there
        && published.vault.as_deref() == Some(texts.vault.as_bytes())
        && beside(session, texts).iter().all(has)
}

/// What stands beside a vault with these texts.
fn beside(session: &Session, texts: &Texts) -> BTreeMap<String, Vec<u8>> {
    let there = session.history_files(texts.vault.as_bytes());
    let new = texts.beside.iter().map(|(name, file)| (name.clone(), file.text.clone().into()));
    there.into_iter().chain(new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn came(refused: GitError, looked: Result<(bool, bool), GitError>) -> String {
        match became("origin refs/heads/main".to_owned(), refused, looked) {
            Ok(is_published) => is_published.to_string(),
            Err(PublishError::Refused { .. }) => "refused".to_owned(),
            Err(PublishError::Unclear { .. }) => "unclear".to_owned(),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn a_push_that_was_ended_may_still_arrive() {
        let late = || GitError::Late { what: "push".to_owned() };
        let failed = || GitError::Failed { what: "push".to_owned(), said: Vec::new() };
        for (refused, looked, outcome) in [
            (late(), Ok((false, true)), "unclear"),
            (late(), Ok((true, false)), "true"),
            // It would no longer go on from what is there.
            (late(), Ok((false, false)), "false"),
            (late(), Err(failed()), "unclear"),
            (failed(), Ok((false, true)), "refused"),
            (failed(), Ok((true, false)), "true"),
            (failed(), Ok((false, false)), "false"),
            (failed(), Err(late()), "unclear"),
        ] {
            assert_eq!(came(refused, looked), outcome);
        }
    }
}
