//! What a ref of a remote holds, and a commit upon it. Nothing of the work tree is touched, nor are its index, its
//! branches and what is checked out: objects are written, and a ref that stands for one moment.

use super::transport::{GitError, Ran, Reaching};
use std::path::Path;
use std::process;
use std::sync::atomic::{AtomicUsize, Ordering};
use v_secure_core::file::format::MAX_FILE;

/// What is not there is told by this exit code of `ls-remote`.
const NO_REFS: i32 = 2;
const FETCH: [&str; 7] = [
    "--quiet",
    "--no-tags",
    "--no-prune",
    "--no-write-fetch-head",
    "--no-recurse-submodules",
    "--no-auto-maintenance",
    // What the configuration would update besides.
    "--refmap=",
];
const PUSH: [&str; 4] = ["--quiet", "--no-verify", "--no-follow-tags", "--recurse-submodules=no"];
const FILE_MODE: &str = "100644";
const TREE_MODE: &str = "040000";

/// A ref of a remote, as the repository of a vault sees it.
#[derive(Debug)]
pub(crate) struct RemoteRef<'a> {
    /// That of the vault.
    folder: &'a Path,
    remote: &'a str,
    reference: &'a str,
    /// The names of the folders down to that of the vault.
    path: Vec<String>,
}

/// What was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tip {
    /// `None` where the remote has nothing yet.
    pub commit: Option<String>,
    /// Whether the ref is there: otherwise what is published first goes on from the remote's own branch.
    pub is_there: bool,
}

/// Who a commit is by, where git knows nobody.
pub(crate) struct Author<'a> {
    pub name: &'a str,
    pub message: &'a str,
}

struct Entry {
    mode: String,
    kind: String,
    id: String,
    /// git's names are bytes.
    name: Vec<u8>,
}

impl Entry {
    /// As `ls-tree -z` writes it.
    fn parse(line: &[u8]) -> Option<Self> {
        let tab = line.iter().position(|byte| *byte == b'\t')?;
        let facts = std::str::from_utf8(&line[..tab]).ok()?;
        let mut facts = facts.split(' ').map(str::to_owned);
        let (mode, kind, id) = (facts.next()?, facts.next()?, facts.next()?);
        Some(Self { mode, kind, id, name: line[tab + 1..].to_vec() })
    }

    fn line(&self) -> Vec<u8> {
        let facts = format!("{} {} {}\t", self.mode, self.kind, self.id);
        [facts.as_bytes(), &self.name, b"\0"].concat()
    }
}

/// What is pushed to another place than is fetched from, nobody finds who looks where this one looks.
fn refuse_apart(folder: &Path, remote: &str) -> Result<(), GitError> {
    let urls = |more: &[&str]| {
        let asked = Reaching::new(folder, "remote").args(["get-url", "--all"]).args(more);
        asked.args([remote]).run()?.ok()
    };
    let (fetched, pushed) = (urls(&[])?, urls(&["--push"])?);
    // git fetches from the first one.
    let first = fetched.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
    match first == pushed {
        true => Ok(()),
        false => Err(GitError::Apart { remote: remote.to_owned() }),
    }
}

impl<'a> RemoteRef<'a> {
    pub(crate) fn new(
        folder: &'a Path,
        remote: &'a str,
        reference: &'a str,
    ) -> Result<Self, GitError> {
        let prefix = Reaching::new(folder, "rev-parse").args(["--show-prefix"]).run()?.line()?;
        // git would take any other word for a path.
        let urls = format!("remote.{remote}.url");
        let known = Reaching::new(folder, "config").args(["--get", &urls]).run()?;
        if known.code != Some(0) {
            return Err(GitError::NoRemote { remote: remote.to_owned() });
        }
        refuse_apart(folder, remote)?;
        let path = prefix.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        Ok(Self { folder, remote, reference, path })
    }

