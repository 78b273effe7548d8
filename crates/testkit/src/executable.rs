//! Programs that a test makes.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// A script that can be started. Another process writes it: one that this process starts meanwhile would
/// have the open file too, until it becomes its program, and a file that is written to is busy.
pub fn script(path: &Path, text: &str) {
    let mut sh = Command::new("sh");
    sh.args(["-c", "cat > \"$1\" && chmod 755 \"$1\"", "sh"]).arg(path).stdin(Stdio::piped());
    let mut sh = sh.spawn().unwrap();
    sh.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    assert!(sh.wait().unwrap().success(), "{}", path.display());
}

/// A copy of a program, made in the same way.
pub fn copy(from: impl AsRef<Path>, to: &Path) {
    let status = Command::new("cp").arg(from.as_ref()).arg(to).status().unwrap();
    assert!(status.success(), "{}", to.display());
}
