//! The user's editor on a text that must not reach a disk: a private file in memory, wiped however
//! the editor ends, and whatever it put beside the file with it.
//!
//! The command is run as git runs one: by `sh -c 'EDITOR "$@"'` where it holds options. Vim and
//! Neovim are told to keep nothing elsewhere; other editors get a `TMPDIR` that is wiped with the
//! file, and what they keep of their own accord is theirs.

use crate::cli::child;
use crate::cli::child::lookup;
use crate::cli::door::surroundings::Surroundings;
use crate::cli::error::codes::Code;
use crate::cli::error::ending::Ending;
use crate::cli::error::{Failure, Outcome};
use crate::host::signals::{self, Held};
use crate::store::file::memory::{MemoryError, MemoryFolder, OwnerMode};
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;
use v_secure_core::secret_value::SecretValue;

const VARIABLES: [&str; 3] = ["V_SECURE_EDITOR", "VISUAL", "EDITOR"];
const DEFAULT: &str = "vi";
/// Neither swap file nor viminfo, and, after the user's own settings, no backup and no undo file.
const VIM: [&str; 7] = [
    "-n",
    "-i",
    "NONE",
    "-c",
    "set nobackup nowritebackup noswapfile",
    "-c",
    "silent! set noundofile",
];
/// How often it is looked whether the editor has ended, or this process is to.
const TICK: Duration = Duration::from_millis(20);

/// The command that the user edits with.
pub struct Editor {
    command: OsString,
    is_vim: bool,
}

/// Finds the editor: V_SECURE_EDITOR, VISUAL, EDITOR, and on a terminal vi.
pub fn find(context: &Surroundings<'_>) -> Outcome<Editor> {
    let given = VARIABLES.iter().find_map(|name| context.host.variable(name));
    let command = match given {
        Some(command) => command,
        None if context.interactive() => DEFAULT.into(),
        None => {
            let message = "there is no terminal, and no editor is set";
            return Err(Failure::new(Code::NoEditor, message)
                .hint("EDITOR=COMMAND, which gets the file as its last argument")
                .hint("printf %s \"$VALUE\" | v-secure set NAME"));
        }
    };
    let is_vim = is_vim(&command, context.host.variable("PATH").as_deref());
    Ok(Editor { command, is_vim })
}

/// Whether the command is more than the name of a program. The characters are those of git.
fn needs_shell(command: &OsStr) -> bool {
    command.as_encoded_bytes().iter().any(|byte| b"|&;<>()$`\\\"' \t\n*?[#~=%".contains(byte))
}

/// Whether the command starts Vim or Neovim, also by the name `vi`.
fn is_vim(command: &OsStr, search: Option<&OsStr>) -> bool {
    let text = command.to_string_lossy();
    let Some(word) = text.split_whitespace().next() else { return false };
    let named = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.starts_with("vim") || name.starts_with("nvim")
    };
    // `vi` may be a link to any of its descendants, of which only these know the options.
    let linked = || {
        let path = lookup::find(OsStr::new(word), search).ok()?;
        path.canonicalize().ok()
    };
    named(Path::new(word)) || linked().is_some_and(|path| named(&path))
}

impl Editor {
    /// Lets the user edit `text`, in a file of that name, and returns what was saved.
    pub fn edit(
        &self,
        context: &Surroundings<'_>,
        name: &str,
        text: &SecretValue,
        limit: u64,
    ) -> Outcome<SecretValue> {
        let held = signals::hold().map_err(|error| failed("the editor cannot start", &error))?;
        let runtime = context.runtime_folder();
        let folder =
            MemoryFolder::create(runtime.as_deref(), context.owners()).map_err(unusable)?;
        let path = folder.write(name, text.expose(), OwnerMode::Write).map_err(unusable)?;
        let mut child = self
            .command(context, &path, folder.path())
            .spawn()
            .map_err(|error| failed("the editor does not start", &error))?;
        let status = wait(&mut child, &held)
            .map_err(|error| failed("the editor cannot be waited for", &error))?;
        if let Some(signal) = held.request() {
            let message = "interrupted: nothing was changed";
            return Err(Failure::new(Code::Ended(Ending::Interrupted { signal }), message));
        }
        if !status.success() {
            let message = format!("the editor failed ({status}): nothing was changed");
            return Err(Failure::new(Code::Editor, message)
                .hint("V_SECURE_EDITOR=COMMAND, for another one than VISUAL and EDITOR name"));
        }
        folder.read(name, limit).map_err(unusable)
    }

    #[expect(clippy::disallowed_methods, reason = "this is where the user's editor starts")]
    fn command(&self, context: &Surroundings<'_>, file: &Path, folder: &Path) -> Command {
        let mut command = match needs_shell(&self.command) {
            // Without a shell in between, which an interrupt meant for the editor would end.
            false => Command::new(&self.command),
            true => {
                let mut script = self.command.clone();
                script.push(" \"$@\"");
                let mut shell = Command::new("sh");
                shell.arg("-c").arg(script).arg(&self.command);
                shell
            }
        };
        if self.is_vim {
            command.args(VIM);
        }
        command.arg(file).env("TMPDIR", folder);
        // An editor runs plugins and shells, which need none of our keys.
        child::remove_own_variables(&mut command, context);
        command
    }
}

/// Waits for the editor; where this process is asked to end, the editor is.
fn wait(child: &mut Child, held: &Held) -> std::io::Result<ExitStatus> {
    let mut asked = Duration::ZERO;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if held.request().is_some() {
            match asked {
                Duration::ZERO => end(child),
                // It does not listen, and the text is to be wiped.
                late if late > Duration::from_secs(2) => child.kill()?,
                _ => {}
            }
            asked += TICK;
        }
        std::thread::sleep(TICK);
    }
}

/// Asks the editor to end, so that it can put the terminal right.
#[cfg(unix)]
fn end(child: &Child) {
    use rustix::process::{Pid, Signal, kill_process};
    // A failure means that it has ended already.
    let _ = kill_process(Pid::from_child(child), Signal::TERM);
}

#[cfg(not(unix))]
fn end(_child: &Child) {}

fn failed(message: &str, error: &dyn std::error::Error) -> Failure {
    Failure::new(Code::Editor, message).because(error)
}

fn unusable(error: MemoryError) -> Failure {
    match &error {
        MemoryError::NoPlace { .. } => Failure::from_error(Code::NoMemoryFolder, &error)
            .hint("XDG_RUNTIME_DIR, or /dev/shm, has to be a tmpfs that only you can change")
            .hint("v-secure set NAME, which asks for the value and needs no file"),
        _ => Failure::from_error(Code::Editor, &error),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn vim_is_known_by_its_name_and_behind_vi() {
        let folder = tempfile::tempdir().unwrap();
        let search = folder.path().as_os_str();
        for (file, link) in [("vim.basic", "vi"), ("nano-8", "nano"), ("elvis", "view")] {
            use std::os::unix::fs::{PermissionsExt, symlink};
            let file = folder.path().join(file);
            std::fs::write(&file, "").unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
            symlink(&file, folder.path().join(link)).unwrap();
        }
        for command in ["vim", "nvim -f", "/usr/bin/vim.tiny", "vi", "vi -u NONE"] {
            assert!(is_vim(OsStr::new(command), Some(search)), "{command}");
        }
        for command in ["nano", "view", "emacs", "code --wait", "", "missing"] {
            assert!(!is_vim(OsStr::new(command), Some(search)), "{command}");
        }
    }
}
