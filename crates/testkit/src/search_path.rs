//! The test's own search path, for the programs that it starts: a tool that it lacks is one that they
//! do not find either.

use std::path::Path;

/// Without the folders of a `v-secure` that is installed, as it is not the one under test.
pub fn path() -> String {
    let own = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&own).filter(|folder| !folder.join("v-secure").exists());
    std::env::join_paths(folders).unwrap().into_string().unwrap()
}

/// With a folder before the others.
pub fn path_after(folder: &Path) -> String {
    format!("{}:{}", folder.display(), path())
}
