//! Types a hint in the state that it is shown in, and judges what comes of it.

use crate::error_snapshots::cases::Case;
use crate::hints::way::{Then, Typed, Way, command};
use expectrl::Expect;
use std::process::Command;
use v_secure_testkit::stage::Stage;
use v_secure_testkit::terminal;

/// The stage of a case after its command failed, and the hints that it gave.
pub fn failed(case: &Case) -> Result<(Stage, Vec<String>), String> {
    let stage = Stage::new();
    (case.given)(&stage);
    let run = stage.attempt(&case.line, true);
    let last = run.err.lines().last().unwrap_or_default();
    let object: serde_json::Value = serde_json::from_str(last).unwrap_or_default();
    let error = &object["error"];
    if run.code == 0 {
        // It fails as text alone.
        let run = stage.attempt(&case.line, false);
        let hints: Vec<_> =
            run.err.lines().filter_map(|line| line.strip_prefix("  try: ")).collect();
        if run.code != 0 {
            return Ok((stage, hints.into_iter().map(str::to_owned).collect()));
        }
    }
    if error["code"] != case.code {
        return Err(format!("{}: {}: {}", case.line, run.code, run.err));
    }
    let hints = error["hints"].as_array().into_iter().flatten();
    Ok((stage, hints.filter_map(|hint| hint.as_str()).map(str::to_owned).collect()))
}

/// What is listed of the hint at a place among those of the case.
pub fn play(case: &Case, place: usize, way: &Way) -> Result<String, String> {
    let (stage, hints) = failed(case)?;
    on(&stage, case, &hints[place], way)
}

/// [`play`] where the command has failed already.
pub fn on(stage: &Stage, case: &Case, hint: &str, way: &Way) -> Result<String, String> {
    succeeds(stage, way.first)?;
    let line = line(case, hint, way)?;
    // An id that begins with a hyphen is typed between quotes, as one of 64 does.
    let typed = stage.normal(&typed_of(hint, way)).replace("'ID'", "ID");
    let typed = crate::hints::list::code(&typed);
    match way.then {
        Then::Informs => succeeds(stage, &line).map(|()| "informs".to_owned()),
        Then::Diagnoses => tells(stage, &line).map(|()| "informs of what is broken".to_owned()),
        Then::Does if is_of_the_command(way) => {
            succeeds(stage, &line).map(|()| format!("{typed}: the command ends with 0"))
        }
        Then::Does => enter(stage, &line, way).map(|()| format!("{typed}: does what was wanted")),
        Then::Instead(proof) => {
            if run(stage, proof).0 == 0 {
                return Err(format!("before it is typed, this succeeds already: {proof}"));
            }
            enter(stage, &line, way)?;
            succeeds(stage, proof)?;
            Ok(format!("{typed}: then {} ends with 0", crate::hints::list::code(proof)))
        }
        Then::Again(wanted) => {
            enter(stage, &line, way)?;
            again(stage, case, wanted)?;
            let end =
                if wanted.is_empty() { "0".to_owned() } else { crate::hints::list::code(wanted) };
            Ok(format!("{typed}: the command then ends with {end}"))
        }
    }
}

fn is_of_the_command(way: &Way) -> bool {
    matches!(way.typed, Typed::Option(_) | Typed::Variable(_)) && way.answers.is_empty()
}

/// The failing command has another end than it had.
fn again(stage: &Stage, case: &Case, wanted: &str) -> Result<(), String> {
    assert_ne!(wanted, case.code, "the same end");
    let run = stage.attempt(&case.line, true);
    let found = if run.code == 0 { String::new() } else { run.json_code().unwrap_or_default() };
    match found == wanted && (run.code == 0) == wanted.is_empty() {
        true => Ok(()),
        false => Err(format!("the command then ends with {} {found}: {}", run.code, run.err)),
    }
}

/// The text that is typed, with its placeholders filled.
fn typed_of(hint: &str, way: &Way) -> String {
    let text = match way.typed {
        Typed::Command => command(hint),
        Typed::Part(text) | Typed::Option(text) | Typed::Variable(text) | Typed::Line(text) => text,
    };
    way.fill.iter().fold(text.to_owned(), |text, (place, with)| text.replace(place, with))
}

