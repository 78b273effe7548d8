//! The block in git's hooks: what `git install` writes and `doctor` looks for.

/// The hooks that it is in: git runs the second, and not the first, for a merge that it commits by itself, and
/// the third alone for a revert.
pub(crate) const HOOKS: [&str; 3] = ["pre-commit", "pre-merge-commit", REVERT];
const REVERT: &str = "prepare-commit-msg";

pub const BEGIN: &str = "# v-secure: begin\n";
pub const END: &str = "# v-secure: end\n";
/// What verifies, for hooks that the user writes.
pub const LINE: &str = "v-secure git pre-commit || exit 1";
/// The block of a hook.
pub fn body(hook: &str) -> &'static str {
    if hook == REVERT { REVERT_BODY } else { BODY }
}

/// Git runs this hook for every commit, `--no-verify` or not, and says of no commit that it is a revert but in
/// the message. So a program that is missing stops nothing here: nobody could go past it.
const REVERT_BODY: &str = "\
if grep -q '^This reverts commit [0-9a-f]' \"$1\" && command -v v-secure >/dev/null 2>&1; then
  v-secure git pre-commit --revert || exit 1
fi
";
/// A program that is missing verifies nothing, so that the commit waits; the message says what for.
const BODY: &str = "\
if ! command -v v-secure >/dev/null 2>&1; then
  echo 'v-secure is not on PATH, so the staged vault was not verified' >&2
  echo '  try: put the folder of v-secure on PATH (git may run with another PATH than your shell)' >&2
  echo '  try: git commit --no-verify, for this commit alone' >&2
  exit 1
fi
v-secure git pre-commit || exit 1
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_block_ends_with_what_users_may_write() {
        assert!(BODY.ends_with(&format!("{LINE}\n")));
    }
}
