//! That it does not matter which of the two users does something.

use crate::support::{Names, database, logs_in, psql};
use v_secure_rotation::contract::{CallError, Provider, State, Verb};

#[test]
fn what_either_creates_both_may_change() {
    let Some(database) = database() else { return };
    let [a, b] = [(0, 0), (1, 1)].map(|(number, user)| database.version(number, user));
    database.set(&a, &b);
    let run = |version, statement: &str| {
        let output = psql(database.server, version, statement);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    run(&a, "CREATE TABLE one (n int); INSERT INTO one VALUES (1)");
    run(&b, "CREATE TABLE two (n int); INSERT INTO two VALUES (1)");
    run(&b, "ALTER TABLE one ADD COLUMN more int; DELETE FROM one");
    run(&a, "ALTER TABLE two ADD COLUMN more int; DELETE FROM two");
    let owners = "SELECT DISTINCT tableowner FROM pg_tables WHERE tablename IN ('one', 'two')";
    assert_eq!(database.sql(owners), database.names.owner);
    run(&b, "DROP TABLE one");
    // Nor do these objects keep the rotation.
    database.set(&b, &database.version(2, 0));
}

/// What would part the two users, by what is done to them, and what is said to run.
#[test]
fn what_would_part_them_is_refused_with_what_to_run() {
    let Some(database) = database() else { return };
    let (names, base, new) = (&database.names, database.version(0, 0), database.version(1, 1));
    let (a, b, owner) = (&names.users[0], &names.users[1], &names.owner);
    for (breach, cure) in [
        (format!("REVOKE \"{owner}\" FROM \"{b}\""), format!("GRANT \"{owner}\" TO \"{b}\"")),
        (format!("REVOKE \"{owner}\" FROM \"{a}\""), format!("GRANT \"{owner}\" TO \"{a}\"")),
        (
            format!("ALTER ROLE \"{a}\" RESET role"),
            format!("ALTER ROLE \"{a}\" SET role = \"{owner}\""),
        ),
        (
            format!("CREATE TABLE own (); ALTER TABLE own OWNER TO \"{a}\""),
            format!("REASSIGN OWNED BY \"{a}\" TO \"{owner}\""),
        ),
    ] {
        database.sql(&breach);
        let error = database.ask(Verb::Set, &base, &new).unwrap_err();
        assert!(matches!(&error, CallError::Refused { why } if why.ends_with(&cure)), "{error}");
        assert_eq!(database.state(&new), State::Inactive);
        database.sql(&cure);
    }
    database.sql(&format!("ALTER ROLE \"{b}\" RESET role"));
    database.set(&base, &new);
    assert_eq!(database.ask(Verb::Test, &base, &new).unwrap().state, Some(State::Active));
}

#[test]
fn a_missing_owner_is_refused() {
    let Some(database) = database() else { return };
    let mut target = database.target();
    let names = database.names.users.clone();
    target.users =
        v_secure_rotation::postgres::Users::Two { names, owner: "nobody else".to_owned() };
    let provider =
        v_secure_rotation::postgres::PostgresProvider::new(target, &crate::support::Drawn).unwrap();
    let [a, b] = [(0, 0), (1, 1)].map(|(number, user)| database.version(number, user));
    let error = provider.call(&database.call(Verb::Set, Some(&a), Some(&b))).unwrap_err();
    assert!(error.to_string().ends_with("CREATE ROLE \"nobody else\""), "{error}");
}

#[test]
fn a_test_tells_which_role_is_lacking() {
    let Some(database) = database() else { return };
    let [a, b] = [(0, 0), (1, 1)].map(|(number, user)| database.version(number, user));
    database.set(&a, &b);
    let group = format!("group of {}", database.names.users[0]);
    database.sql(&format!(
        "CREATE ROLE \"{group}\"; GRANT \"{group}\" TO \"{}\"",
        database.names.users[0]
    ));
    let answer = database.ask(Verb::Test, &a, &b).unwrap();
    assert_eq!(answer.state, Some(State::Inactive));
    assert!(answer.why.unwrap().contains(&group));
    database.sql(&format!("ALTER ROLE \"{}\" RESET role", database.names.users[1]));
    let answer = database.ask(Verb::Test, &a, &b).unwrap();
    assert!(answer.why.unwrap().contains("works as"));
    logs_in(&database, &b);
}

/// A trigger runs as whoever writes the row, which is the one that may set passwords.
#[test]
fn tables_of_somebody_else_are_not_written_to() {
    let Some(database) = database() else { return };
    let [a, b] = [(0, 0), (1, 1)].map(|(number, user)| database.version(number, user));
    let owner = &database.names.owner;
    let give = |what: &str| database.sql(&format!("ALTER {what} OWNER TO \"{owner}\""));
    let refused = || {
        let error = database.ask(Verb::Set, &a, &b).unwrap_err();
        assert!(matches!(&error, CallError::Refused { why } if why.contains(&**owner)), "{error}");
    };
    give("SCHEMA v_secure");
    refused();
    database.sql(&format!("ALTER SCHEMA v_secure OWNER TO \"{}\"", database.names.admin));
    database.set(&a, &b);
    database.sql(&format!("GRANT CREATE ON SCHEMA v_secure TO \"{owner}\""));
    give("TABLE v_secure.rotation");
    refused();
}

/// Who owns the database decides where its sessions look names up.
#[test]
fn names_are_looked_up_among_the_servers_own() {
    let Some(database) = database() else { return };
    let [a, b] = [(0, 0), (1, 1)].map(|(number, user)| database.version(number, user));
    database.set(&a, &b);
    database.sql(&format!(
        "CREATE SCHEMA own; GRANT USAGE ON SCHEMA own TO PUBLIC;
         CREATE FUNCTION own.run() RETURNS name LANGUAGE plpgsql AS
             'BEGIN RAISE EXCEPTION ''it was run''; END';
         CREATE VIEW own.pg_namespace AS SELECT own.run() AS nspname, 0::oid AS oid, 0::oid AS nspowner;
         CREATE VIEW own.pg_stat_activity AS SELECT own.run() AS usename, 0 AS pid;
         GRANT SELECT ON own.pg_namespace, own.pg_stat_activity TO PUBLIC;
         ALTER DATABASE \"{}\" SET search_path = own, pg_catalog",
        database.names.database
    ));
    assert!(database.ask(Verb::LastUsed, &b, &a).unwrap().time.is_some());
    let ending = database.provider().ending_sessions();
    let answer = ending.call(&database.call(Verb::Revoke, Some(&b), Some(&a))).unwrap();
    assert_eq!(answer.why.as_deref(), Some("0 sessions of its user were ended"));
}

#[test]
fn nobody_else_may_see_the_tables() {
    let Some(database) = database() else { return };
    let [a, b] = [(0, 0), (1, 1)].map(|(number, user)| database.version(number, user));
    database.set(&a, &b);
    let output = psql(database.server, &b, "SELECT * FROM v_secure.rotation");
    assert!(!output.status.success());
}

#[test]
fn the_tables_are_made_where_the_administrator_may() {
    let Some(database) = database() else { return };
    let [a, b] = [(0, 0), (1, 1)].map(|(number, user)| database.version(number, user));
    database.sql("DROP SCHEMA v_secure");
    let error = database.ask(Verb::Set, &a, &b).unwrap_err();
    assert!(matches!(&error, CallError::Refused { why } if why.contains("42501")), "{error}");
    let Names { database: name, admin, .. } = &database.names;
    database.sql(&format!("GRANT CREATE ON DATABASE \"{name}\" TO \"{admin}\""));
    // Both at a time: one makes them, the other one finds them.
    std::thread::scope(|scope| {
        let set = || drop(database.ask(Verb::Set, &a, &b).unwrap());
        scope.spawn(set);
        scope.spawn(set);
    });
    let statement = "SELECT * FROM v_secure.rotation";
    assert!(!psql(database.server, &b, statement).status.success());
    let public = "SELECT count(*) FROM pg_namespace WHERE nspname = 'v_secure'
        AND has_schema_privilege('public', oid, 'USAGE')";
    assert_eq!(database.sql(public), "0");
}
