//! Servers that are gone, hang, or die in the middle: what was changed then, and what is said of it.

use crate::support::{Database, Drawn, Names, Session, Version, database, is_out, logs_in, until};
use std::io::Read;
use std::net::{Ipv4Addr, TcpListener};
use std::thread;
use std::time::{Duration, Instant};
use v_secure_rotation::contract::{CallError, Provider, State, Verb};
use v_secure_rotation::postgres::{Endpoint, PostgresProvider, Target};
use v_secure_testkit::postgres::Server;

fn pair(database: &Database<'_>) -> [Version; 2] {
    [database.version(0, 0), database.version(1, 1)]
}

/// Waits until a session of the administrator's waits for a lock.
fn wait_for_lock(database: &Database<'_>) {
    let waiting = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE usename = '{}' AND wait_event_type = 'Lock'",
        database.names.admin
    );
    until(|| database.sql(&waiting) == "1");
}

fn until_up(server: &Server) {
    // Processes of the one that was killed may hold its memory for a moment.
    until(|| server.start_again());
}

#[test]
fn a_wrong_password_of_the_administrator_is_refused() {
    let Some(database) = database() else { return };
    let [old, new] = pair(&database);
    let admin = database.url(&database.names.admin, "not-it").into();
    let provider = PostgresProvider::new(Target { admin, ..database.target() }, &Drawn).unwrap();
    for verb in [Verb::Set, Verb::Revoke, Verb::LastUsed] {
        let error = provider.call(&database.call(verb, Some(&old), Some(&new))).unwrap_err();
        assert!(matches!(&error, CallError::Refused { why } if why.contains("28P01")), "{error}");
        assert!(!error.to_string().contains("not-it"));
    }
    logs_in(&database, &old);
}

#[test]
fn an_administrator_without_the_right_is_refused() {
    let Some(database) = database() else { return };
    let [old, new] = pair(&database);
    database.sql(&format!("ALTER ROLE \"{}\" NOCREATEROLE", database.names.admin));
    let error = database.ask(Verb::Set, &old, &new).unwrap_err();
    assert!(matches!(&error, CallError::Refused { why } if why.contains("42501")), "{error}");
    is_out(&database, &new);
}

#[test]
fn a_server_that_is_stopped_changes_nothing() {
    let Some(server) = Server::start("") else { return };
    let database = Database::new(&server, Names::new());
    let [old, new] = pair(&database);
    server.stop();
    for verb in [Verb::Set, Verb::Revoke, Verb::LastUsed] {
        let error = database.ask(verb, &old, &new).unwrap_err();
        assert!(matches!(error, CallError::Again { .. }), "{error}");
    }
    for verb in [Verb::Test, Verb::Validate] {
        assert_eq!(database.ask(verb, &old, &new).unwrap().state, Some(State::Unknown));
    }
    until_up(&server);
    is_out(&database, &new);
    database.set(&old, &new);
    logs_in(&database, &new);
}

#[test]
fn a_server_that_dies_in_the_middle_has_changed_nothing() {
    let Some(server) = Server::start("") else { return };
    let database = Database::new(&server, Names::new());
    let [old, new] = pair(&database);
    database.set(&old, &new);
    let next = database.version(2, 0);
    let mut other = Session::of_superuser(&database);
    other.run("BEGIN; SELECT FROM v_secure.rotation FOR UPDATE");
    let error = thread::scope(|scope| {
        let set = scope.spawn(|| database.ask(Verb::Set, &new, &next).unwrap_err());
        wait_for_lock(&database);
        server.kill();
        set.join().unwrap()
    });
    assert!(matches!(error, CallError::Again { .. }), "{error}");
    until_up(&server);
    is_out(&database, &next);
    logs_in(&database, &old);
    database.set(&new, &next);
    database.set(&new, &next);
    logs_in(&database, &next);
}

/// A constraint that is looked at when the transaction ends holds it there.
#[test]
fn a_server_that_dies_while_it_commits_leaves_it_unclear() {
    let Some(server) = Server::start("") else { return };
    let database = Database::new(&server, Names::new());
    let [old, new] = pair(&database);
    database.set(&old, &new);
    let next = database.version(2, 0);
    hold_commits(&database);
    let mut other = Session::of_superuser(&database);
    other.run("SELECT pg_advisory_lock(1)");
    let error = thread::scope(|scope| {
        let set = scope.spawn(|| database.ask(Verb::Set, &new, &next).unwrap_err());
        wait_for_lock(&database);
        server.kill();
        set.join().unwrap()
    });
    assert!(matches!(error, CallError::Unclear { .. }), "{error}");
    assert!(!error.is_without_effect());
    until_up(&server);
    database.set(&new, &next);
    logs_in(&database, &next);
    logs_in(&database, &new);
}

