//! The vault of `fixtures/demo`, that the README runs: it works without a terminal, a state folder
//! or a pin of one's own. `V_SECURE_REGENERATE=1 cargo test --test it demo::` makes it anew.

use std::fs;
use std::path::Path;
use v_secure_core::file::format::Trust;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::pin::{COMMENT, CarriedPin};
use v_secure_core::vault::{Depth, Vault};
use v_secure_testkit::scene;
use v_secure_testkit::scene::{Scene, repository, stdout};
use v_secure_testkit::tools;

const DEMO: &str = "fixtures/demo";
const VAULT: &str = ".v-secure/vault.toml";
const MARK: &str = "# A demonstration key. It is public: never put it to use.\n";
const DEFAULT: &str = "GREETING=\"Hello from the vault\"\nDATABASE_URL=postgres://demo@localhost/shop\nAPI_TOKEN=demo-0000\n";
const PROD: &str = "GREETING=\"Hello from prod\"\nDATABASE_URL=postgres://demo@db.example/shop\n";

/// Makes the demo in a scene and puts it into the repository.
fn regenerate() {
    let scene = Scene::new();
    let project = scene.project();
    // What `init` looks for before it writes .gitattributes and .gitignore.
    fs::create_dir(project.join(".git")).unwrap();
    scene.run(&["init", "--vault-name", "demo", "--member", "demo"]);
    for (environment, text) in [("default", DEFAULT), ("prod", PROD)] {
        fs::write(project.join("values.env"), text).unwrap();
        scene.run(&["import", "values.env", "-e", environment, "--delete-source"]);
    }
    let key = fs::read_to_string(scene.home().join(".config/v-secure/identity.txt")).unwrap();
    let bytes = fs::read(project.join(VAULT)).unwrap();
    let vault =
        Vault::open(&bytes, Trust::Strict, Depth::Everything, UnixTime::from_secs(0)).unwrap();
    let pin = CarriedPin::of(vault.chain());
    scene::copy(&project.join(".v-secure"), &repository(DEMO).join(".v-secure"));
    fs::remove_file(repository(DEMO).join(".v-secure/.lock")).ok();
    fs::write(repository(DEMO).join("identity.txt"), format!("{MARK}{COMMENT}{pin}\n{key}"))
        .unwrap();
}

/// A copy of the demo, as a clone has it.
fn clone() -> Scene {
    if scene::regenerating() {
        static ONCE: std::sync::Once = std::sync::Once::new();
        ONCE.call_once(regenerate);
    }
    let scene = Scene::new();
    scene::copy(&repository(DEMO), &scene.project());
    scene
}

#[test]
fn a_program_gets_the_demo_values() {
    let scene = clone();
    for (environment, expected) in
        [("default", "Hello from the vault\n"), ("prod", "Hello from prod\n")]
    {
        let mut command = scene.command(&["--vault", VAULT, "--identity", "identity.txt"]);
        command.args(["-e", environment, "exec", "--", "sh", "-c", "echo \"$GREETING\""]);
        assert_eq!(stdout(&command.output().unwrap()), expected);
    }
}

#[test]
fn the_pin_in_the_identity_stands_in_for_state() {
    let scene = clone();
    let text = fs::read_to_string(scene.project().join("identity.txt")).unwrap();
    let bare: String = text
        .lines()
        .filter(|line| !line.starts_with(COMMENT.trim_end()))
        .fold(String::new(), |text, line| text + line + "\n");
    fs::write(scene.project().join("bare.txt"), bare).unwrap();
    let get = |identity: &str| {
        let mut command = scene.command(&["--identity", identity, "get", "GREETING"]);
        // No home: nothing is remembered between the two runs.
        command.env_remove("HOME").output().unwrap()
    };
    assert_eq!(stdout(&get("identity.txt")), "Hello from the vault");
    let refused = get("bare.txt");
    assert!(!refused.status.success() && refused.stdout.is_empty());
}

#[test]
fn the_command_of_the_readme_is_the_one_tested_here() {
    let readme = fs::read_to_string(repository("README.md")).unwrap();
    let command = "cargo run --locked -- --vault fixtures/demo/.v-secure/vault.toml \
                   --identity fixtures/demo/identity.txt exec -- ";
    let one_line = readme.replace("\\\n", "").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(one_line.contains(command), "the README must have: {command}");
    assert!(Path::new(&repository(DEMO)).join(VAULT).is_file());
}

#[test]
fn the_push_of_the_readme_is_refused_in_its_words() {
    let scene = Scene::new();
    let vault = scene.project().join(".v-secure");
    fs::create_dir(&vault).unwrap();
    let forged = repository("fixtures/forgeries/entry-outside-pattern.toml");
    fs::copy(forged, vault.join("vault.toml")).unwrap();
    let output = scene.command(&["exec", "-e", "prod", "--", "true"]).output().unwrap();
    assert_eq!(output.status.code(), Some(6));
    let said = String::from_utf8(output.stderr).unwrap();
    let said = said.replace(&scene.project().display().to_string(), "/tmp/shop");
    let readme = fs::read_to_string(repository("README.md")).unwrap();
    let shown = format!("\n$ v-secure exec -e prod -- ./server\n{said}$ echo $?\n6\n");
    assert!(readme.contains(&shown), "the README must have: {shown}");
}

/// Of the age file five lines differ, as of any that is encrypted anew.
#[test]
fn the_push_of_the_readme_is_the_one_between_the_two_vaults_that_it_names() {
    if !tools::has("git") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let git = |arguments: &[&str]| {
        let mut command = std::process::Command::new("git");
        command.current_dir(folder.path()).env_clear().env("PATH", std::env::var("PATH").unwrap());
        command.env("HOME", folder.path()).env("GIT_CONFIG_NOSYSTEM", "1");
        let identity = ["-c", "user.name=apprentice", "-c", "user.email=a@example.org"];
        let output = command.args(identity).args(arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        stdout(&output)
    };
    git(&["init", "--quiet"]);
    fs::create_dir(folder.path().join(".v-secure")).unwrap();
    for (vault, mark) in [("genuine", "a"), ("entry-outside-pattern", "b")] {
        let vault = repository(&format!("fixtures/forgeries/{vault}.toml"));
        fs::copy(vault, folder.path().join(".v-secure/vault.toml")).unwrap();
        let lines: String = (1..=5).map(|number| format!("{mark}{number}\n")).collect();
        fs::write(folder.path().join("prod.env.age"), lines).unwrap();
        git(&["add", "."]);
        git(&["commit", "--quiet", "-m", "Tidy up"]);
    }
    let asked = ["log", "-1", "--stat", "--format=%an: %s"];
    let shown = format!("$ git log -1 --stat --format='%an: %s'\n{}\n", git(&asked));
    let readme = fs::read_to_string(repository("README.md")).unwrap();
    assert!(readme.contains(&shown), "the README must have: {shown}");
}
