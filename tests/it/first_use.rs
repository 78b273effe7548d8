//! The question before a first use: who is asked, when, and what is remembered where.

#![cfg(unix)]

use std::path::Path;
use v_secure_testkit::person::{Done, Person};
use v_secure_testkit::planted::{IDENTITY, bait, victim};
use v_secure_testkit::terminal::{rest, terminal, type_in};
use v_secure_testkit::tools;

/// A vault that nothing is known of, in which the victim is an owner.
fn unknown() -> Person {
    let olga = Person::new("olga");
    olga.run("identity new").ok();
    olga.pull(&bait(&olga));
    olga
}

#[test]
fn the_state_of_a_vault_says_whether_it_was_accepted() {
    if !tools::has("git") {
        return;
    }
    let olga = unknown();
    let said = "not accepted on this device yet";
    let status = |person: &Person| person.command(&[]).output().unwrap();
    let text = |person: &Person| String::from_utf8(status(person).stdout).unwrap();
    assert!(text(&olga).contains(said), "{}", text(&olga));
    assert!(!text(&victim()).contains(said));
    olga.run("pin accept --yes").ok();
    assert!(!text(&olga).contains(said));
}

#[test]
fn without_a_terminal_or_a_question_a_first_use_is_refused() {
    let olga = unknown();
    for line in ["get prod/DB", "-q --no-input get prod/DB", "-q set prod/DB --generate"] {
        let refused = olga.run(&format!("--json {line}"));
        assert_eq!(refused.error(), (1, "first-use".into()), "{line}");
        for text in ["V_SECURE_PIN", "--trust-first-use"] {
            assert!(refused.err.contains(text), "{line}: {}", refused.err);
        }
    }
    for (line, variable) in [("-q --no-input get prod/DB", None), ("-q get prod/DB", Some("1"))] {
        let mut command = olga.command(&line.split(' ').collect::<Vec<_>>());
        command.envs(variable.map(|value| ("V_SECURE_NO_INPUT", value)));
        let text = rest(&mut terminal(command));
        assert!(text.contains("never been accepted") && !text.contains("planted"), "{text}");
    }
    assert_eq!(olga.run("--json pin show").json()["accepted"], false);
    assert_eq!(olga.run("ls").code, 0, "what only looks does");
}

#[test]
fn a_job_whose_key_is_missing_hears_of_the_key_and_not_of_trust() {
    let olga = unknown();
    let identity = olga.home().join(".config/v-secure/identity.txt");
    let key = std::fs::read_to_string(&identity).unwrap();
    std::fs::remove_file(&identity).unwrap();
    let stranger = age::x25519::Identity::generate();
    let stranger = age::secrecy::ExposeSecret::expose_secret(&stranger.to_string()).to_owned();
    let cut = &key.trim_end()[..key.trim_end().len() - 4];
    for line in [
        "get prod/DB",
        "exec -e prod -- true",
        "export -e prod --format json",
        "secret diff dev prod",
        "diff ./.v-secure/vault.toml --reveal",
    ] {
        for given in [None, Some(""), Some("garbage"), Some(cut), Some(&stranger)] {
            let mut words = vec!["--json"];
            words.extend(line.split(' '));
            let mut command = olga.command(&words);
            command.envs(given.map(|given| ("V_SECURE_IDENTITY", given)));
            let done: Done = command.output().unwrap().into();
            assert_eq!(done.error(), (3, "locked".into()), "{line}, {given:?}: {}", done.err);
            assert!(done.err.contains("V_SECURE_IDENTITY"), "{}", done.err);
            assert!(!done.err.contains("trust-first-use"), "{}", done.err);
        }
        let mut command = olga.command(&line.split(' ').collect::<Vec<_>>());
        let done: Done = command.env("V_SECURE_IDENTITY", &key).output().unwrap().into();
        assert!(done.err.contains("--trust-first-use"), "{line}: {}", done.err);
    }
}

