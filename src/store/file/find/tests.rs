//! What the search finds, where it ends and what it refuses.

use super::*;
use std::fs;
use tempfile::{TempDir, tempdir};

/// A folder tree with canonical paths.
struct Tree(TempDir);

impl Tree {
    fn new() -> Self {
        Self(tempdir().unwrap())
    }

    fn path(&self, path: &str) -> PathBuf {
        assert!(Path::new(path).is_relative(), "{path} leaves the tree");
        self.0.path().canonicalize().unwrap().join(path)
    }

    fn folder(&self, path: &str) -> PathBuf {
        fs::create_dir_all(self.path(path)).unwrap();
        self.path(path)
    }

    fn vault(&self, project: &str) -> PathBuf {
        let file = self.folder(project).join(FOLDER).join(FILE);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, "format = 1\n").unwrap();
        file
    }

    fn upward(&self, start: &str, home: Option<&str>) -> Result<Location, FindError> {
        let (start, home) = (self.path(start), home.map(|home| self.path(home)));
        let owners = ProjectOwners::current(None);
        Search { start: &start, home: home.as_deref(), owners }.upward()
    }

    fn at(&self, path: &Path) -> Result<Location, FindError> {
        let start = self.path("");
        Search { start: &start, home: None, owners: ProjectOwners::current(None) }.at(path)
    }
}

#[test]
fn the_nearest_vault_above_is_found() {
    let tree = Tree::new();
    tree.vault("outer");
    let vault = tree.vault("outer/inner");
    tree.folder("outer/inner/a/b");
    let found = tree.upward("outer/inner/a/b", None).unwrap();
    assert_eq!(found.vault, vault);
    assert_eq!(found.folder, tree.path("outer/inner/.v-secure"));
    assert_eq!(found.project, tree.path("outer/inner"));
    assert_eq!(found.git_common_dir, None);
}

#[test]
fn a_folder_without_a_vault_in_it_is_passed_over() {
    let tree = Tree::new();
    let vault = tree.vault("a");
    tree.folder("a/b/.v-secure");
    assert_eq!(tree.upward("a/b", None).unwrap().vault, vault);
}

#[test]
fn the_search_ends_at_the_repository_but_looks_there() {
    let tree = Tree::new();
    tree.vault("");
    tree.folder("clone/.git");
    tree.folder("clone/a");
    fs::write(tree.folder("linked").join(".git"), "gitdir: ../clone/.git\n").unwrap();
    for (start, end) in [("clone/a", "clone"), ("linked", "linked")] {
        let error = tree.upward(start, None).unwrap_err();
        let FindError::NotFound { end: found, .. } = &error else { panic!("{error}") };
        assert_eq!(*found, tree.path(end));
    }
    let vault = tree.vault("clone");
    let found = tree.upward("clone/a", None).unwrap();
    assert_eq!((found.vault, found.git_common_dir), (vault, Some(tree.path("clone/.git"))));
}

#[test]
fn the_search_ends_at_home_but_looks_there() {
    let tree = Tree::new();
    tree.vault("");
    tree.folder("home/a");
    let error = tree.upward("home/a", Some("home")).unwrap_err();
    assert!(matches!(error, FindError::NotFound { .. }), "{error}");
    let vault = tree.vault("home");
    assert_eq!(tree.upward("home/a", Some("home")).unwrap().vault, vault);
}

#[test]
fn a_path_names_the_file_its_folder_or_the_project() {
    let tree = Tree::new();
    let vault = tree.vault("project");
    for path in ["project", "project/.v-secure", "project/.v-secure/vault.toml", "project/"] {
        let found = tree.at(Path::new(path)).unwrap();
        assert_eq!((found.vault, found.project), (vault.clone(), tree.path("project")), "{path}");
    }
    assert_eq!(tree.at(&vault).unwrap().vault, vault);
}

#[test]
fn a_vault_of_another_name_is_a_project_by_itself() {
    let tree = Tree::new();
    fs::write(tree.folder("a").join("other.toml"), "").unwrap();
    let found = tree.at(Path::new("a/other.toml")).unwrap();
    assert_eq!(found.vault, tree.path("a/other.toml"));
    assert_eq!((found.folder, found.project), (tree.path("a"), tree.path("a")));
}

