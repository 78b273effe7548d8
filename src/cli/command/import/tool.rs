//! `import --from TOOL`: how each tool is asked for what is in its files.

use super::Format;
use crate::cli::child::foreign;
use crate::cli::child::foreign::Call;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::output::shell_word;
use clap::ValueEnum;
use std::borrow::Cow;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use v_secure_core::convert::text;
use v_secure_core::secret_value::SecretValue;

/// A tool that opens its own files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Tool {
    /// Files that sops encrypted
    Sops,
    /// Files that dotenvx encrypted
    Dotenvx,
}

/// What dotenvx keeps in its files beside the user's entries; of no use in a vault.
const DOTENVX_OWN: &str = "DOTENV_PUBLIC_KEY";

/// What begins each value that sops encrypted, in every format of it.
const SOPS_VALUE: &[u8] = b"ENC[AES256_GCM,data:";
/// The same of dotenvx, whose files also state [`DOTENVX_OWN`].
const DOTENVX_VALUE: &[u8] = b"encrypted:";

impl Tool {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sops => "sops",
            Self::Dotenvx => "dotenvx",
        }
    }

    /// Refuses what a tool encrypted where the tool was not asked to open it: ciphertext would take
    /// the place of values.
    pub(crate) fn refuse_ciphertext(file: &Path, into: Option<&str>, bytes: &[u8]) -> Outcome {
        let holds = |part| memchr::memmem::find(bytes, part).is_some();
        let tool = if holds(SOPS_VALUE) {
            Self::Sops
        } else if holds(DOTENVX_OWN.as_bytes()) && holds(DOTENVX_VALUE) {
            Self::Dotenvx
        } else {
            return Ok(());
        };
        let (tool, piped) = (tool.as_str(), file.as_os_str() == "-");
        let (name, file): (Cow<'_, str>, Cow<'_, str>) = match piped {
            true => ("standard input".into(), "FILE".into()),
            false => (file.to_string_lossy(), shell_word::file(file).into()),
        };
        let message = format!("{name} is encrypted by {tool}, and nothing was imported");
        let hint = match into.and_then(shell_word::operand) {
            Some(into) => format!("v-secure import --from {tool} {file} -e {into}"),
            None => format!("v-secure import --from {tool} {file}"),
        };
        Err(Failure::new(Code::ImportFrom, message).hint(hint))
    }

    /// The content of a file and its format, as the tool prints it.
    pub fn read(
        self,
        context: &Context<'_>,
        file: &Path,
        format: Option<Format>,
    ) -> Outcome<(SecretValue, Format)> {
        let (call, printed) = self.call(file, format)?;
        let instead = instead(&call, printed);
        let value = foreign::output(context, &call, text::MAX_INPUT).map_err(|failure| {
            match failure.code {
                Code::ForeignMissing => failure.hint(format!("where it is installed: {instead}")),
                _ => failure,
            }
        })?;
        Ok((value, printed))
    }

    /// How the tool is called, and the format of what it prints.
    fn call(self, file: &Path, format: Option<Format>) -> Outcome<(Call, Format)> {
        if file.as_os_str() == "-" {
            let message = "--from takes a file, which the tool opens itself";
            return Err(Failure::new(Code::ImportFrom, message)
                .hint("sops -d --output-type json FILE | v-secure import --format json -"));
        }
        match self {
            Self::Sops => Ok(sops(file, format)),
            Self::Dotenvx if format.is_some() => {
                let message = "--format is not for dotenvx, whose files are all dotenv";
                Err(Failure::new(Code::ImportFrom, message))
            }
            Self::Dotenvx => Ok(dotenvx(file)),
        }
    }

    /// Leaves out what is the tool's own; says so.
    pub(crate) fn without_own(self, context: &Context<'_>, import: &mut text::ImportedText) {
        if self != Self::Dotenvx {
            return;
        }
        let before = import.entries.len();
        import.entries.retain(|entry| !entry.name.starts_with(DOTENVX_OWN));
        if import.entries.len() < before {
            context.ui.note(&format!("{DOTENVX_OWN} is dotenvx's own and is left out"));
        }
    }
}

/// Files whose ending sops does not know are opaque to it: their content is printed as it is.
fn sops(file: &Path, format: Option<Format>) -> (Call, Format) {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (kind, printed) = if name.ends_with(".env") {
        (Some("dotenv"), Format::Dotenv)
    } else if [".yaml", ".yml", ".json", ".ini"].iter().any(|ending| name.ends_with(ending)) {
        (Some("json"), Format::Json)
    } else {
        (None, format.unwrap_or(Format::Dotenv))
    };
    let mut arguments: Vec<OsString> = vec!["-d".into()];
    arguments.extend(kind.iter().flat_map(|kind| ["--output-type".into(), (*kind).into()]));
    arguments.push(argument(file));
    (Call { program: "sops", arguments }, printed)
}

/// `get` and not `decrypt`: what programs got until now, with dotenvx's own way of expanding `$NAME`.
/// Without `--overload` variables of this shell would win, and without `--strict` an entry that does
/// not decrypt would come out as its ciphertext.
fn dotenvx(file: &Path) -> (Call, Format) {
    let fixed = ["get", "--format", "json", "--overload", "--strict", "-f"];
    let mut arguments: Vec<OsString> = fixed.iter().map(OsString::from).collect();
    arguments.push(argument(file));
    (Call { program: "dotenvx", arguments }, Format::Json)
}

/// A path that no tool takes for an option.
fn argument(file: &Path) -> OsString {
    match file.as_os_str().as_encoded_bytes().starts_with(b"-") {
        true => PathBuf::from(".").join(file).into(),
        false => file.into(),
    }
}

/// The same as a line for a shell, where the tool is on another machine or under another name.
fn instead(call: &Call, printed: Format) -> String {
    let words = call.arguments.iter().map(|word| match word.to_str() {
        Some(option) if option.starts_with('-') => option.to_owned(),
        _ => shell_word::file(Path::new(word)),
    });
    let words = words.collect::<Vec<_>>().join(" ");
    let format = printed.as_str();
    format!("{} {words} | v-secure import --format {format} -", call.program)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(tool: Tool, file: &str, format: Option<Format>) -> String {
        let (call, printed) = tool.call(Path::new(file), format).unwrap();
        instead(&call, printed)
    }

    #[test]
    fn sops_is_asked_for_a_format_where_it_knows_the_files() {
        for (file, format, expected) in [
            ("a.yaml", None, "sops -d --output-type json a.yaml | v-secure import --format json -"),
            (".env", None, "sops -d --output-type dotenv .env | v-secure import --format dotenv -"),
            ("a.prod", None, "sops -d a.prod | v-secure import --format dotenv -"),
            ("a.txt", Some(Format::Yaml), "sops -d a.txt | v-secure import --format yaml -"),
            (
                "-it's.json",
                None,
                r#"sops -d --output-type json './-it'"'"'s.json' | v-secure import --format json -"#,
            ),
        ] {
            assert_eq!(line(Tool::Sops, file, format), expected);
        }
    }

    #[test]
    fn dotenvx_is_strict_and_its_files_win() {
        assert_eq!(
            line(Tool::Dotenvx, ".env.prod", None),
            "dotenvx get --format json --overload --strict -f .env.prod | v-secure import --format json -"
        );
        assert!(Tool::Dotenvx.call(Path::new("x"), Some(Format::Json)).is_err());
        assert!(Tool::Sops.call(Path::new("-"), None).is_err());
    }
}
