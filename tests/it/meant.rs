//! Names, environments and commands that are not there: what was meant is named, and nothing begins unsaid.

#![cfg(unix)]

use clap::CommandFactory;
use std::fs;
use v_secure::cli::args::root::Root;
use v_secure::cli::args::verbs::ELSEWHERE;
use v_secure_testkit::cli::{Cli, Run, failure};
use v_secure_testkit::terminal::{rest, terminal, type_in};

fn shop() -> Cli {
    let cli = Cli::with_vault();
    cli.set("prod/DATABASE_URL", "v");
    cli.set("prod/API", "v");
    cli
}

#[track_caller]
fn refused(cli: &Cli, line: &str, code: i32, texts: &[&str]) -> Run {
    let run = cli.run(line);
    assert_eq!(run.code, code, "{line}: {run:?}");
    for text in texts {
        assert!(run.err.contains(text), "{line}: {text}: {run:?}");
    }
    run
}

#[test]
fn every_command_says_which_secret_was_meant() {
    let cli = shop();
    let meant = "there is no secret prod/AP; did you mean prod/API?";
    for command in [
        "get",
        "rm",
        "secret show",
        "secret versions",
        "secret tag --add x",
        "secret rotate",
        "secret rollback --version 1",
        "secret restore",
        "secret expire --never",
        "secret copy --to-env dev",
        "exec -e prod --only AP -- true --",
    ] {
        refused(&cli, &format!("{command} prod/AP"), 5, &[meant]);
    }
    refused(&cli, "secret rename prod/AP prod/B", 5, &[meant]);
    refused(&cli, "audit log --secret-id prod/AP", 5, &["did you mean prod/API?"]);
    // Case, and the same name in another environment.
    refused(&cli, "get prod/database_url", 5, &["did you mean prod/DATABASE_URL?"]);
    refused(&cli, "get API", 5, &["did you mean prod/API?"]);
    let run = refused(&cli, "get prod/NOTHING_LIKE_IT", 5, &["v-secure ls -e prod"]);
    assert!(!run.err.contains("did you mean"), "{run:?}");
    assert_eq!(cli.fails("get prod/AP"), (5, "not-found".into()));
}

#[test]
fn an_environment_that_is_not_there_is_no_empty_one() {
    let cli = shop();
    let meant = "did you mean prod?";
    for line in ["ls -e prd", "exposed -e prd", "exec -e prd -- true", "secret diff prd prod"] {
        refused(&cli, line, 5, &[meant, "v-secure env list"]);
    }
    refused(&cli, "export -e prd --format json", 5, &[meant]);
    // What is offered shows something.
    let run = refused(&cli, "get -e prd API", 5, &["did you mean prod/API?"]);
    assert!(run.err.contains("v-secure env list") && !run.err.contains("ls -e prd"), "{run:?}");
    assert_eq!(cli.fails("ls -e prd"), (5, "no-environment".into()));
    // The one of bare names is there from the beginning; one whose secrets were removed was there.
    cli.ok("ls -e default");
    cli.ok("rm prod/API prod/DATABASE_URL");
    cli.ok("ls -e prod");
}

#[test]
fn members_roles_settings_and_audiences_are_named() {
    let cli = shop();
    for line in ["access list --member adda", "member show adda", "member remove adda --yes"] {
        refused(&cli, line, 5, &["did you mean ada?"]);
    }
    refused(&cli, "audit log --actor adda", 5, &["did you mean ada?"]);
    for line in ["role join ownr ada", "role leave ownr ada", "role rm ownr --yes"] {
        refused(&cli, line, 5, &["did you mean owner?"]);
    }
    refused(&cli, "access grant ownr prod/* read", 5, &["did you mean owner?"]);
    refused(&cli, "access revoke ownr prod/* read", 5, &["did you mean owner?"]);
    refused(&cli, "key rotate --audience ownr", 5, &["did you mean owner?"]);
    refused(&cli, "settings set variables.alow x", 2, &["did you mean variables.allow?"]);
    refused(&cli, "settings set foo x", 2, &["there is no setting foo"]);
    // What may be a value is not repeated.
    let run = refused(&cli, "settings set HUNTER2 x", 2, &["there is no such setting"]);
    assert!(!run.err.contains("HUNTER2"), "{run:?}");
}

