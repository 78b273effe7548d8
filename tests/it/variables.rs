//! Names of variables as whoever may write one secret chooses them: what every way out of the vault
//! refuses, what the owners' settings let pass, and that a new name is said.

#![cfg(unix)]

use std::fs;
use v_secure_testkit::cli::{Cli, Run, failure, finish};

/// Every way that gives programs a whole environment, or a text made of it.
const DOORS: &[&str] = &[
    "exec -e ENV -- env",
    "exec -e ENV --pristine -- env",
    "exec -e ENV --override -- env",
    "export -e ENV --format dotenv",
    "export -e ENV --format shell",
    "export -e ENV --format github",
    "export -e ENV --format json",
    "export -e ENV --format yaml",
    "inject -e ENV",
];

/// What a door gives of the one secret of an environment.
fn through(cli: &Cli, door: &str, environment: &str, name: &str) -> Run {
    let template = format!("{name}={{{{ v-secure:{name} }}}}\n");
    let line = door.replace("ENV", environment);
    let split = line.split_once(" --").filter(|_| line.starts_with("exec"));
    let line = match split {
        Some((start, rest)) => format!("{start} --json --{rest}"),
        None => format!("{line} --json"),
    };
    let mut command = cli.command(&line);
    if door.contains("github") {
        command.env("GITHUB_ENV", cli.project().join("github_env"));
    }
    // As the value of an allowed variable it steers no program.
    finish(&mut command, template.as_bytes())
}

fn refused_everywhere(cli: &Cli, environment: &str, name: &str) {
    for door in DOORS {
        let run = through(cli, door, environment, name);
        assert_eq!(failure(&run), (1, "environment".into()), "{name}: {door}");
        assert!(run.err.contains(name), "{door}: {}", run.err);
    }
}

fn passes_everywhere(cli: &Cli, environment: &str, name: &str) {
    for door in DOORS {
        let run = through(cli, door, environment, name);
        assert_eq!(run.code, 0, "{name}: {door}: {run:?}");
        // For a runner the name goes to its file, and stands in what is said of that.
        assert!(run.text().contains(name) || run.err.contains(name), "{door}: {run:?}");
    }
}

#[test]
fn every_way_out_refuses_guarded_names_and_passes_those_that_the_owners_allow() {
    let cli = Cli::with_vault();
    for (environment, name) in
        [("one", "TAR_OPTIONS"), ("two", "MY_SERVICE_OPTS"), ("three", "helm_plugins")]
    {
        cli.set(&format!("{environment}/{name}"), "--checkpoint-action=exec=sh");
        refused_everywhere(&cli, environment, name);
        cli.ok(&format!("settings set variables.allow {name}"));
        passes_everywhere(&cli, environment, name);
        assert_eq!(cli.ok(&format!("get {environment}/{name}")), "--checkpoint-action=exec=sh");
    }
    cli.set("free/DATABASE_OPTIONS", "v");
    passes_everywhere(&cli, "free", "DATABASE_OPTIONS");
}

#[test]
fn all_refused_names_are_told_at_once_with_one_line_that_lets_them_pass() {
    let cli = Cli::with_vault();
    cli.ok("settings set variables.allow GIT_*,DB");
    let names = ["TAR_OPTIONS", "MY_SERVICE_OPTS", "helm_plugins"];
    for name in names.iter().chain(&["GIT_DIR", "HARMLESS"]) {
        cli.set(&format!("a/{name}"), "--v");
    }
    let template: String =
        names.iter().map(|name| format!("{name}={{{{ v-secure:{name} }}}}\n")).collect();
    let through = |door: &str| {
        let mut command = cli.command(&door.replace("ENV", "a"));
        command.env("GITHUB_ENV", cli.project().join("github_env"));
        finish(&mut command, template.as_bytes())
    };
    let line = "settings set variables.allow 'GIT_*,DB,MY_SERVICE_OPTS,TAR_OPTIONS,helm_plugins'";
    for door in DOORS {
        let run = through(door);
        assert_eq!(run.code, 1, "{door}: {run:?}");
        for text in names.iter().chain(&[line]) {
            assert!(run.err.contains(text), "{door}: {text}: {}", run.err);
        }
        assert_eq!(run.err.matches("settings set").count(), 1, "{door}: {}", run.err);
        assert!(!run.err.contains("HARMLESS") && !run.err.contains("GIT_DIR"), "{}", run.err);
    }
    cli.ok(&line.replace('\'', ""));
    for door in DOORS {
        assert_eq!(through(door).code, 0, "{door}");
    }
}