fn hold_commits(database: &Database<'_>) {
    database.sql(
        "CREATE FUNCTION public.hold() RETURNS trigger LANGUAGE plpgsql AS
             'BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END';
         CREATE CONSTRAINT TRIGGER hold AFTER UPDATE ON v_secure.rotation
             DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.hold()",
    );
}

/// The server gives up before the deadline, and takes the transaction back.
#[test]
fn a_lock_that_is_held_is_waited_for_until_the_deadline() {
    let Some(database) = database() else { return };
    let [old, new] = pair(&database);
    database.set(&old, &new);
    let next = database.version(2, 0);
    let target = Target { deadline: Duration::from_secs(2), ..database.target() };
    let provider = PostgresProvider::new(target, &Drawn).unwrap();
    let mut other = Session::of_superuser(&database);
    other.run("BEGIN; SELECT FROM v_secure.rotation FOR UPDATE");
    let begun = Instant::now();
    let error = provider.call(&database.call(Verb::Set, Some(&new), Some(&next))).unwrap_err();
    assert!(matches!(&error, CallError::Again { why } if why.contains("55P03")), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(3));
    other.run("COMMIT");
    is_out(&database, &next);
    // At the word to commit it is taken back as well, and said.
    hold_commits(&database);
    other.run("SELECT pg_advisory_lock(1)");
    let error = provider.call(&database.call(Verb::Set, Some(&new), Some(&next))).unwrap_err();
    assert!(matches!(&error, CallError::Again { why } if why.contains("55P03")), "{error}");
    drop(other);
    is_out(&database, &next);
    provider.call(&database.call(Verb::Set, Some(&new), Some(&next))).unwrap();
}

#[test]
fn a_server_that_never_answers_is_left_at_the_deadline() {
    let Some(database) = database() else { return };
    let [old, new] = pair(&database);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    // Reads, and says nothing.
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || stream.unwrap().read_to_end(&mut Vec::new()));
        }
    });
    let target = Target {
        endpoint: Endpoint::parse(&format!("127.0.0.1:{port}/d")).unwrap(),
        admin: "postgres://root:x@".to_owned().into(),
        deadline: Duration::from_millis(300),
        ..database.target()
    };
    let provider = PostgresProvider::new(target, &Drawn).unwrap();
    let begun = Instant::now();
    for verb in [Verb::Set, Verb::Revoke, Verb::LastUsed] {
        let error = provider.call(&database.call(verb, Some(&old), Some(&new))).unwrap_err();
        assert!(matches!(error, CallError::Again { .. }), "{error}");
    }
    for verb in [Verb::Test, Verb::Validate] {
        let answer = provider.call(&database.call(verb, Some(&old), Some(&new))).unwrap();
        assert_eq!(answer.state, Some(State::Unknown));
    }
    assert!(begun.elapsed() < Duration::from_secs(5));
}

/// What a server says before or after the password, and what it says of it.
#[test]
fn a_no_that_is_not_about_the_password_is_none() {
    let Some(database) = database() else { return };
    let [old, new] = pair(&database);
    database.set(&old, &new);
    let (name, user) = (&database.names.database, &database.names.users[1]);
    database.sql(&format!("ALTER ROLE \"{user}\" NOLOGIN"));
    assert_eq!(database.state(&new), State::Inactive);
    database.sql(&format!("ALTER ROLE \"{user}\" LOGIN CONNECTION LIMIT 0"));
    assert_eq!(database.state(&new), State::Unknown);
    database.sql(&format!("ALTER ROLE \"{user}\" CONNECTION LIMIT -1 VALID UNTIL '2000-01-01'"));
    assert_eq!(database.state(&new), State::Inactive);
    database.sql(&format!("ALTER ROLE \"{user}\" VALID UNTIL 'infinity'"));
    database.server.sql("postgres", &format!("ALTER DATABASE \"{name}\" RENAME TO \"{name} \""));
    assert_eq!(database.state(&new), State::Unknown);
    database.server.sql("postgres", &format!("ALTER DATABASE \"{name} \" RENAME TO \"{name}\""));
    let revoke =
        format!("REVOKE CONNECT ON DATABASE \"{name}\" FROM PUBLIC, \"{}\"", database.names.owner);
    database.server.sql("postgres", &revoke);
    assert_eq!(database.state(&new), State::Inactive);
}