#[test]
fn a_pattern_that_matches_nothing_is_told() {
    let cli = shop();
    let meant = "prodd/* matches no secret; did you mean prod/*?";
    for line in [
        "role create reader --grant read:prodd/*",
        "access grant reader prodd/* write",
        "member add ci --service --new-identity --read prodd/*",
        "access list --pattern prodd/*",
    ] {
        let run = cli.run(line);
        assert!(run.code == 0 && run.err.contains(meant), "{line}: {run:?}");
    }
    // An environment that is to come is nobody's slip.
    let run = cli.run("role create later --grant read:staging/*");
    assert!(run.code == 0 && !run.err.contains("matches no secret"), "{run:?}");
}

#[test]
fn a_service_does_not_get_a_second_key_unsaid() {
    let cli = shop();
    let add = "member add ci --service --new-identity --read prod/*";
    cli.ok(add);
    assert_eq!(cli.fails(add), (7, "member-exists".into()));
}

#[test]
fn a_list_of_what_a_pattern_matches() {
    let cli = shop();
    cli.set("dev/API", "v");
    let names = |line: &str| -> Vec<String> {
        let text = cli.ok(line);
        text.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
    };
    assert_eq!(names("ls prod/D*"), ["prod/DATABASE_URL"]);
    assert_eq!(names("ls API"), ["dev/API", "prod/API"]);
    assert_eq!(names("ls A* -e dev"), ["dev/API"]);
    assert_eq!(names("ls prod/*"), ["prod/API", "prod/DATABASE_URL"]);
    assert_eq!(names("ls *").len(), 3);
    let vault = Cli::with_vault();
    for (options, said) in [
        ("--expiring 7d", "no secret expires within 7d\n"),
        ("--expiring", "no secret expires within 7d\n"),
        ("--expired", "no secret has expired\n"),
        ("--expiring 2d --expired", "no secret expires within 2d or has expired\n"),
        ("--stale", "no secret is stale\n"),
        (
            "--stale --expired --type api_key",
            "no secret of the type api_key has expired and is stale\n",
        ),
        ("--tag web", "there is no secret with the tag web\n"),
        ("--tag web --tag db --stale", "no secret with the tag web or db is stale\n"),
    ] {
        // An empty vault says of a filter what any other does.
        for cli in [&cli, &vault] {
            let run = cli.run(&format!("ls {options}"));
            assert!(run.code == 0 && run.out.is_empty() && run.err == said, "{options}: {run:?}");
        }
    }
    let dev = cli.run("ls -e dev --stale --all");
    assert_eq!(dev.err, "no secret of the environment dev is stale\n");
    let empty = Cli::with_vault().run("ls");
    assert!(empty.code == 0 && empty.shows("no secrets yet: v-secure set NAME"), "{empty:?}");
    refused(&cli, "ls prdo/*", 5, &["did you mean prod/*?"]);
    assert_eq!(cli.fails("ls NOPE*"), (5, "no-secrets".into()));
    assert_eq!(cli.run("ls a*b").code, 2);
}

#[test]
fn a_write_that_begins_an_environment_says_so_and_scripts_go_on() {
    let cli = shop();
    let run = cli.feed("set prdo/X", b"v");
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.err.contains("warning: this creates the environment prdo; did you mean prod?"));
    let run = cli.feed("set staging/X", b"v");
    assert!(run.code == 0 && run.err.contains("this creates the environment staging"), "{run:?}");
    assert!(!cli.feed("set staging/Y", b"v").err.contains("begins"));
    // Numbered ones are a row, the environment of bare names is there, and a grant means one.
    for name in ["prod1", "prod2"] {
        let run = cli.feed(&format!("set {name}/X"), b"v");
        assert!(run.code == 0 && !run.err.contains("did you mean prod1"), "{run:?}");
    }
    assert!(!cli.feed("set X", b"v").err.contains("begins"));
    cli.ok("role create reader --grant read:stag/*");
    assert!(!cli.feed("set stag/X", b"v").err.contains("begins"));
    fs::write(cli.project().join("x.env"), "A=1\n").unwrap();
    for line in [
        "import x.env -e prodd",
        "secret copy prod/API --to-env prode",
        "secret rename prod/API prodf/API",
        "env copy prod prodg",
        "set prodh/X --generate",
    ] {
        let run = cli.run(line);
        assert!(
            run.code == 0 && run.err.contains("creates the environment prod"),
            "{line}: {run:?}"
        );
    }
}