#[test]
fn a_harmless_secret_with_a_guarded_variable_is_refused_where_it_becomes_one() {
    let cli = Cli::with_vault();
    cli.set("a/harmless --var LD_PRELOAD", "/x");
    for door in DOORS.iter().filter(|door| !door.ends_with("json") && !door.ends_with("yaml")) {
        let run = through(&cli, door, "a", "harmless");
        assert_eq!(failure(&run), (1, "environment".into()), "{door}");
    }
}

#[test]
fn in_strict_mode_nothing_passes_that_is_not_listed() {
    let cli = Cli::with_vault();
    cli.set("a/DB_PASSWORD", "v");
    cli.set("b/STRIPE_KEY", "v");
    passes_everywhere(&cli, "a", "DB_PASSWORD");
    cli.ok("settings set variables.strict on");
    refused_everywhere(&cli, "a", "DB_PASSWORD");
    assert!(cli.feed("set c/NEW", b"v").shows("variables.allow"), "said when it is set");
    cli.ok("settings set variables.allow DB_*,TAR_OPTIONS");
    passes_everywhere(&cli, "a", "DB_PASSWORD");
    refused_everywhere(&cli, "b", "STRIPE_KEY");
    // What a person names is given.
    assert_eq!(cli.ok("get b/STRIPE_KEY"), "v");
    cli.ok("settings set variables.strict --unset");
    passes_everywhere(&cli, "b", "STRIPE_KEY");
    for value in ["off", "true", "ON"] {
        let failed = cli.fails(&format!("settings set variables.strict {value}"));
        assert_eq!(failed, (2, "policy-op-setting".into()), "{value}");
    }
}

