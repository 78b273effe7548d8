//! Files that hold values of the vault's secrets in plain text, where git would carry them to everybody. They are
//! known by the names in them alone: no key is at hand where git asks.

use crate::cli::output::shell_word;
use std::collections::BTreeSet;
use std::path::Path;
use v_secure_core::convert::text::dotenv;
use v_secure_core::vault::Vault;

/// Ends of the names of files that show which variables there are, with values that are nobody's.
const TEMPLATES: [&str; 6] = ["example", "sample", "template", "tmpl", "dist", "defaults"];

/// How values begin that another tool encrypted.
const ENCRYPTED: [&[u8]; 2] = [b"encrypted:", b"ENC["];

/// How the names begin that such tools write beside their values.
const OF_TOOLS: [&str; 2] = ["sops_", "DOTENV_PUBLIC_KEY"];

/// The step that makes git leave a file out, by a line in the `.gitignore` that is named.
///
/// No `echo … >> .gitignore`: that file is others' to commit, and may be a link to a hook, which would run
/// the line. A name that a shell would act on is not in it, since what is to be copied is not marked off.
pub(crate) fn ignoring(file: &str, gitignore: &str) -> String {
    match shell_word::is_plain(file) && shell_word::is_plain(gitignore) {
        true => format!("add this line to {gitignore}: /{file}"),
        false => "add a line to .gitignore that leaves this file out".to_owned(),
    }
}

/// The names that secrets of vaults are used by.
pub fn names(vaults: &[Vault]) -> BTreeSet<String> {
    let live = vaults.iter().flat_map(|vault| vault.live());
    live.map(|(name, _)| name.name().to_owned()).collect()
}

/// Which of these names a dotenv file gives a value.
pub fn held(path: &Path, bytes: &[u8], names: &BTreeSet<String>) -> Vec<String> {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    if TEMPLATES.contains(&ending) {
        return Vec::new();
    }
    let Ok(import) = dotenv::read(bytes) else { return Vec::new() };
    let plain = import.entries.into_iter().filter(|entry| has_plain_value(entry.value.expose()));
    plain.map(|entry| entry.name).filter(|name| names.contains(name)).collect()
}

/// Whether a file is one of those that programs take their variables from, and no template of one.
pub fn is_dotenv(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
    match name.strip_prefix(".env") {
        Some("") => true,
        Some(rest) if rest.starts_with('.') => {
            rest.rsplit('.').next().is_some_and(|ending| !TEMPLATES.contains(&ending))
        }
        _ => false,
    }
}

/// Whether a dotenv file gives anything a value that everybody can read. One that is in another form may.
pub fn is_plain(bytes: &[u8]) -> bool {
    let Ok(import) = dotenv::read(bytes) else { return !bytes.trim_ascii().is_empty() };
    import.entries.iter().any(|entry| {
        let is_of_tool = OF_TOOLS.iter().any(|start| entry.name.starts_with(start));
        !is_of_tool && has_plain_value(entry.value.expose())
    })
}

fn has_plain_value(value: &[u8]) -> bool {
    !value.is_empty() && !ENCRYPTED.iter().any(|start| value.starts_with(start))
}

/// The first of some names, for people.
pub fn few(names: &[String]) -> String {
    const SHOWN: usize = 5;
    let shown = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_a_value_is_known_by_its_name() {
        let names = BTreeSet::from(["A".to_owned(), "B".to_owned()]);
        let held = |file: &str, text: &str| held(Path::new(file), text.as_bytes(), &names);
        assert_eq!(held(".env", "A=1\nC=2\nB=\n"), ["A"]);
        assert_eq!(held(".env.example", "A=1\n"), [""; 0]);
        assert_eq!(held(".env", "A=encrypted:xyz\nB='ENC[AES256_GCM,data:x]'\n"), [""; 0]);
        assert_eq!(held(".env", "this is no dotenv"), [""; 0]);
    }

    #[test]
    fn a_dotenv_file_is_known_by_its_name_and_its_values() {
        for dotenv in [".env", "app/.env", ".env.local", ".env.prod.local"] {
            assert!(is_dotenv(Path::new(dotenv)), "{dotenv}");
        }
        for other in [".env.example", ".env.prod.sample", ".envrc", "env", "a.env", ".env.dist"] {
            assert!(!is_dotenv(Path::new(other)), "{other}");
        }
        for plain in ["A=1", "A=\nB=x\n", "not a line of it"] {
            assert!(is_plain(plain.as_bytes()), "{plain}");
        }
        for other in [
            "",
            "\n",
            "A=\n",
            "# A=1\n",
            "A=encrypted:x\nDOTENV_PUBLIC_KEY=\"03f\"\n",
            "A=ENC[x]\nsops_version=3.11.0\n",
        ] {
            assert!(!is_plain(other.as_bytes()), "{other}");
        }
    }
}
