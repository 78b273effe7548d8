//! A runner of GitHub Actions, as far as a composite action's steps see it, and one of GitLab.

use crate::scene;
use crate::stage::Stage;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

pub fn yaml(path: &str) -> Value {
    let text = fs::read_to_string(scene::repository(path)).unwrap();
    serde_saphyr::from_str(&text).unwrap()
}

/// The step of action.yml of this name, run with inputs and what the runner sets.
pub fn step(stage: &Stage, name: &str, inputs: &[(&str, &str)]) -> Output {
    step_in(stage, &stage.scene.project(), name, inputs)
}

/// The same in another folder.
pub fn step_in(stage: &Stage, folder: &Path, name: &str, inputs: &[(&str, &str)]) -> Output {
    prepared(stage, folder, name, inputs).output().unwrap()
}

/// The step, not run yet.
pub fn prepared(stage: &Stage, folder: &Path, name: &str, inputs: &[(&str, &str)]) -> Command {
    let action = yaml("action.yml");
    let steps = action["runs"]["steps"].as_array().unwrap();
    let step = steps.iter().find(|step| step["name"] == name).unwrap();
    let script = step["run"].as_str().unwrap();
    // What a runner pastes into a script is code: values go through variables alone.
    assert!(!script.contains("${{"), "{script}");
    let mut command = runner(stage, script);
    command.current_dir(folder);
    for (variable, text) in step["env"].as_object().into_iter().flatten() {
        command.env(variable, evaluate(&action, text.as_str().unwrap(), inputs));
    }
    command
}

/// The job of the GitLab template, with the variables that the service would set.
pub fn gitlab_in(stage: &Stage, folder: &Path, variables: &[(&str, &str)]) -> Output {
    let template = yaml("deploy/gitlab/v-secure.yml");
    let lines = |list: &Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()).collect()
    };
    let mut script = lines(&template[".v-secure"]["before_script"]);
    script.extend(lines(&template["v-secure-verify"]["script"]));
    let mut command = runner(stage, &script.join("\n"));
    for (name, value) in template[".v-secure"]["variables"].as_object().unwrap() {
        command.env(name, value.as_str().unwrap());
    }
    command.current_dir(folder).env("CI_PROJECT_DIR", folder);
    command.envs(variables.iter().copied());
    command.output().unwrap()
}

/// A shell as a runner starts one.
pub fn runner(stage: &Stage, script: &str) -> Command {
    let mut command = stage.shell("");
    let mut bash = stage.scene.program("bash");
    bash.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script]);
    bash.envs(command.get_envs().filter_map(|(key, value)| Some((key, value?))));
    command.env_clear();
    let root = stage.scene.home();
    for (variable, file) in
        [("GITHUB_ENV", "env"), ("GITHUB_PATH", "path"), ("RUNNER_TEMP", "temp")]
    {
        bash.env(variable, root.join(file));
    }
    // A runner has a home of its own, in which no vault was accepted.
    bash.env("HOME", root.join("runner"));
    bash
}

/// `${{ inputs.x }}` by the input or its default, and what else a runner knows.
fn evaluate(action: &Value, text: &str, inputs: &[(&str, &str)]) -> String {
    let inner = text.trim_start_matches("${{").trim_end_matches("}}").trim();
    let given = inputs.iter().find(|(name, _)| inner == *name || inner == format!("inputs.{name}"));
    match (given, inner.strip_prefix("inputs.")) {
        (Some((_, value)), _) => (*value).to_owned(),
        (None, Some(name)) => {
            let default = &action["inputs"][name]["default"];
            default.as_str().unwrap_or_else(|| panic!("{name} is no input")).to_owned()
        }
        (None, None) => String::new(),
    }
}

pub fn text(output: &Output) -> String {
    let streams = [&output.stdout, &output.stderr];
    streams.map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat()
}

/// What a step that must succeed says.
#[track_caller]
pub fn passes(output: &Output) -> String {
    assert!(output.status.success(), "{}", text(output));
    text(output)
}