#[test]
fn names_that_are_no_variables_pass_in_documents_but_in_strict_mode() {
    let cli = Cli::with_vault();
    cli.set("a/tls.key", "v");
    let doors = ["export -e ENV --format json", "export -e ENV --format yaml", "inject -e ENV"];
    for door in doors {
        assert_eq!(through(&cli, door, "a", "tls.key").code, 0, "{door}");
    }
    cli.ok("settings set variables.strict on");
    for door in doors {
        assert_eq!(failure(&through(&cli, door, "a", "tls.key")), (1, "environment".into()));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_is_given_under_the_variable_that_the_user_names() {
    let cli = Cli::with_vault();
    cli.set("KUBECONFIG", "v");
    cli.ok("settings set variables.strict on");
    let mut command =
        cli.command("exec --only KUBECONFIG --as-file KUBECONFIG=KUBECONFIG -- sh -c");
    assert_eq!(finish(command.arg("cat $KUBECONFIG"), b"").text(), "v");
}

const REFUSED: &str = "exec cannot give";

#[test]
fn set_and_import_say_the_names_that_exec_will_refuse() {
    let cli = Cli::with_vault();
    let file = cli.project().join("some.env");
    fs::write(&file, "RM=x\nDB_URL=v\nGIT_TOKEN=v\nTARGET_ARCH=x\ntls.key=v\n").unwrap();
    let expected = "exec cannot give these to a program: prod/RM, prod/TARGET_ARCH, prod/tls.key: \
                    v-secure settings set variables.allow 'RM,TARGET_ARCH'; \
                    v-secure secret set prod/tls.key --var NAME\n";
    for line in [
        "import some.env -e prod --dry-run",
        "import some.env -e prod",
        "import some.env -e prod --json",
    ] {
        let run = cli.run(line);
        assert!(run.code == 0 && run.err.contains(expected), "{line}: {run:?}");
        assert_eq!(run.err.matches(REFUSED).count(), 1, "{line}: {run:?}");
    }
    assert!(!cli.run("import some.env -e prod -q").shows(REFUSED));
    let run = cli.feed("set other/PREFIX", b"v");
    assert!(
        run.shows("exec cannot give it to a program: other/PREFIX would set PREFIX, which"),
        "{run:?}"
    );
    cli.ok("settings set variables.allow RM,TARGET_ARCH");
    cli.ok("set prod/tls.key --var TLS_KEY");
    assert!(!cli.run("import some.env -e prod").shows(REFUSED));
    cli.ok("exec -e prod -- true");
    cli.ok("settings set variables.strict on");
    let run = cli.run("import some.env -e prod");
    let expected = "these to a program: prod/DB_URL, prod/GIT_TOKEN, prod/tls.key: v-secure settings set \
                    variables.allow 'RM,TARGET_ARCH,DB_URL,GIT_TOKEN,TLS_KEY'\n";
    assert!(run.err.contains(expected), "{run:?}");
}

#[test]
fn whatever_makes_a_name_says_that_exec_will_refuse_it() {
    let cli = Cli::with_vault();
    let edited = |line: &str| {
        let mut command = cli.command(line);
        finish(command.env("V_SECURE_EDITOR", "sed -i -e '$aPREFIX=v' -e s/^v$/w/"), b"")
    };
    let run = edited("edit -e prod");
    assert!(run.code == 0 && run.shows("prod/PREFIX would set PREFIX, which"), "{run:?}");
    cli.set("prod/TOKEN", "v");
    for (line, name) in [
        ("secret copy prod/TOKEN --to-env prod --as TARGET_ARCH", "prod/TARGET_ARCH"),
        ("secret copy prod/TOKEN --to-env prod --as tls.key --json", "prod/tls.key"),
        ("secret rename prod/TOKEN RM", "prod/RM"),
        ("secret edit prod/RM", "prod/RM"),
    ] {
        let run = if line.contains("edit") { edited(line) } else { cli.run(line) };
        assert_eq!(run.code, 0, "{line}: {run:?}");
        // A name that is no variable keeps no program from starting.
        let told = if name.ends_with("tls.key") { "exec leaves it out" } else { REFUSED };
        assert_eq!(run.err.matches(told).count(), 1, "{line}: {run:?}");
        assert!(run.err.contains(name), "{line}: {run:?}");
    }
    cli.ok("secret rm prod/RM --yes");
    assert!(cli.run("secret restore prod/RM").shows(REFUSED));
    cli.ok("settings set variables.allow RM,TARGET_ARCH,PREFIX");
    assert!(!cli.run("secret rename prod/RM TARGET_ARCH --overwrite").shows(REFUSED));
}

const NEWS: &str = "new in the environment";

#[test]
fn exec_says_a_new_name_once_and_no_value() {
    let cli = Cli::with_vault();
    cli.set("prod/A", "value-of-a");
    cli.set("other/X", "value-of-x");
    let exec = |options: &str| cli.run(&format!("exec -e prod {options}-- true"));
    assert!(!exec("").shows(NEWS), "the first time all are new");
    cli.set("prod/B", "value-of-b");
    cli.set("prod/c.d --var C_D", "value-of-c");
    let run = exec("-q ");
    assert_eq!(run.err, "", "-q hides it, and so it is still to be said");
    let run = exec("--only A ");
    assert_eq!(run.err, "new in the environment prod since exec last ran here: B, C_D\n");
    assert!(!exec("").shows(NEWS), "once");
    cli.ok("rm prod/B --yes");
    assert!(!exec("").shows(NEWS));
    cli.set("prod/B", "again");
    assert!(!exec("").shows(NEWS), "it was there before");
    assert!(!cli.run("exec -e other -- true").shows(NEWS), "each environment by itself");
    for number in 0..25 {
        cli.set(&format!("prod/N{number:02}"), "v");
    }
    let run = exec("");
    assert!(run.err.ends_with("N18, N19 and 5 more\n"), "{}", run.err);
}

#[test]
fn a_name_that_is_inherited_is_new_as_well() {
    let cli = Cli::with_vault();
    cli.set("base/A", "v");
    cli.set("prod/B", "v");
    cli.ok("settings set env.prod.extends base");
    cli.ok("exec -e prod -- true");
    cli.set("base/C", "v");
    assert!(cli.run("exec -e prod -- true").shows("here: C"));
}

#[test]
fn without_a_state_folder_exec_works_and_says_nothing_of_it() {
    let cli = Cli::with_vault();
    let state = cli.project().parent().unwrap().join("home/state/v-secure");
    cli.set("A", "v");
    cli.ok("exec -- true");
    for entry in fs::read_dir(state.join("given")).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    fs::remove_dir(state.join("given")).unwrap();
    fs::write(state.join("given"), "no folder").unwrap();
    for name in ["B", "C"] {
        cli.set(name, "v");
        let run = cli.run("exec -- true");
        assert!(run.code == 0 && !run.shows(NEWS), "{run:?}");
    }
}

#[test]
fn a_comparison_with_a_base_names_new_secrets() {
    let cli = Cli::with_vault();
    cli.set("prod/A", "v");
    cli.set("prod/GONE", "v");
    fs::copy(cli.vault(), cli.project().join("old.toml")).unwrap();
    cli.set("prod/A", "another");
    cli.set("prod/LOGGING", "v");
    cli.ok("rm prod/GONE --yes");
    let report = cli.json("audit verify --base ./old.toml");
    let found = report["findings"].as_array().unwrap();
    let new: Vec<_> = found.iter().filter(|found| found["code"] == "base-secret-new").collect();
    assert_eq!(new.len(), 1, "{found:?}");
    assert_eq!(
        (&new[0]["severity"], &new[0]["subject"]),
        (&"notice".into(), &"prod/LOGGING".into())
    );
    assert!(
        cli.ok("audit verify --base ./old.toml").contains("prod/LOGGING is new since the base")
    );
}
