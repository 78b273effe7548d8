//! Man pages from the command line's own definition: one a command, with the examples of its help.

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};
use std::io;

/// Name and text of each page, `v-secure` first.
pub fn pages(mut root: Command) -> io::Result<Vec<(String, String)>> {
    root.build();
    let mut pages = Vec::new();
    add(&root, "v-secure", &mut pages)?;
    Ok(pages)
}

fn add(command: &Command, name: &str, pages: &mut Vec<(String, String)>) -> io::Result<()> {
    pages.push((name.to_owned(), page(command, name)?));
    for child in command.get_subcommands().filter(|child| !child.is_hide_set()) {
        add(child, &format!("{name}-{}", child.get_name()), pages)?;
    }
    Ok(())
}

fn page(command: &Command, name: &str) -> io::Result<String> {
    let is_root = command.get_name() == name;
    // Options of every command are told once, on the first page.
    let shown = command.clone().display_name(name);
    let shown =
        shown.mut_args(|arg| if is_root || !arg.is_global_set() { arg } else { arg.hide(true) });
    let man = Man::new(shown)
        .title(name.to_uppercase())
        .date("")
        .source(concat!("v-secure ", env!("CARGO_PKG_VERSION")))
        .manual("v-secure");
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    synopsis(command).to_writer(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if command.get_subcommands().any(|child| !child.is_hide_set()) {
        man.render_subcommands_section(&mut text)?;
    }
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    after_help(&help).to_writer(&mut text)?;
    if !is_root {
        see_also().to_writer(&mut text)?;
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn synopsis(command: &Command) -> Roff {
    let usage = command.clone().render_usage().to_string();
    let lines = usage.trim_start_matches("Usage:").lines().map(str::trim);
    let mut roff = Roff::new();
    roff.control("SH", ["SYNOPSIS"]).control("nf", []);
    roff.text(lines.flat_map(|line| [roman(line), roman("\n")]).collect::<Vec<_>>());
    roff.control("fi", []);
    roff
}

/// Paragraphs that begin with a line such as `Examples:` become sections, kept line by line; the
/// others are notes.
fn after_help(help: &str) -> Roff {
    let (mut notes, mut sections) = (Roff::new(), Roff::new());
    let mut first = true;
    for paragraph in help.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
        match paragraph.split_once(":\n") {
            Some((title, body)) if !title.contains('\n') => {
                sections.control("SH", [title.to_uppercase().as_str()]).control("nf", []);
                let lines = body.lines().map(str::trim_start);
                sections.text(lines.flat_map(|l| [roman(l), roman("\n")]).collect::<Vec<_>>());
                sections.control("fi", []);
            }
            _ => {
                notes.control(if first { "SH" } else { "PP" }, first.then_some("NOTES"));
                notes.text([roman(paragraph.replace('\n', " "))]);
                first = false;
            }
        }
    }
    notes.extend([sections]);
    notes
}

fn see_also() -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["SEE ALSO"]);
    roff.text([roman("v-secure(1), for the options that every command takes")]);
    roff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_become_a_section_and_the_rest_is_notes() {
        let text = after_help("One\ntwo.\n\nExamples:\n  v-secure x\n  v-secure y\n").render();
        let (notes, examples) = text.split_once(".SH EXAMPLES").unwrap();
        assert!(notes.contains(".SH NOTES") && notes.contains("One two."), "{text}");
        assert!(
            examples.contains("v\\-secure x\n") && examples.contains("v\\-secure y\n"),
            "{text}"
        );
    }
}
