//! What a commit would bring: the contents of the index that the last commit does not have, all of them by two
//! processes of git's, however many they are.

use super::command::git;
use crate::store::sys;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

/// The largest content that is read, in bytes.
pub const LARGEST: u64 = 16 << 20;
/// The most that is read of all contents together.
pub const MOST: u64 = 64 << 20;

/// What git calls a content.
type ObjectId = String;

/// A file that would be committed with another content than it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StagedFile {
    /// Relative to the root.
    pub path: PathBuf,
    pub content: ObjectId,
    /// The content of the commit it is compared with; `None` of a file that is new.
    pub before: Option<ObjectId>,
}

/// The files whose staged content is another one than in the last commit, or in `side`.
pub fn files(folder: &Path, side: Option<&str>) -> Option<Vec<StagedFile>> {
    raw(folder, "--no-renames", "--diff-filter=AMT", side)
}

/// The files that were renamed, with what they were before: it is only said of files that resemble it.
pub fn renamed(folder: &Path) -> Vec<StagedFile> {
    raw(folder, "--find-renames", "--diff-filter=R", None).unwrap_or_default()
}

fn raw(folder: &Path, renames: &str, filter: &str, side: Option<&str>) -> Option<Vec<StagedFile>> {
    let mut command = git(folder);
    command.args(["diff", "--cached", "--raw", "--no-abbrev", "-z", renames, filter]);
    command.args(["--no-ext-diff", "--no-textconv", "--ignore-submodules=all"]);
    command.args(side).arg("--");
    let output = command.stderr(Stdio::null()).output().ok()?;
    output.status.success().then_some(())?;
    let mut parts = output.stdout.split(|byte| *byte == 0).filter(|part| !part.is_empty());
    let mut found = Vec::new();
    while let Some(head) = parts.next() {
        let [_, mode, before, content, status] = fields(head)?;
        let mut path = parts.next()?;
        if status.starts_with('R') {
            path = parts.next()?;
        }
        if mode == SUBMODULE {
            continue;
        }
        let before = (!before.bytes().all(|digit| digit == b'0')).then(|| before.to_owned());
        found.push(StagedFile { path: sys::path_of(path)?, content: content.to_owned(), before });
    }
    Some(found)
}

/// The mode of a commit of another repository.
const SUBMODULE: &str = "160000";

/// `:OLDMODE NEWMODE OLD NEW STATUS`.
fn fields(head: &[u8]) -> Option<[&str; 5]> {
    let text = std::str::from_utf8(head).ok()?.strip_prefix(':')?;
    let fields: Vec<&str> = text.split(' ').collect();
    fields.try_into().ok()
}

/// What was not read of what was wanted.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct LeftOut(pub BTreeSet<ObjectId>);

/// Hands over contents, each once, in no order; returns those that are too large or not there.
pub fn contents(
    folder: &Path,
    wanted: &BTreeSet<&str>,
    visit: &mut dyn FnMut(&str, &[u8]),
) -> io::Result<LeftOut> {
    let sizes = sizes(folder, wanted)?;
    let mut left_out = LeftOut::default();
    let (mut all, mut read) = (0, BTreeSet::new());
    // The small ones first, so that as many as can be are read.
    let mut by_size: Vec<(&str, Option<u64>)> =
        wanted.iter().map(|id| (*id, sizes.get(*id).copied())).collect();
    by_size.sort_by_key(|(_, size)| *size);
    for (id, size) in by_size {
        match size {
            Some(size) if size <= LARGEST && all + size <= MOST => {
                all += size;
                read.insert(id);
            }
            _ => _ = left_out.0.insert(id.to_owned()),
        }
    }
    batch(folder, "--batch", &read, &mut |id, size, from| {
        let mut content = vec![0; usize::try_from(size).map_err(io::Error::other)?];
        from.read_exact(&mut content)?;
        from.read_exact(&mut [0])?;
        visit(id, &content);
        Ok(())
    })?;
    Ok(left_out)
}

fn sizes(folder: &Path, wanted: &BTreeSet<&str>) -> io::Result<BTreeMap<ObjectId, u64>> {
    let mut sizes = BTreeMap::new();
    batch(folder, "--batch-check", wanted, &mut |id, size, _| {
        sizes.insert(id.to_owned(), size);
        Ok(())
    })?;
    Ok(sizes)
}

/// Asks `git cat-file` about contents. What is missing is passed over.
fn batch(
    folder: &Path,
    how: &str,
    wanted: &BTreeSet<&str>,
    each: &mut dyn FnMut(&str, u64, &mut dyn Read) -> io::Result<()>,
) -> io::Result<()> {
    if wanted.is_empty() {
        return Ok(());
    }
    let mut command = git(folder);
    command.args(["cat-file", how, "--buffer"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    let answered = std::thread::scope(|scope| {
        let questions: String = wanted.iter().flat_map(|id| [*id, "\n"]).collect();
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        // From beside: it answers before all is asked, and would wait for a reader.
        scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(questions.as_bytes())));
        let mut from = BufReader::new(stdout.ok_or(io::ErrorKind::BrokenPipe)?);
        let mut line = String::new();
        loop {
            line.clear();
            if from.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let parts: Vec<&str> = line.trim_end().split(' ').collect();
            if let [id, "blob", size] = parts[..]
                && let Ok(size) = size.parse()
            {
                each(id, size, &mut from)?;
            }
        }
    });
    finish(child, answered)
}

fn finish(mut child: Child, answered: io::Result<()>) -> io::Result<()> {
    if answered.is_err() {
        let _ = child.kill();
    }
    let status = child.wait()?;
    answered?;
    status.success().then_some(()).ok_or_else(|| io::Error::other("git cat-file failed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_git_s_is_told_from_what_is_none() {
        let line = b":100644 100755 aa00 bb11 M";
        assert_eq!(fields(line), Some(["100644", "100755", "aa00", "bb11", "M"]));
        assert_eq!(fields(b"100644 100755 aa00 bb11 M"), None);
        assert_eq!(fields(b":100644 100755 aa00 M"), None);
        assert_eq!(fields(b":\xff"), None);
    }
}
