//! `inject`: templates rendered by the real binary, and every reason not to.

#![cfg(unix)]

use std::fs;
use v_secure_testkit::cli::{Cli, Run, failure, finish, keys, mode};

fn filled() -> Cli {
    let cli = Cli::with_vault();
    cli.set("DB", "s3c\"ret/ä");
    cli.set("prod/DB", "of-prod");
    cli.set("BIN --raw", [0xff, 0]);
    cli
}

fn render(cli: &Cli, template: &str) -> Run {
    cli.feed("inject", template.as_bytes())
}

fn refused(cli: &Cli, template: &str) -> (i32, String) {
    failure(&cli.feed("inject --json", template.as_bytes()))
}

#[test]
fn a_template_of_every_kind_of_reference_is_rendered() {
    let cli = filled();
    let template = "{\"a\": {{ v-secure:DB | json }}, \"b\": \"{{v-secure:BIN|base64}}\",\n \
                    \"u\": \"https://{{ v-secure:DB | url }}@x\", \"p\": \"{{ v-secure:prod/DB }}\",\n \
                    \"t\": \"{{ .Values.x }} \\{{ v-secure:DB }}\"}";
    let run = render(&cli, template);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    let read: serde_json::Value = serde_json::from_slice(&run.out).unwrap();
    assert_eq!(
        read,
        serde_json::json!({
            "a": "s3c\"ret/ä",
            "b": "/wA=",
            "u": "https://s3c%22ret%2F%C3%A4@x",
            "p": "of-prod",
            "t": "{{ .Values.x }} {{ v-secure:DB }}",
        })
    );
    assert_eq!(cli.feed("inject -e prod -i -", b"{{ v-secure:DB }}").text(), "of-prod");
}

#[test]
fn a_name_is_looked_up_as_for_exec_in_the_environments_that_are_extended() {
    let cli = filled();
    cli.set("ONLY", "in-default");
    cli.ok("settings set env.prod.extends default");
    let run = cli.feed("inject -e prod", b"{{ v-secure:ONLY }} {{ v-secure:DB }}");
    assert_eq!(run.text(), "in-default of-prod");
    assert_eq!(refused(&cli, "{{ v-secure:prod/ONLY }}"), (5, "not-found".into()));
}

#[test]
fn the_file_is_private_new_and_whole() {
    let cli = filled();
    let (template, out) = (cli.project().join("t"), cli.project().join("out"));
    fs::write(&template, "x={{ v-secure:DB }}\n").unwrap();
    let report = cli.json("inject -i t -o out");
    assert_eq!(keys(&report), ["file", "secrets", "references"]);
    assert_eq!(report["secrets"], serde_json::json!(["default/DB"]));
    assert_eq!(fs::read_to_string(&out).unwrap(), "x=s3c\"ret/ä\n");
    assert_eq!(mode(&out), 0o600);
    fs::write(&out, "mine").unwrap();
    assert_eq!(cli.fails("inject -i t -o out"), (7, "exists".into()));
    assert_eq!(fs::read_to_string(&out).unwrap(), "mine");
    cli.ok("inject -i t -o out --force");
    assert_eq!(fs::read_to_string(&out).unwrap(), "x=s3c\"ret/ä\n");
}

#[test]
fn neither_the_template_nor_a_vault_is_replaced() {
    let cli = filled();
    let text = "x={{ v-secure:DB }}\n";
    let (template, vault) = (cli.project().join("t"), fs::read(cli.vault()).unwrap());
    fs::write(&template, text).unwrap();
    // Through a pipe nothing but the text says which file it came from.
    let run = cli.feed("inject -o t --force --json", text.as_bytes());
    assert_eq!(failure(&run), (7, "exists".into()));
    assert_eq!(cli.fails("inject -i t -o t --force"), (7, "exists".into()));
    assert_eq!(fs::read_to_string(&template).unwrap(), text);
    fs::write(cli.project().join("plain"), "no secrets\n").unwrap();
    for input in ["t", "plain"] {
        let line = format!("inject -i {input} -o .v-secure/vault.toml --force");
        assert_eq!(cli.fails(&line), (7, "exists".into()), "{input}");
    }
    assert_eq!(fs::read(cli.vault()).unwrap(), vault);
}