/// With a key of their own a person asks to be let in, with a terminal or without.
#[test]
fn a_person_s_key_that_is_no_member_s_leads_to_a_request_and_a_job_s_to_a_service() {
    let olga = unknown();
    let (request, service) = ("v-secure member request", "member add NAME --service");
    let stranger = age::x25519::Identity::generate();
    let stranger = age::secrecy::ExposeSecret::expose_secret(&stranger.to_string()).to_owned();
    let file = olga.home().join("other.txt");
    std::fs::write(&file, &stranger).unwrap();
    let identity = olga.home().join(".config/v-secure/identity.txt");
    let trusting = "--trust-first-use get prod/DB";
    for line in ["get prod/DB", trusting] {
        let run = |name: &str, value: &str, ci: &str| -> Done {
            let mut command = olga.command(&line.split(' ').collect::<Vec<_>>());
            command.env(name, value).env("CI", ci).output().unwrap().into()
        };
        std::fs::remove_file(&identity).ok();
        let print = format!("cat {}", file.display());
        for (name, value) in [
            ("V_SECURE_IDENTITY", stranger.as_str()),
            ("V_SECURE_IDENTITY_FILE", file.to_str().unwrap()),
            ("V_SECURE_IDENTITY_CMD", &print),
        ] {
            if name.ends_with("CMD") && line != trusting {
                continue;
            }
            let person = run(name, value, "");
            assert_eq!(person.code, 3, "{name}: {}", person.err);
            assert!(person.err.contains(request), "{name}: {}", person.err);
            assert!(!person.err.contains(service), "{name}: {}", person.err);
            assert!(person.err.contains("owners who can let you in: olga"), "{}", person.err);
            let job = run(name, value, "true");
            assert!(job.err.contains(service) && !job.err.contains(request), "{}", job.err);
        }
        let none = run("V_SECURE_IDENTITY", "", "");
        assert!(!none.err.contains(request), "{}", none.err);
        std::fs::copy(&file, &identity).unwrap();
        let person = run("V_SECURE_IDENTITY", "", "");
        assert!(!person.err.contains(service), "{}", person.err);
    }
}

/// Forms of CI systems make one line of what is pasted into them.
#[test]
fn a_key_that_lost_its_line_ends_is_told_what_to_give() {
    let olga = unknown();
    let identity = olga.home().join(".config/v-secure/identity.txt");
    let key = std::fs::read_to_string(&identity).unwrap();
    let word = key.lines().find(|line| line.starts_with("AGE-SECRET-KEY-1")).unwrap();
    let commented = format!("# created: 2026-01-01\n# public key: age1x\n{word}\n");
    let run = |variable: &str| -> Done {
        let mut command = olga.command(&["--trust-first-use", "get", "prod/DB"]);
        command.env("V_SECURE_IDENTITY", variable).output().unwrap().into()
    };
    std::fs::remove_file(&identity).unwrap();
    let why = "because: V_SECURE_IDENTITY: line 1 has an age identity with other text beside it, such as comments that \
               lost their line ends: give the word that begins with AGE-SECRET-KEY-1 alone\n";
    for squeezed in [commented.replace('\n', " "), commented.replace('\n', "\\n")] {
        let refused = run(&squeezed);
        assert_eq!(refused.code, 3, "{}", refused.err);
        assert!(refused.err.contains(why) && !refused.err.contains("file"), "{}", refused.err);
        assert!(!refused.err.contains(&word[..24]), "{}", refused.err);
        let file = olga.home().join("squeezed.txt");
        std::fs::write(&file, &squeezed).unwrap();
        let print = format!("cat {}", file.display());
        for (name, value) in [
            ("V_SECURE_IDENTITY", squeezed.as_str()),
            ("V_SECURE_IDENTITY_FILE", file.to_str().unwrap()),
            ("V_SECURE_IDENTITY_CMD", &print),
        ] {
            for line in ["member request", "recovery test", "--trust-first-use get prod/DB"] {
                let mut command = olga.command(&line.split(' ').collect::<Vec<_>>());
                let done: Done = command.env(name, value).output().unwrap().into();
                assert!(done.code != 0 && !done.err.contains(&word[..24]), "{line}: {}", done.err);
                let is_said = done.err.contains("line 1 has an age identity with other text");
                assert!(is_said || line == "recovery test", "{line}: {name}: {}", done.err);
            }
        }
        let restore = format!("identity restore -o new.txt {}", file.display());
        let restored = olga.run(&restore);
        assert!(restored.code != 0 && restored.err.contains("line 1 has an"), "{}", restored.err);
    }
    assert_eq!(run(word).code, 0);
}

