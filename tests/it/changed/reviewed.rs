//! `v-secure audit verify --format markdown`: what a reviewer reads, and the pipelines that post it.

use super::{badly_signed, repository};
use serde_json::Value;
use std::fs;
use v_secure_testkit::cli::{Cli, Run, finish};
use v_secure_testkit::executable;
use v_secure_testkit::repository::Repository;
use v_secure_testkit::runner::{self, passes, yaml};
use v_secure_testkit::stage::Stage;
use v_secure_testkit::tools;

fn review(repository: &Repository, base: &str) -> Run {
    repository.0.run(&format!("audit verify --base {base} --format markdown"))
}

#[test]
fn a_reviewer_reads_what_changes_and_that_it_verifies() {
    let Some(repository) = repository() else { return };
    let cli = &repository.0;
    cli.set("A", "two-7319");
    cli.set("prod/B", "b-7319");
    cli.ok("role create dev");
    cli.ok("access grant dev prod/* read");
    cli.ok("settings set reads required");
    cli.ok("member add bot --service --new-identity --read prod/B");
    let run = review(&repository, "HEAD");
    assert_eq!(run.code, 0, "{run:?}");
    let text = run.text();
    assert!(text.starts_with("## v-secure: verified\n"), "{text}");
    for line in [
        "It changes, since ` HEAD `: **",
        "- ` dev ` **may now** ` read ` ` prod/* `, by ` ada `",
        "- **added** member ` bot `, ` service `",
        "- ` bot ` **joins** ` bot `",
        "- **updated** ` default/A `, ` version 1 ` → ` version 2 `",
        "- **created** ` prod/B `",
        "- **added** setting ` reads `, ` required `",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!text.contains("7319") && !text.contains("age1"), "{text}");
    // Without a base, and where nothing changed.
    let alone = cli.ok("audit verify --format markdown");
    assert!(alone.starts_with("## v-secure: verified\n") && alone.contains("no earlier state"));
    repository.commit("all");
    assert!(review(&repository, "HEAD").text().contains("**nothing**"));
    assert_eq!(cli.fails("audit verify --format markdown"), (2, "usage".into()));
    assert_eq!(cli.run("audit verify --format html").code, 2);
}

/// The exit code of the command and of the text, which say the same.
#[track_caller]
fn refused(repository: &Repository, base: &str, word: &str) {
    let plain = repository.0.run(&format!("audit verify --base {base}"));
    let run = review(repository, base);
    let text = run.text();
    assert!(run.code != 0 && run.code == plain.code, "{run:?} {plain:?}");
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("## v-secure: REFUSED"), "{text}");
    let why = lines.nth(1).unwrap();
    assert!(why.starts_with("**Do not merge this: ") && why.contains(word), "{word}: {text}");
}

#[test]
fn what_fails_says_so_at_its_top() {
    let Some(repository) = repository() else { return };
    let cli = &repository.0;
    let first = fs::read_to_string(cli.vault()).unwrap();
    cli.set("A", "two");
    cli.ok("role create dev");
    repository.commit("two");
    let sound = fs::read_to_string(cli.vault()).unwrap();
    // Rolled back: an older, genuine state.
    fs::write(cli.vault(), &first).unwrap();
    refused(&repository, "HEAD", "rolled back");
    // Unsigned: an entry of the log.
    fs::write(cli.vault(), badly_signed(&sound)).unwrap();
    refused(&repository, "HEAD", "unsigned");
    // Of the policy.
    let forged =
        sound.replacen("\"role-add\":{\"role\":\"dev\"}", "\"role-add\":{\"role\":\"det\"}", 1);
    fs::write(cli.vault(), forged).unwrap();
    refused(&repository, "HEAD", "unsigned");
    // Missing, whole and in part, and a base that is not there.
    let within_a_line = sound.find("\"put\":").unwrap();
    fs::write(cli.vault(), &sound[..within_a_line]).unwrap();
    refused(&repository, "HEAD", "does not verify");
    fs::write(cli.vault(), &sound).unwrap();
    refused(&repository, "no-such", "could not be verified");
    let other = Cli::with_vault();
    fs::copy(other.vault(), cli.vault()).unwrap();
    refused(&repository, "HEAD", "another vault");
    fs::remove_file(cli.vault()).unwrap();
    refused(&repository, "HEAD", "could not be verified");
}

