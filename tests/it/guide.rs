//! `docs/guide.md`, the pages on rotations and `README.md` name only commands and options that exist, and what is easily typed for
//! another environment is about one.

use clap::{Command, CommandFactory};
use std::fs;
use std::path::Path;
use v_secure_testkit::binary;
use v_secure_testkit::person;

/// The command lines of v-secure in the document, in its blocks and in its text.
fn lines(document: &str) -> Vec<String> {
    let starts = document.match_indices("v-secure ");
    let ends = ['`', '\n', '|', '>', '&', '#', '.'];
    starts
        .filter(|(at, _)| {
            let before = document[..*at].chars().next_back().unwrap_or('\n');
            matches!(before, '\n' | '`' | ' ')
        })
        .map(|(at, _)| {
            let rest = &document[at + "v-secure ".len()..];
            let end = rest.char_indices().find(|(at, c)| {
                // A dot ends a sentence only.
                ends.contains(c) && (*c != '.' || rest[at + 1..].starts_with([' ', '\n']))
            });
            rest[..end.map_or(rest.len(), |(at, _)| at)].to_owned()
        })
        .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase() || c == '-'))
        .collect()
}

/// What is wrong with a line, if anything is.
fn wrong(root: &Command, line: &str) -> Option<String> {
    let words: Vec<&str> = line.split_whitespace().take_while(|word| *word != "--").collect();
    let mut command = root;
    for word in words.iter().filter(|word| !word.starts_with('-')) {
        match command.find_subcommand(word) {
            Some(child) => command = child,
            None => break,
        }
    }
    if command.get_name() == root.get_name() {
        return Some(format!("no command: v-secure {line}"));
    }
    let knows = |name: &str| {
        let all = command.get_arguments().chain(root.get_arguments());
        all.filter_map(|arg| arg.get_long()).any(|long| long == name)
    };
    let options = words.iter().filter_map(|word| word.strip_prefix("--"));
    let mut names = options.map(|word| word.split('=').next().unwrap_or_default());
    let unknown = names.find(|name| !knows(name) && !matches!(*name, "help" | "version"))?;
    Some(format!("no option --{unknown}: v-secure {line}"))
}

#[test]
fn the_guide_and_the_pages_on_rotations_name_only_what_there_is() {
    let root = v_secure::cli::args::root::Root::command();
    for (file, at_least) in [
        ("docs/guide.md", 25),
        ("docs/rotation.md", 9),
        ("docs/providers.md", 7),
        ("docs/postgres.md", 9),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let document = fs::read_to_string(path).unwrap();
        let found: Vec<String> = lines(&document);
        assert!(found.len() > at_least, "{found:#?}");
        let wrong: Vec<String> = found
            .iter()
            .filter(|line| !line.starts_with("alone") && !line.starts_with("from"))
            .filter_map(|line| wrong(&root, line))
            .collect();
        assert!(wrong.is_empty(), "{file}: {wrong:#?}");
    }
}

/// `origin/main` is what was pushed, once a push to it has started the job.
#[test]
fn the_pipeline_of_the_readme_compares_with_the_commit_before_the_push() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let document = fs::read_to_string(path).unwrap();
    let blocks = document.split("```").skip(1).step_by(2);
    let mut pipelines = blocks.filter(|block| block.starts_with("yaml"));
    let pipeline = pipelines.next().unwrap();
    assert!(pipeline.contains("uses: OWNER/v-secure@"), "the action finds the commit: {pipeline}");
    assert!(
        pipelines.all(|block| !block.contains("origin/main")) && !pipeline.contains("origin/main")
    );
}

/// The lines of the first block under a heading.
fn under<'a>(document: &'a str, heading: &str) -> Vec<&'a str> {
    let (_, section) = document.split_once(heading).unwrap();
    let block = section.split("```").nth(1).unwrap();
    block.lines().skip(1).collect()
}

#[cfg(unix)]
#[test]
fn what_the_guide_lets_expire_is_what_it_looks_at() {
    use person::{Done, Person};
    let document = include_str!("../../docs/guide.md");
    let person = Person::new("owner");
    person.run("init --vault-name shop").ok();
    let program = Path::new(binary()).parent().unwrap();
    let lines = under(document, "## Make values expire");
    assert!(lines.len() > 5, "{lines:?}");
    for line in lines {
        let mut shell = std::process::Command::new("sh");
        let own = person.command(&[]);
        shell.args(["-c", line]).current_dir(person.checkout()).env_clear();
        shell.envs(own.get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell.env("PATH", person::path_after(program)).env("TOKEN", "t");
        let done = Done::from(shell.output().unwrap());
        assert_eq!(done.code, 0, "{line}: {}", done.err);
        let about = "prod/API_TOKEN";
        assert!(!line.contains(" ls ") || done.out.contains(about), "{line}: {done:?}");
        assert!(!line.contains("API_TOKEN") || line.contains(about), "{line}");
    }
    let listed = person.run("ls").ok();
    assert_eq!(listed.lines().count(), 1, "one secret: {listed}");
}

#[test]
fn the_guide_links_what_there_is() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let document = fs::read_to_string(folder.join("guide.md")).unwrap();
    for (_, rest) in document.match_indices("](").map(|(at, _)| ((), &document[at + 2..])) {
        let target = rest.split(')').next().unwrap().split('#').next().unwrap();
        assert!(folder.join(target).exists(), "{target}");
    }
}