/// A CI secret that is not set arrives as an empty variable.
#[test]
fn a_variable_that_is_empty_is_named_and_no_machine_asks_to_be_let_in() {
    let olga = unknown();
    let request = "v-secure member request";
    let run = |variables: &[(&str, &str)], line: &str| -> Done {
        let words: Vec<&str> = line.split(' ').collect();
        olga.command(&words).envs(variables.iter().copied()).output().unwrap().into()
    };
    let pin = run(&[("V_SECURE_PIN", "")], "get prod/DB");
    assert!(pin.code == 1 && pin.err.contains("V_SECURE_PIN is set, and empty"), "{}", pin.err);
    std::fs::remove_file(olga.home().join(".config/v-secure/identity.txt")).unwrap();
    for name in ["V_SECURE_IDENTITY", "V_SECURE_IDENTITY_FILE", "V_SECURE_PASSPHRASE"] {
        let empty = run(&[(name, "")], "get prod/DB");
        assert_eq!(empty.code, 3, "{name}: {}", empty.err);
        let said = format!("because: {name} is set, and empty\n");
        assert!(empty.err.contains(&said), "{name}: {}", empty.err);
        assert!(empty.err.contains(&format!("try: give {name} a value")), "{}", empty.err);
        assert!(!empty.err.contains(request), "{name}: {}", empty.err);
    }
    let doctor = run(&[("V_SECURE_IDENTITY", "")], "doctor");
    assert!(doctor.out.contains("(V_SECURE_IDENTITY is set, and empty)"), "{}", doctor.out);
    let unset = run(&[], "get prod/DB");
    assert!(!unset.err.contains("empty") && !unset.err.contains(request), "{}", unset.err);
    assert!(unset.err.contains("v-secure member add NAME --service"), "{}", unset.err);
    // Somebody sits at a terminal, but for one that a CI system gives its jobs.
    for (variables, is_person) in [(&[][..], true), (&[("CI", "true")], false)] {
        let mut command = olga.command(&["get", "prod/DB"]);
        let text = rest(&mut terminal({
            command.args(["--no-input"]).envs(variables.iter().copied());
            command
        }));
        assert_eq!(text.contains(request), is_person, "{text}");
    }
}

#[test]
fn a_first_use_is_a_question_whose_default_is_no() {
    let olga = unknown();
    let ask = |answer: &str| {
        let mut session = terminal(olga.command(&["-q", "get", "prod/DB"]));
        type_in(&mut session, "that you expect here?", answer);
        rest(&mut session)
    };
    let fingerprint = olga.run("--json pin show").json()["fingerprint"].clone();
    for answer in ["", "n"] {
        let text = ask(answer);
        assert!(text.contains("was not accepted") && !text.contains("planted"), "{text}");
        assert!(text.contains("then 'v-secure pin accept'"), "{text}");
        assert!(!text.contains("--trust-first-use"), "{text}");
        assert_eq!(olga.run("--json pin show").json()["accepted"], false);
    }
    let mut session = terminal(olga.command(&["-q", "get", "prod/DB"]));
    let said = session_text(&mut session, "that you expect here");
    for text in [fingerprint.as_str().unwrap(), "olga, recovery", "makes you an owner", "laptop"] {
        assert!(said.contains(text), "{text}: {said}");
    }
    drop(session);
    assert!(ask("y").contains("planted"));
    assert_eq!(olga.run("get prod/DB").ok(), "planted");
}

#[test]
fn the_question_comes_before_a_value_is_asked_for_or_read() {
    let olga = unknown();
    for line in [
        "set prod/DB",
        "set prod/DB --file absent",
        "import absent.env -e prod",
        "inject -i absent",
        "member add x --request absent",
        "member remove recovery",
        "secret rm prod/DB",
        "key slot remove absent",
        "role rm absent",
        "adopt absent",
    ] {
        let mut session = terminal(olga.command(&line.split(' ').collect::<Vec<_>>()));
        type_in(&mut session, "that you expect here?", "n");
        let text = rest(&mut session);
        assert!(text.contains("was not accepted"), "{line}: {text}");
        for unwanted in ["Value of", "absent", "Remove"] {
            assert!(!text.contains(unwanted), "{line}: {text}");
        }
    }
    for input in [
        "set prod/DB",
        "import - -e prod",
        "secret rotate prod/DB",
        "inject",
        "member add x --request -",
    ] {
        let refused = olga.feed(&format!("--json {input}"), "A=b");
        assert_eq!(refused.error(), (1, "first-use".into()), "{input}");
    }
    let mut session = terminal(olga.command(&["set", "prod/DB"]));
    type_in(&mut session, "that you expect here?", "y");
    type_in(&mut session, "Value of prod/DB", "typed");
    let text = rest(&mut session);
    assert!(text.contains("version 2") && !text.contains("typed"), "{text}");
}

