//! What a program sees of whoever starts it.

use super::{ADMIN, VALUE, ask, told};
use crate::contract::Verb;

/// Answers with what a shell command prints, without what JSON would escape.
fn printed(command: &str) -> Option<String> {
    let text = format!(
        "cat >/dev/null\nprintf '{{\"ok\":true,\"why\":\"%s\"}}' \"$({command} | tr -d '\"\\\\')\""
    );
    let (kind, why) = told(ask(Verb::Set, &text)?);
    assert_eq!(kind, "ok", "{why}");
    Some(why)
}

#[test]
fn the_environment_has_nothing_but_what_the_contract_names() {
    let Some(names) = printed("env | cut -d= -f1 | sort | tr '\\n' ' '") else { return };
    let names: Vec<&str> = names.split(' ').collect();
    // A shell adds those of its own.
    let own = |name: &&str| !["PWD", "OLDPWD", "SHLVL", "_"].contains(name);
    assert_eq!(names.into_iter().filter(own).collect::<Vec<_>>(), ["LANG", "PATH", "TZ"]);
    assert_eq!(printed("pwd").unwrap(), "/");
    assert_eq!(
        printed("echo $PATH $LANG $TZ").unwrap(),
        "/usr/sbin:/usr/bin:/sbin:/bin C.UTF-8 UTC"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn nothing_secret_is_among_arguments_or_variables() {
    let command = "tr '\\0' ' ' < /proc/$$/cmdline; tr '\\0' ' ' < /proc/$$/environ";
    let Some(seen) = printed(command) else { return };
    assert!(seen.contains("/proc/self/fd/") && seen.contains("TZ=UTC"), "{seen}");
    for value in [VALUE, ADMIN, "prod/DB", "[value]"] {
        assert!(!seen.contains(value), "{seen}");
    }
}

#[test]
fn it_has_a_group_of_its_own() {
    let Some(group) = printed("ps -o pgid= -p $$ 2>/dev/null || echo none") else { return };
    let ours = rustix::process::getpgrp().as_raw_nonzero().to_string();
    assert_ne!(group.trim(), ours);
}

#[test]
fn the_deadline_is_in_the_request() {
    let text = r#"grep -q '"deadline":1060' && echo '{"ok":true}'"#;
    let Some(answer) = ask(Verb::Set, text) else { return };
    assert_eq!(told(answer).0, "ok");
}