fn line(case: &Case, hint: &str, way: &Way) -> Result<String, String> {
    if let Typed::Part(text) | Typed::Option(text) | Typed::Variable(text) = way.typed
        && !hint.contains(text)
    {
        return Err(format!("the hint does not say {text}"));
    }
    let text = match way.typed {
        Typed::Command => command(hint),
        Typed::Part(text) | Typed::Option(text) | Typed::Variable(text) | Typed::Line(text) => text,
    };
    if let Some((place, _)) = way.fill.iter().find(|(place, _)| !text.contains(place)) {
        return Err(format!("there is no {place} to fill in"));
    }
    let typed = format!("{}{}", way.before, typed_of(hint, way));
    Ok(match way.typed {
        Typed::Command | Typed::Part(_) => format!("{}{typed}", surroundings(&case.line)),
        Typed::Option(_) => with_option(&case.line, &typed),
        Typed::Variable(_) => format!("export {typed}; {}", case.line),
        Typed::Line(_) => typed,
    })
}

/// The folder and the variables of the failing command, which are there for the next one too.
fn surroundings(line: &str) -> String {
    let mut kept = String::new();
    let mut rest = line;
    if let Some((folder, after)) = rest.strip_prefix("cd ").and_then(|rest| rest.split_once(" && "))
    {
        kept = format!("cd {folder} && ");
        rest = after;
    }
    if let Some(after) = rest.strip_prefix("env -u HOME ") {
        kept.push_str("unset HOME; ");
        rest = after;
    }
    let assigned = rest.split("v-secure ").next().unwrap_or_default();
    let is_name = |name: &str| name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    let assigns = assigned.split_once('=').is_some_and(|(name, _)| is_name(name));
    if assigns && !assigned.contains(['|', ';', '&']) {
        kept.push_str(&format!("export {}; ", assigned.trim_end()));
    }
    kept
}

/// An option stands before what is another program's, and before where output goes.
fn with_option(line: &str, option: &str) -> String {
    let place = [" -- ", " > ", " < "].iter().filter_map(|mark| line.find(mark)).min();
    let (front, rest) = line.split_at(place.unwrap_or(line.len()));
    format!("{front} {option}{rest}")
}

fn run(stage: &Stage, line: &str) -> (i32, String, String) {
    let output = shell(stage, line).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

fn shell(stage: &Stage, line: &str) -> Command {
    let mut command = stage.shell(line);
    command.env("VALUE", "new");
    command
}

fn succeeds(stage: &Stage, line: &str) -> Result<(), String> {
    let (code, _, err) = run(stage, line);
    if code == 0 { Ok(()) } else { Err(format!("{line}: exit {code}: {err}")) }
}

/// What looks at something broken finds it.
fn tells(stage: &Stage, line: &str) -> Result<(), String> {
    let (code, out, err) = run(stage, line);
    let found = out.lines().any(|line| line.starts_with("error") || line.starts_with("warning"));
    match code != 0 && !out.trim().is_empty() || found {
        true => Ok(()),
        false => Err(format!("{line}: exit {code}, and it finds nothing: {out}{err}")),
    }
}

/// Typed where somebody answers, if it asks.
fn enter(stage: &Stage, line: &str, way: &Way) -> Result<(), String> {
    if way.answers.is_empty() {
        return succeeds(stage, line);
    }
    let mut session = terminal::terminal(shell(stage, line));
    for (question, answer) in &way.answers {
        let asked = session.expect(*question);
        asked.map_err(|error| format!("{line}: does not ask {question}: {error:?}"))?;
        session.send(format!("{answer}\r")).unwrap();
    }
    let shown = terminal::rest(&mut session);
    let ended = format!("{:?}", session.get_process().wait().unwrap());
    match ended.contains("Exited(") && ended.ends_with(", 0)") {
        true => Ok(()),
        false => Err(format!("{line}: {ended}: {shown}")),
    }
}