#[test]
fn texts_of_members_are_shown_as_texts() {
    let Some(repository) = repository() else { return };
    let hostile = "@all `x` <img src=x> [y](https://example.org) | ##[add-mask]z";
    let mut set = repository.0.command("set A --reason");
    assert_eq!(finish(set.arg(hostile), b"x").code, 0);
    let mut describe = repository.0.command("secret describe A");
    assert_eq!(finish(describe.arg(hostile), b"").code, 0);
    let text = review(&repository, "HEAD").text();
    // In a span that ends at two backticks, as it holds runs of one.
    assert_eq!(text.matches(hostile).count(), 2, "{text}");
    assert_eq!(text.matches(&format!("`` {hostile} ``")).count(), 2, "{text}");
}

/// A folder with a program that writes down how it was called, and answers.
fn fake(stage: &Stage, name: &str, answer: &str) -> String {
    let folder = stage.scene.home().join("fake");
    fs::create_dir_all(&folder).unwrap();
    let log = folder.join("called");
    let script = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$*\" >> {0}\nfor a in \"$@\"; do case \"$a\" in body*@*) cat \"${{a#*@}}\" >> {0} ;; esac; done\n{answer}\n",
        log.display()
    );
    executable::script(&folder.join(name), &script);
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap())
}

fn called(stage: &Stage) -> String {
    let log = stage.scene.home().join("fake/called");
    let text = fs::read_to_string(&log).unwrap_or_default();
    let _ = fs::remove_file(log);
    text
}

fn project() -> Stage {
    let stage = Stage::new();
    stage.ok("git init --quiet -b main && v-secure init --vault-name shop --member admin");
    stage.ok("git add . && git commit --quiet -m vault");
    stage.ok("printf x | v-secure set prod/A && git commit --quiet -am a");
    stage
}

#[test]
fn the_action_writes_one_comment_and_renews_it() {
    if !tools::has("git") {
        return;
    }
    let stage = project();
    let summary = stage.scene.home().join("summary");
    let mut verify =
        runner::prepared(&stage, &stage.scene.project(), "Verify the vault", &[("base", "HEAD~1")]);
    passes(&verify.env("GITHUB_STEP_SUMMARY", &summary).output().unwrap());
    assert!(fs::read_to_string(&summary).unwrap().contains("**created** ` prod/A `"));
    let given = [
        ("github.repository", "team/shop"),
        ("github.server_url", "https://github.example.org"),
        ("github.event.pull_request.number", "7"),
        ("token", "token-7319"),
    ];
    let comment = |answer: &str| {
        let path = fake(&stage, "gh", answer);
        let name = "Comment on the pull request";
        let mut step = runner::prepared(&stage, &stage.scene.project(), name, &given);
        let said = passes(&step.env("PATH", path).output().unwrap());
        (called(&stage), said)
    };
    let (new, said) = comment("exit 0");
    assert!(new.contains("--method POST repos/team/shop/issues/7/comments"), "{new}");
    assert!(new.contains("## v-secure: verified") && new.contains("prod/A"), "{new}");
    assert!(!new.contains("token-7319") && !said.contains("notice"), "{new} {said}");
    let (renewed, _) = comment("case \"$*\" in *--jq*) echo 11; echo 12 ;; esac");
    assert!(renewed.contains("--method PATCH repos/team/shop/issues/comments/12"), "{renewed}");
    // A fork's job may not write, and is as green as before.
    let (_, said) = comment("exit 1");
    assert!(said.contains("::notice title=v-secure::"), "{said}");
    // What could not even be compared is said, too.
    fs::remove_file(stage.scene.home().join("temp/v-secure/report.md")).unwrap();
    let (text, _) = comment("exit 0");
    assert!(text.contains("could not be verified"), "{text}");
}