/// Filters make a value longer, so that a row of them has an end; and a value is no template.
#[test]
fn a_template_cannot_grow_without_end_nor_a_value_name_secrets() {
    let cli = filled();
    let row = format!("{{{{ v-secure:DB{} }}}}", " | base64".repeat(300));
    assert_eq!(refused(&cli, &row), (1, "template-syntax".into()));
    assert_eq!(refused(&cli, "{{ v-secure:{{ v-secure:DB }} }}"), (1, "template-syntax".into()));
    cli.set("NESTED", "{{ v-secure:DB }}");
    assert_eq!(render(&cli, "{{ v-secure:NESTED }}").text(), "{{ v-secure:DB }}");
    let links = ["link", "dangling"];
    fs::write(cli.project().join("t"), "{{ v-secure:DB }}").unwrap();
    fs::write(cli.project().join("kept"), "kept").unwrap();
    std::os::unix::fs::symlink("kept", cli.project().join(links[0])).unwrap();
    std::os::unix::fs::symlink("gone", cli.project().join(links[1])).unwrap();
    for link in links {
        assert_eq!(cli.fails(&format!("inject -i t -o {link}")), (7, "exists".into()));
        assert_eq!(cli.fails(&format!("inject -i t -o {link} --force")).0, 1);
    }
    assert_eq!(fs::read_to_string(cli.project().join("kept")).unwrap(), "kept");
    assert!(!cli.project().join("gone").exists());
}

#[test]
fn everything_that_is_missing_is_named_with_its_lines() {
    let cli = filled();
    let template = b"{{ v-secure:A }}\n{{ v-secure:DB }} {{ v-secure:prod/B }}\n{{ v-secure:A }}";
    let run = cli.feed("inject -o out", template);
    assert_eq!(run.code, 5);
    for text in ["default/A, named in lines 1, 3", "prod/B, named in line 2"] {
        assert!(run.shows(text), "{run:?}");
    }
    assert!(!run.shows("s3c") && !cli.project().join("out").exists());
    cli.ok("rm DB");
    assert_eq!(refused(&cli, "{{ v-secure:DB }}"), (5, "not-found".into()));
}

#[test]
fn an_expired_secret_is_exit_8_and_says_where_it_is_named() {
    let cli = filled();
    cli.set("SHORT --ttl 1s", "v");
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    let run = loop {
        let run = render(&cli, "a\n{{ v-secure:SHORT }}");
        if run.code != 0 || std::time::Instant::now() > until {
            break run;
        }
    };
    assert_eq!(run.code, 8, "{run:?}");
    assert!(run.out.is_empty() && run.shows("names it in line 2"), "{run:?}");
}

#[test]
fn what_may_not_be_read_is_exit_4() {
    let cli = filled();
    let added = cli.json("member add bot --new-identity --read prod/*");
    let identity = added["identity"].as_str().unwrap();
    let mut command = cli.command("inject --json");
    command.env("V_SECURE_IDENTITY", identity);
    let run = finish(&mut command, b"{{ v-secure:prod/DB }}");
    assert_eq!((run.code, run.text().as_str()), (0, "of-prod"));
    let run = finish(&mut command, b"{{ v-secure:prod/DB }} {{ v-secure:DB }}");
    assert_eq!(failure(&run), (4, "not-permitted".into()));
}

#[test]
fn what_is_no_template_or_no_text_is_refused_without_a_value() {
    let cli = filled();
    for (template, code) in [
        ("{{ v-secure:DB", "template-syntax"),
        ("{{ v-secure:DB | upper }}", "template-syntax"),
        ("{{- v-secure:DB }}", "template-syntax"),
        ("{{ v-secure:DB }}{{ v-secure:BIN | url }}", "template-value"),
    ] {
        assert_eq!(refused(&cli, template), (1, code.into()), "{template}");
    }
    let run = render(&cli, "\n ä{{ v-secure:DB | upper }}");
    assert!(run.shows("line 2, column 20"), "{run:?}");
    let long = vec![b' '; (4 << 20) + 1];
    assert_eq!(failure(&cli.feed("inject --json", &long)), (1, "file".into()));
    assert_eq!(cli.fails("inject -i none"), (5, "file".into()));
}

#[test]
fn a_template_without_references_needs_no_identity() {
    let cli = filled();
    let mut command = cli.command("--trust-first-use inject");
    command.env("HOME", cli.project()).env("XDG_CONFIG_HOME", cli.project());
    let run = finish(&mut command, b"{{ x }}");
    assert_eq!((run.code, run.text().as_str()), (0, "{{ x }}"));
    assert!(run.shows("names no secrets"), "{run:?}");
}

#[test]
fn the_read_is_in_the_journal() {
    let cli = filled();
    let run = cli.feed("inject --reason deploy", b"{{ v-secure:DB }}{{ v-secure:DB }}");
    assert_eq!(run.code, 0, "{run:?}");
    let reads = cli.project().join("../home/state/v-secure/reads");
    let file = fs::read_dir(reads).unwrap().next().unwrap().unwrap().path();
    let text = fs::read_to_string(file).unwrap();
    let line: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!(line["action"], "inject");
    assert_eq!(line["secrets"], serde_json::json!(["default/DB"]));
    assert_eq!(line["reason"], "deploy");
    assert!(!text.contains("s3c"));
}
