//! Rotations from beginning to end.

use crate::support::{Database, Names, PLANTED, Version, database, is_out, logs_in, named, psql};
use v_secure_core::crypto::id::ObjectId;
use v_secure_rotation::contract::{CallError, Provider, State, Verb};
use v_secure_rotation::postgres::{ConnectionUrl, Endpoint, PostgresProvider, Target};

fn generated(database: &Database<'_>, base: &Version, number: u8) -> Version {
    let call = database.call(Verb::Generate, Some(base), None);
    let value = database.provider().call(&call).unwrap().value.unwrap();
    Version { id: ObjectId([number; 32]), value }
}

/// One after the other, each with the one before it working beside it until it is revoked.
fn rotate(database: &Database<'_>) {
    let mut active = database.version(0, 0);
    logs_in(database, &active);
    for number in 1..=3 {
        let new = generated(database, &active, number);
        is_out(database, &new);
        database.set(&active, &new);
        let test = database.ask(Verb::Test, &active, &new).unwrap();
        assert_eq!((test.state, test.why), (Some(State::Active), None));
        assert!(test.time.is_some());
        logs_in(database, &active);
        logs_in(database, &new);
        database.set(&active, &new);
        database.revoke(&new, &active);
        is_out(database, &active);
        database.revoke(&new, &active);
        logs_in(database, &new);
        active = new;
    }
    assert!(active.text().contains(&format!(":{}/", database.server.port())));
}

#[test]
fn two_users_take_turns() {
    let Some(database) = database() else { return };
    rotate(&database);
    let abilities = database.provider().abilities().unwrap();
    assert!(abilities.holds_two && abilities.fences && abilities.can(Verb::Revoke));
    assert!(!abilities.can(Verb::Finish));
}

#[test]
fn names_are_any_text() {
    for odd in [" X ", "\"", "'\\", "Äß\u{1f600}", "%41&?#@:/"] {
        let Some(database) = named(Names::around(odd)) else { return };
        rotate(&database);
    }
}

#[test]
fn the_socket_of_the_server_is_an_endpoint() {
    let Some(database) = database() else { return };
    let (folder, port) = (database.server.folder(), database.server.port());
    let address = format!("{}:{port}/{}", folder.display(), database.names.database);
    let admin = format!("postgres://{}:{PLANTED}-0@", database.names.admin).into();
    let endpoint = Endpoint::parse(&address).unwrap();
    let target = Target { endpoint, admin, ..database.target() };
    let provider = PostgresProvider::new(target, &crate::support::Drawn).unwrap();
    let (old, new) = (database.version(0, 0), database.version(1, 1));
    provider.call(&database.call(Verb::Set, Some(&old), Some(&new))).unwrap();
    logs_in(&database, &new);
}

#[test]
fn a_user_that_is_not_there_is_made() {
    let Some(database) = database() else { return };
    let user = &database.names.users[1];
    database.sql(&format!("DROP ROLE \"{user}\""));
    let (old, new) = (database.version(0, 0), database.version(1, 1));
    database.set(&old, &new);
    logs_in(&database, &new);
    assert_eq!(database.ask(Verb::Test, &old, &new).unwrap().state, Some(State::Active));
}

#[test]
fn the_password_of_one_user_is_replaced() {
    let Some(database) = database() else { return };
    let provider = database.one_user();
    assert!(!provider.abilities().unwrap().holds_two);
    let (old, new) = (database.version(0, 0), database.version(1, 0));
    let call = |verb| database.call(verb, Some(&old), Some(&new));
    let made = provider.call(&database.call(Verb::Generate, Some(&old), None)).unwrap();
    let made = made.value.unwrap();
    assert_eq!(ConnectionUrl::parse(&made).unwrap().user(), database.names.users[0]);
    provider.call(&call(Verb::Set)).unwrap();
    is_out(&database, &old);
    logs_in(&database, &new);
    assert_eq!(provider.call(&call(Verb::Test)).unwrap().state, Some(State::Active));
    provider.call(&database.call(Verb::Revoke, Some(&new), Some(&old))).unwrap();
    logs_in(&database, &new);
    for base in [Some(&new), None] {
        let error = provider.call(&database.call(Verb::Revoke, base, Some(&new))).unwrap_err();
        assert!(matches!(error, CallError::Refused { .. }), "{error}");
    }
    // Aborted: the one in use comes back.
    provider.call(&call(Verb::Revoke)).unwrap();
    assert_eq!(database.marker(), old.id.to_string());
    logs_in(&database, &old);
    is_out(&database, &new);
}

#[test]
fn a_user_of_somebody_else_is_refused() {
    let Some(database) = database() else { return };
    let (active, stranger) = (database.version(0, 0), {
        let value = database.url("root", "of-the-superuser").into();
        Version { id: ObjectId([9; 32]), value }
    });
    let refused = |call: &_| match database.provider().call(call).unwrap_err() {
        CallError::Refused { why } => assert!(why.contains("provider.db.users"), "{why}"),
        other => panic!("{other}"),
    };
    for verb in [Verb::Set, Verb::Revoke, Verb::LastUsed] {
        refused(&database.call(verb, Some(&active), Some(&stranger)));
    }
    refused(&database.call(Verb::Generate, Some(&stranger), None));
    // Its owner's word decides, so a value is read wherever it leads.
    assert!(psql(database.server, &stranger, "SELECT 1").status.success());
}

#[test]
fn the_user_in_use_is_given_no_other_password() {
    let Some(database) = database() else { return };
    let (active, new) = (database.version(0, 0), database.version(1, 0));
    let error = database.ask(Verb::Set, &active, &new).unwrap_err();
    assert!(matches!(error, CallError::Refused { .. }), "{error}");
    logs_in(&database, &active);
}

#[test]
fn no_password_is_in_the_log() {
    let Some(database) = database() else { return };
    let (old, new) = (database.version(0, 0), database.version(1, 1));
    database.set(&old, &new);
    logs_in(&database, &new);
    database.revoke(&new, &old);
    // What fails is logged, too.
    database.sql("ALTER TABLE v_secure.holder RENAME TO other");
    database.sql("CREATE VIEW v_secure.holder AS SELECT * FROM v_secure.other");
    let _ = database.ask(Verb::Set, &new, &database.version(2, 0));
    let log = database.server.log();
    let verifier =
        format!("ALTER ROLE \"{}\" WITH LOGIN PASSWORD E'SCRAM", database.names.users[1]);
    assert!(log.contains(&verifier), "the log has what is searched in it");
    assert!(!log.contains(PLANTED));
}

#[test]
fn a_session_is_use() {
    let Some(database) = database() else { return };
    let (old, new) = (database.version(0, 0), database.version(1, 1));
    database.set(&old, &new);
    let used = |version| database.ask(Verb::LastUsed, &new, version).unwrap();
    assert!(used(&old).last_used.is_none() && used(&old).time.is_some());
    let session = crate::support::Session::begin(&database, &old);
    let answer = used(&old);
    assert!(answer.last_used.is_some() && answer.last_used == answer.time);
    assert_eq!(used(&new).last_used, None);
    // The user's sessions are those of the password that it has now.
    let third = database.version(2, 0);
    database.set(&new, &third);
    assert_eq!(used(&old).last_used, None);
    assert!(used(&third).last_used.is_some());
    drop(session);
}