#[test]
fn nobody_waits_for_a_lock_while_the_question_is_open() {
    let olga = unknown();
    let mut session = terminal(olga.command(&["set", "prod/DB", "--generate"]));
    session_text(&mut session, "that you expect here");
    let other = olga.run("--trust-first-use set prod/OTHER --generate");
    assert_eq!(other.code, 0, "{other:?}");
    type_in(&mut session, "?", "y");
    let text = rest(&mut session);
    assert!(text.contains("version 2"), "{text}");
}

/// The specification of these folders places each by its variable alone.
#[test]
#[cfg(not(target_os = "macos"))]
fn a_state_folder_that_is_stated_needs_no_home() {
    let olga = unknown();
    let (key, state) = (olga.home().join(IDENTITY), olga.home().join("state"));
    let run = |folder: &Path, line: &str| -> Done {
        let mut command = olga.command(&["--json", "--identity", key.to_str().unwrap()]);
        command.args(line.split(' ')).env_remove("HOME").env("XDG_STATE_HOME", folder);
        command.output().unwrap().into()
    };
    run(&state, "--trust-first-use get prod/DB").ok();
    assert!(state.join("v-secure/pins").is_dir());
    run(&state, "get prod/DB").ok();
    assert_eq!(run(&state, "pin show").json()["accepted"], true);
    run(&state, "pin accept").ok();
    assert!(state.join("v-secure/reads").is_dir(), "the journal is there, too");
    olga.pull(&bait(&olga));
    assert_eq!(run(&state, "get prod/DB").error(), (6, "pin-other-vault".into()));
    // A relative one is none, as with a home.
    assert_eq!(run(Path::new("state"), "pin accept").error(), (1, "no-state".into()));
    let mut command = olga.command(&["get", "prod/DB", "--trust-first-use"]);
    command.env_remove("HOME").env("XDG_CONFIG_HOME", olga.home().join(".config"));
    assert_eq!(Done::from(command.output().unwrap()).ok(), "planted", "the identity is found");
}

/// Where nothing can be remembered, one command asks once.
#[test]
fn a_write_without_a_state_folder_asks_once() {
    let olga = unknown();
    let key = olga.home().join(IDENTITY);
    for (version, generated) in [("version 2", true), ("version 3", false)] {
        let line = ["--identity", key.to_str().unwrap(), "set", "prod/DB"];
        let mut command = olga.command(&line);
        command.args(generated.then_some("--generate")).env_remove("HOME");
        let mut session = terminal(command);
        type_in(&mut session, "that you expect here?", "y");
        if !generated {
            type_in(&mut session, "Value of prod/DB", "typed");
        }
        let text = rest(&mut session);
        assert!(text.contains(version) && !text.contains("has never used"), "{text}");
    }
}

fn session_text(session: &mut expectrl::session::OsSession, until: &str) -> String {
    use expectrl::Expect;
    String::from_utf8_lossy(session.expect(until).unwrap().before()).into_owned()
}

#[test]
fn a_key_of_ones_own_making_is_not_remarked() {
    if !tools::has("git") {
        return;
    }
    let (olga, dana) = (victim(), Person::new("dana"));
    dana.pull(&olga);
    let line = dana.run("member request dana").ok();
    olga.feed("member add dana --request - --yes", &line).ok();
    dana.pull(&olga);
    let mut session = terminal(dana.command(&["ls", "-q"]));
    rest(&mut session);
    let mut session = terminal(dana.command(&["get", "prod/DB"]));
    let said = session_text(&mut session, "that you expect here");
    assert!(said.contains("owners") && !said.contains("makes you"), "{said}");
}