#[test]
fn the_action_fails_as_before_and_says_why_in_the_comment() {
    if !tools::has("git") {
        return;
    }
    let stage = project();
    stage.ok("git checkout --quiet HEAD~1 -- .v-secure/vault.toml");
    let failed = runner::step(&stage, "Verify the vault", &[("base", "HEAD")]);
    assert_eq!(failed.status.code(), Some(6));
    let report = fs::read_to_string(stage.scene.home().join("temp/v-secure/report.md")).unwrap();
    assert!(
        report.starts_with("## v-secure: REFUSED") && report.contains("rolled back"),
        "{report}"
    );
    let action = yaml("action.yml");
    let steps = action["runs"]["steps"].as_array().unwrap();
    let step = steps.iter().find(|step| step["name"] == "Comment on the pull request").unwrap();
    assert!(step["if"].as_str().unwrap().starts_with("(success() || failure()) && "));
}

#[test]
fn the_gitlab_job_writes_one_note_and_renews_it() {
    if !tools::has("git") {
        return;
    }
    let stage = project();
    let base = stage.ok("git rev-parse HEAD~1");
    let folder = stage.scene.project();
    passes(&runner::gitlab_in(&stage, &folder, &[("CI_MERGE_REQUEST_DIFF_BASE_SHA", &base)]));
    let template = yaml("deploy/gitlab/v-secure.yml");
    let script = template["v-secure-verify"]["after_script"][0].as_str().unwrap().to_owned();
    let note = |answer: &str, token: &str| {
        let path = fake(&stage, "curl", answer);
        let mut job = runner::runner(&stage, &script);
        job.current_dir(&folder).env("PATH", path).env("CI_PROJECT_DIR", &folder);
        job.env("CI_API_V4_URL", "https://gitlab.example.org/api/v4")
            .env("CI_MERGE_REQUEST_IID", "7");
        job.env("CI_MERGE_REQUEST_PROJECT_ID", "1").env("V_SECURE_COMMENT_TOKEN", token);
        let output = job.output().unwrap();
        assert!(!runner::text(&output).contains("token-7319"));
        (called(&stage), output.status.success())
    };
    assert_eq!(note("exit 0", ""), (String::new(), true));
    let notes = "https://gitlab.example.org/api/v4/projects/1/merge_requests/7/notes";
    let (new, _) = note("exit 0", "token-7319");
    assert!(new.contains(notes) && new.contains("## v-secure: verified"), "{new}");
    assert!(!new.contains("--request PUT") && !new.contains("token-7319"), "{new}");
    // A quote in the text of a note has a backslash before it.
    let listed: Value = serde_json::json!([
        { "id": 3, "type": null, "body": "\"id\":4,\"type\":null,\"body\":\"## v-secure: verified" },
        { "id": 5, "type": null, "body": "## v-secure: REFUSED" },
    ]);
    let answer =
        format!("case \"$*\" in *per_page*) cat <<'END'\n{}\nEND\n;; esac", ordered(&listed));
    let (renewed, _) = note(&answer, "token-7319");
    assert!(
        renewed.contains("--request PUT") && renewed.contains(&format!("{notes}/5")),
        "{renewed}"
    );
    assert!(!renewed.contains(&format!("{notes}/4")), "{renewed}");
}

/// As GitLab writes a list of notes: the id, the type and the text come first.
fn ordered(list: &Value) -> String {
    let notes = list.as_array().unwrap().iter().map(|note| {
        format!("{{\"id\":{},\"type\":{},\"body\":{}}}", note["id"], note["type"], note["body"])
    });
    format!("[{}]", notes.collect::<Vec<_>>().join(","))
}