#[test]
fn a_given_path_without_a_vault_does_not_fall_back_to_one_above() {
    let tree = Tree::new();
    tree.vault("");
    tree.folder("a");
    for path in ["a", "a/none.toml", "none", "a/.v-secure", "a/b/c.toml", ".v-secure/vault.toml/x"]
    {
        let error = tree.at(Path::new(path)).unwrap_err();
        assert!(matches!(error, FindError::Missing { .. }), "{path}: {error}");
    }
}

#[test]
fn other_kinds_in_the_place_of_vault_or_folder_are_refused() {
    let tree = Tree::new();
    tree.folder("a/.v-secure/vault.toml");
    let error = tree.upward("a", None).unwrap_err();
    assert!(matches!(error, FindError::NotAFile { .. }), "{error}");
    fs::write(tree.folder("b").join(FOLDER), "").unwrap();
    let error = tree.upward("b", None).unwrap_err();
    assert!(matches!(error, FindError::NotAFolder { .. }), "{error}");
}

#[cfg(unix)]
#[test]
fn symbolic_links_in_the_place_of_vault_or_folder_are_refused() {
    use std::os::unix::fs::symlink;
    let tree = Tree::new();
    let vault = tree.vault("real");
    symlink(&vault, tree.folder("a/.v-secure").join(FILE)).unwrap();
    symlink(tree.path("real/.v-secure"), tree.folder("b").join(FOLDER)).unwrap();
    symlink(tree.path("nowhere"), tree.folder("c").join(FOLDER)).unwrap();
    for start in ["a", "b", "c"] {
        let error = tree.upward(start, None).unwrap_err();
        assert!(matches!(error, FindError::Symlink { .. }), "{start}: {error}");
        let error = tree.at(&tree.path(start)).unwrap_err();
        assert!(matches!(error, FindError::Symlink { .. }), "{start}: {error}");
    }
    let error = tree.at(Path::new("b/.v-secure/vault.toml")).unwrap_err();
    assert!(matches!(error, FindError::Symlink { .. }), "{error}");
    // A link further up is the user's own business, and the location is the real one.
    symlink(tree.path("real"), tree.path("d")).unwrap();
    assert_eq!(tree.at(Path::new("d")).unwrap().vault, vault);
    assert_eq!(tree.upward("d", None).unwrap().vault, vault);
}

#[cfg(unix)]
#[test]
fn a_vault_of_another_user_is_refused() {
    let tree = Tree::new();
    tree.vault("a");
    let start = tree.path("a");
    let search = Search { start: &start, home: None, owners: ProjectOwners::nobody_here() };
    for error in [search.upward().unwrap_err(), search.at(&start).unwrap_err()] {
        assert!(matches!(error, FindError::OtherOwner { .. }), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn one_file_or_folder_given_to_another_user_is_enough_to_refuse() {
    use std::os::unix::fs::{MetadataExt, chown};
    let tree = Tree::new();
    let vault = tree.vault("a");
    let own = fs::metadata(&vault).unwrap().uid();
    let other = own + 1;
    let Ok(()) = chown(&vault, Some(other), None) else {
        eprintln!("skipped: only root can give files away");
        return;
    };
    let error = tree.upward("a", None).unwrap_err();
    let FindError::OtherOwner { path, owner } = &error else { panic!("{error}") };
    assert_eq!((path, *owner), (&vault, other));
    chown(&vault, Some(own), None).unwrap();
    assert!(tree.upward("a", None).is_ok());
    chown(tree.path("a/.v-secure"), Some(other), None).unwrap();
    assert!(matches!(tree.upward("a", None).unwrap_err(), FindError::OtherOwner { .. }));
    let owners = ProjectOwners::current(Some(other.to_string().as_ref()));
    let start = tree.path("a");
    assert!(Search { start: &start, home: None, owners }.upward().is_ok());
}