    /// What is published now.
    pub(crate) fn fetch(&self) -> Result<Tip, GitError> {
        let failed = match self.fetch_from(self.reference) {
            Ok(commit) => return Ok(Tip { commit: Some(commit), is_there: true }),
            Err(error) => error,
        };
        let listed = self.git("ls-remote").args(["--exit-code", self.remote]).run()?;
        if listed.code == Some(NO_REFS) {
            return Ok(Tip { commit: None, is_there: false });
        }
        let listed = String::from_utf8_lossy(&listed.ok()?).into_owned();
        let has = |name: &str| listed.lines().any(|line| line.split('\t').nth(1) == Some(name));
        match (has(self.reference), has("HEAD")) {
            (true, _) => Err(failed),
            (false, true) => Ok(Tip { commit: Some(self.fetch_from("HEAD")?), is_there: false }),
            (false, false) => Ok(Tip { commit: None, is_there: false }),
        }
    }

    fn fetch_from(&self, name: &str) -> Result<String, GitError> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        // A ref that stayed would be one more beginning of the repository's history.
        let place = format!("refs/v-secure/fetched/{}-{count}", process::id());
        let what = format!("+{name}:{place}");
        self.git("fetch").args(FETCH).args([self.remote, &what]).run()?.ok()?;
        let asked = ["--quiet", "--verify", "--end-of-options"];
        let found = self.git("rev-parse").args(asked).args([format!("{place}^{{commit}}")]).run();
        let _ = self.git("update-ref").args(["-d", &place]).run();
        found?.line()
    }

    /// The bytes of a file in a commit, by its path below the vault's folder.
    pub(crate) fn file(&self, commit: &str, path: &[&str]) -> Result<Option<Vec<u8>>, GitError> {
        let mut tree = commit.to_owned();
        let (folders, name) = self.parts(path);
        for folder in folders {
            match self.entry(&tree, folder)? {
                Some(entry) if entry.kind == "tree" => tree = entry.id,
                Some(_) => return Err(self.no_file(path)),
                None => return Ok(None),
            }
        }
        let Some(entry) = self.entry(&tree, name)? else { return Ok(None) };
        if entry.kind != "blob" || !entry.mode.starts_with("100") {
            return Err(self.no_file(path));
        }
        let size = self.git("cat-file").args(["-s", &entry.id]).run()?.line()?;
        if size.parse::<usize>().map_or(true, |size| size > MAX_FILE) {
            return Err(GitError::Answer { what: "cat-file".to_owned() });
        }
        self.git("cat-file").args(["blob", &entry.id]).run()?.ok().map(Some)
    }

    /// Whether what was fetched has a commit.
    pub(crate) fn has(&self, tip: &Tip, commit: &str) -> Result<bool, GitError> {
        let Some(now) = tip.commit.as_deref().filter(|_| tip.is_there) else { return Ok(false) };
        let ran = self.git("merge-base").args(["--is-ancestor", commit, now]).run()?;
        match ran.code {
            Some(1) => Ok(false),
            _ => ran.ok().map(|_| true),
        }
    }

    /// A commit upon `tip`, with these files below the vault's folder as they are given and all else as it is there.
    pub(crate) fn commit<'f>(
        &self,
        tip: &Tip,
        files: impl IntoIterator<Item = (&'f [&'f str], &'f [u8])>,
        author: &Author<'_>,
    ) -> Result<String, GitError> {
        let mut tree = tip.commit.clone();
        for (path, bytes) in files {
            let blob = self.git("hash-object").args(["-w", "--no-filters", "--stdin"]);
            let blob = blob.feed(bytes)?.line()?;
            let (folders, name) = self.parts(path);
            tree = Some(self.with(tree.as_deref(), &folders, (name, &blob))?);
        }
        let tree = tree.ok_or_else(|| GitError::Answer { what: "mktree".to_owned() })?;
        self.commit_tree(&tree, tip.commit.as_deref(), author)
    }

    /// Pushes a commit, where it goes on from what is there.
    pub(crate) fn push(&self, commit: &str) -> Result<(), GitError> {
        let what = format!("{commit}:{}", self.reference);
        self.git("push").args(PUSH).args([self.remote, &what]).run()?.ok().map(|_| ())
    }

    /// The id of a tree with a file in it, or in one below.
    fn with(
        &self,
        tree: Option<&str>,
        folders: &[&str],
        (name, blob): (&str, &str),
    ) -> Result<String, GitError> {
        let mut entries = tree.map(|tree| self.entries(tree)).transpose()?.unwrap_or_default();
        let own = folders.first().copied().unwrap_or(name);
        let there = entries.iter().position(|entry| entry.name == own.as_bytes());
        let there = there.map(|at| entries.remove(at));
        let (mode, kind, id) = match folders.split_first() {
            None => (FILE_MODE, "blob", blob.to_owned()),
            Some((_, below)) => {
                let below_is = there.as_ref().map(|entry| entry.id.as_str());
                if there.as_ref().is_some_and(|entry| entry.kind != "tree") {
                    return Err(GitError::NotAFile { path: own.to_owned() });
                }
                (TREE_MODE, "tree", self.with(below_is, below, (name, blob))?)
            }
        };
        let (mode, kind, name) = (mode.to_owned(), kind.to_owned(), own.as_bytes().to_vec());
        entries.push(Entry { mode, kind, id, name });
        let lines: Vec<u8> = entries.iter().flat_map(Entry::line).collect();
        // A clone may lack what the others are.
        let made = self.git("mktree").args(["-z", "--missing"]);
        made.feed(&lines)?.line()
    }

    fn commit_tree(
        &self,
        tree: &str,
        parent: Option<&str>,
        author: &Author<'_>,
    ) -> Result<String, GitError> {
        let signs = self.git("config").args(["--type=bool", "--get", "commit.gpgsign"]).run()?;
        // Of a commit's id that stands for its tree git wants the tree.
        let tree = format!("{tree}^{{tree}}");
        let tree = self.git("rev-parse").args(["--verify", "--end-of-options", &tree]).run()?;
        let mut made = self.git("commit-tree").args([tree.line()?]);
        if let Some(parent) = parent {
            made = made.args(["-p", parent]);
        }
        if signs.code == Some(0) && signs.out.starts_with(b"true") {
            made = made.args(["-S"]);
        }
        for role in ["AUTHOR", "COMMITTER"] {
            let name = format!("GIT_{role}_IDENT");
            if self.git("var").args([&name]).run()?.code != Some(0) {
                let name = format!("GIT_{role}_NAME");
                made = made.variable(&name, author.name);
                made = made.variable(&format!("GIT_{role}_EMAIL"), "");
            }
        }
        made.args(["-F", "-"]).feed(author.message.as_bytes())?.line()
    }

    fn entry(&self, tree: &str, name: &str) -> Result<Option<Entry>, GitError> {
        Ok(self.entries(tree)?.into_iter().find(|entry| entry.name == name.as_bytes()))
    }

    fn entries(&self, tree: &str) -> Result<Vec<Entry>, GitError> {
        let ran: Ran = self.git("ls-tree").args(["-z", "--full-tree", tree]).run()?;
        let listed = ran.ok()?;
        let lines = listed.split(|byte| *byte == 0).filter(|line| !line.is_empty());
        let parsed: Option<Vec<Entry>> = lines.map(Entry::parse).collect();
        parsed.ok_or_else(|| GitError::Answer { what: "ls-tree".to_owned() })
    }

    /// The folders from the root of the repository to a file below the vault's folder, and its name.
    fn parts<'p>(&'p self, path: &[&'p str]) -> (Vec<&'p str>, &'p str) {
        let (name, folders) = path.split_last().map_or(("", path), |(name, rest)| (*name, rest));
        (self.path.iter().map(String::as_str).chain(folders.iter().copied()).collect(), name)
    }

    fn no_file(&self, path: &[&str]) -> GitError {
        let own = self.path.iter().map(String::as_str);
        let parts: Vec<&str> = own.chain(path.iter().copied()).collect();
        GitError::NotAFile { path: parts.join("/") }
    }

    fn git(&self, what: &str) -> Reaching {
        Reaching::new(self.folder, what)
    }
}
