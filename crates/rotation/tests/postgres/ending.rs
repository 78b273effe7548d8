//! Revoking ends one version, and never the one in use.

use crate::support::{Session, Version, database, is_out, logs_in, until};
use v_secure_rotation::contract::{CallError, Provider, Verb};

#[test]
fn a_version_that_had_the_user_before_is_gone_already() {
    let Some(database) = database() else { return };
    let [a, b, c] = [(0, 0), (1, 1), (2, 0)].map(|(number, user)| database.version(number, user));
    database.set(&a, &b);
    database.set(&b, &c);
    // `a` and `c` have one user.
    database.revoke(&c, &a);
    logs_in(&database, &c);
    logs_in(&database, &b);
    assert_eq!(database.marker(), c.id.to_string());
    database.revoke(&c, &b);
    is_out(&database, &b);
    logs_in(&database, &c);
    // Nor does its password come back with the right to log in.
    let user = &database.names.users[1];
    let shut = format!("SELECT rolcanlogin, rolpassword FROM pg_authid WHERE rolname = '{user}'");
    assert_eq!(database.sql(&shut), "f|");
}

#[test]
fn what_is_in_use_is_not_revoked() {
    let Some(database) = database() else { return };
    let [a, b] = [(0, 0), (1, 1)].map(|(number, user)| database.version(number, user));
    database.set(&a, &b);
    let refused = |base: &Version, gone: &Version| {
        let error = database.ask(Verb::Revoke, base, gone).unwrap_err();
        assert!(matches!(error, CallError::Refused { .. }), "{error}");
    };
    refused(&b, &b);
    // What is said to be in use has this user, whatever its password.
    refused(&database.version(9, 1), &b);
    refused(&database.version(9, 0), &a);
    logs_in(&database, &a);
    logs_in(&database, &b);
}

#[test]
fn what_no_table_knows_is_tried() {
    let Some(database) = database() else { return };
    let (never, other) = (database.version(5, 0), database.version(1, 1));
    database.revoke(&other, &never);
    logs_in(&database, &database.version(0, 0));
    database.revoke(&other, &database.version(0, 0));
    is_out(&database, &database.version(0, 0));
}

#[test]
fn a_role_that_is_gone_is_revoked() {
    let Some(database) = database() else { return };
    let [a, b] = [(0, 0), (1, 1)].map(|(number, user)| database.version(number, user));
    database.set(&a, &b);
    database.sql(&format!("DROP ROLE \"{}\"", database.names.users[1]));
    database.revoke(&a, &b);
    database.set(&a, &database.version(2, 1));
}

#[test]
fn sessions_go_on_unless_they_are_to_end() {
    let Some(database) = database() else { return };
    let [a, b, c] = [(0, 0), (1, 1), (2, 0)].map(|(number, user)| database.version(number, user));
    let mut session = Session::begin(&database, &a);
    database.set(&a, &b);
    database.revoke(&b, &a);
    session.run("SELECT 1");
    drop(session);
    database.set(&b, &c);
    let _session = Session::begin(&database, &b);
    let call = database.call(Verb::Revoke, Some(&c), Some(&b));
    let answer = database.provider().ending_sessions().call(&call).unwrap();
    assert_eq!(answer.why.unwrap(), "1 sessions of its user were ended");
    let sessions = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE usename = '{}'",
        database.names.users[1]
    );
    until(|| database.sql(&sessions) == "0");
}

#[test]
fn of_one_user_the_password_before_is_set_again_and_the_withdrawn_one_never() {
    let Some(database) = database() else { return };
    let [a, b] = [(0, 0), (1, 0)].map(|(number, user)| database.version(number, user));
    let provider = database.one_user();
    let ask = |verb, base: &Version, of: &Version| {
        provider.call(&database.call(verb, Some(base), Some(of)))
    };
    ask(Verb::Set, &a, &b).unwrap();
    is_out(&database, &a);
    // As an abort does.
    ask(Verb::Set, &b, &a).unwrap();
    ask(Verb::Revoke, &a, &b).unwrap();
    logs_in(&database, &a);
    let slept = ask(Verb::Set, &a, &b).unwrap_err();
    assert!(matches!(slept, CallError::Fenced { .. }), "{slept}");
    logs_in(&database, &a);
    let c = database.version(2, 0);
    ask(Verb::Set, &a, &c).unwrap();
    logs_in(&database, &c);
}

/// A value that was encrypted anew has another id and the same password.
#[test]
fn what_was_set_by_another_id_is_revoked() {
    let Some(database) = database() else { return };
    let [a, b, c] = [(0, 0), (1, 1), (2, 0)].map(|(number, user)| database.version(number, user));
    database.set(&a, &b);
    database.set(&b, &c);
    let anew = Version { id: database.version(9, 1).id, ..database.version(1, 1) };
    database.revoke(&c, &anew);
    is_out(&database, &b);
    logs_in(&database, &c);
}