#[test]
fn on_a_terminal_a_slip_is_asked_about_before_the_value() {
    let cli = shop();
    let before = fs::read(cli.vault()).unwrap();
    for answer in ["n", ""] {
        let mut session = terminal(cli.command("set prdo/X"));
        type_in(&mut session, "no environment prdo yet", answer);
        let text = rest(&mut session);
        assert!(text.contains("nothing was changed") && !text.contains("Value of"), "{text}");
        assert!(text.contains("v-secure ls -e prod"), "{text}");
        assert_eq!(fs::read(cli.vault()).unwrap(), before);
    }
    let mut session = terminal(cli.command("set prdo/X"));
    type_in(&mut session, "no environment prdo yet", "y");
    type_in(&mut session, "Value of prdo/X", "hunter2");
    rest(&mut session);
    assert_eq!(cli.ok("get prdo/X"), "hunter2");
    // Nobody is asked who said so.
    let mut session = terminal(cli.command("set prode/X --generate --no-input"));
    assert!(rest(&mut session).contains("this creates the environment prode; did you mean"));
}

#[test]
fn verbs_of_other_tools_are_answered() {
    let cli = shop();
    assert_eq!(cli.ok("run -e prod -- printf %s run"), "run");
    for (word, instead) in [
        ("delete", "v-secure rm NAME"),
        ("show", "v-secure get NAME"),
        ("decrypt", "v-secure get NAME"),
        ("encrypt", "v-secure set NAME"),
        ("add", "v-secure set NAME"),
        ("view", "v-secure get NAME"),
        ("login", "v-secure unlock"),
        ("rotate", "v-secure secret rotate NAME"),
        ("rotate API", "v-secure secret rotate NAME"),
        ("member rotate", "v-secure member --help"),
        ("pruen", "v-secure prune"),
        ("member delete", "v-secure member remove"),
        ("secret delete", "v-secure secret rm"),
        ("role gramt", "v-secure role grant"),
        ("role remove-all", "v-secure role --help"),
        ("resolve", "v-secure secret resolve NAME --take VERSION"),
        ("merge", "v-secure git resolve"),
        ("push", "v-secure git install"),
        ("frobnicate", "v-secure --help"),
    ] {
        let run = refused(&cli, word, 2, &[&format!("try: {instead}")]);
        assert!(!run.err.contains("generate"), "a hidden command: {run:?}");
        assert_eq!(cli.fails(word), (2, "usage".into()));
    }
    cli.ok("list");
    // `set` takes values: nothing of such a line is repeated.
    let run = refused(&cli, "hunter2 set X", 2, &["not repeated"]);
    assert!(!run.err.contains("hunter2"));
    let run = refused(&cli, "rotate API hunter2", 2, &["try: v-secure secret rotate NAME"]);
    assert!(!run.err.contains("hunter2"));
    assert_eq!(failure(&cli.run("delete X --json")).1, "usage");
}

#[test]
fn every_answer_is_a_command() {
    let mut known = std::collections::BTreeSet::new();
    let root = Root::command();
    for (words, commands) in ELSEWHERE {
        for word in *words {
            assert!(known.insert(word), "{word} stands twice");
            assert!(root.find_subcommand(word).is_none(), "{word} is a command");
        }
        for command in *commands {
            let mut at = &root;
            for word in command
                .split(' ')
                .skip(1)
                .take_while(|w| !w.is_empty() && w.chars().all(|c| c.is_ascii_lowercase()))
            {
                at = at.find_subcommand(word).unwrap_or_else(|| panic!("{command}: {word}"));
            }
        }
    }
}
