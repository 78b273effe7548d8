//! The committed set of forgeries, and the table of them in the threat model.
//!
//! Keys are random, so the set is made anew as a whole:
//! `V_SECURE_REGENERATE=1 cargo test --test it forgery::fixtures`.

use crate::forgery::check::Set;
use crate::forgery::doors::{self, Reads};
use crate::forgery::kind::{self, Forgery, Get, Setup, text};
use crate::forgery::world::{PEOPLE, World};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const BEGIN: &str = "<!-- findings:begin -->\n";
const END: &str = "<!-- findings:end -->";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn folder() -> PathBuf {
    root().join("fixtures/forgeries")
}

pub fn is_wanted() -> bool {
    std::env::var_os("V_SECURE_REGENERATE").is_some()
}

/// A set of its own, from new keys.
pub fn fresh() -> Set {
    let world = World::build();
    let forged = kind::all().into_iter().map(|forgery| (forgery.name, (forgery.make)(&world)));
    let identity = |who: &&str| {
        let text = world.person(who).text.expose_str().unwrap();
        ((*who).to_owned(), format!("{text}\n"))
    };
    Set {
        genuine: text(&world.file),
        forged: forged.collect(),
        identities: PEOPLE.iter().map(identity).collect(),
    }
}

/// The set in the repository.
pub fn committed() -> Set {
    let read = |name: &str| {
        let path = folder().join(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let forged = kind::all().into_iter().map(|f| (f.name, read(&format!("{}.toml", f.name))));
    Set {
        genuine: read("genuine.toml"),
        forged: forged.collect(),
        identities: serde_json::from_str(&read("identities.json")).unwrap(),
    }
}

pub fn write(set: &Set) {
    let _ = fs::remove_dir_all(folder());
    fs::create_dir_all(folder()).unwrap();
    let put = |name: &str, text: &str| fs::write(folder().join(name), text).unwrap();
    put(".gitattributes", "* -text\n");
    put("genuine.toml", &set.genuine);
    put("identities.json", &(serde_json::to_string_pretty(&set.identities).unwrap() + "\n"));
    for (name, text) in &set.forged {
        put(&format!("{name}.toml"), text);
    }
}

/// The fixtures that are there, without the ending.
pub fn names() -> Vec<String> {
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name());
    let names = files.filter_map(|name| name.to_str()?.strip_suffix(".toml").map(str::to_owned));
    let mut names: Vec<String> = names.filter(|name| name != "genuine").collect();
    names.sort();
    names
}

/// The threat model, and what it must be.
pub fn document() -> (PathBuf, String, String) {
    let path = root().join("docs/threat-model.md");
    let now = fs::read_to_string(&path).unwrap();
    let (before, rest) = now.split_once(BEGIN).expect("the table begins");
    let (_, after) = rest.split_once(END).expect("the table ends");
    let wanted = format!("{before}{BEGIN}{}{END}{after}", table());
    (path, now, wanted)
}

fn table() -> String {
    let mut text = format!(
        "### Forgeries, and what finds them\n\n\
         Generated from `tests/it/forgery/`: each row is a test of its own that runs the program on the\n\
         fixture `fixtures/forgeries/NAME.toml`. `audit verify` reports the finding and exits with 6.\n\n\
         *One* is what the commands do that read the touched secret alone: {}.\n\
         *All* is what those do that read the whole file: {}, and the library but for `retrieve`, which does as `get`.\n\n\
         | forgery | finding | compared with | one | all | test and fixture |\n|---|---|---|---|---|---|\n",
        doors::names(Reads::One),
        doors::names(Reads::Whole),
    );
    let rows: BTreeMap<&str, String> =
        kind::all().into_iter().map(|forgery| (forgery.name, row(forgery))).collect();
    text.extend(rows.into_values());
    text.push('\n');
    text
}

fn row(forgery: &Forgery) -> String {
    let with = match forgery.setup {
        Setup::File => "nothing",
        Setup::Harmless => "nothing (a notice: exit 0)",
        Setup::Base => "`--base`",
        Setup::Pinned => "this device's pin",
        Setup::Strict => "this device's pin, `--strict`",
        Setup::Carried => "a carried pin",
        Setup::Opened => "nothing (told by who opens it)",
    };
    let one = does(forgery, forgery.get);
    let all = does(forgery, forgery.whole());
    let Forgery { name, what, code, .. } = forgery;
    let code = match code.is_empty() {
        true => "none".to_owned(),
        false => format!("`{code}`"),
    };
    format!("| {what} | {code} | {with} | {one} | {all} | `{name}` |\n")
}

fn does(forgery: &Forgery, get: Get) -> &'static str {
    match get {
        Get::Refused(_) if forgery.exit() == 7 => "refuse (7)",
        Get::Refused(_) => "refuse (6)",
        Get::Value(..) => match forgery.setup {
            Setup::Base => "the value of that state",
            Setup::Strict => "warn, the value of that state",
            _ => "the right value",
        },
        Get::Gone(_) => "nothing: it is removed (5)",
        Get::Untouched => "not asked",
    }
}
