//! What keeps one rotation from undoing another one.

use crate::support::{Version, database, is_out, logs_in};
use std::sync::Barrier;
use std::thread;
use v_secure_core::name::SecretName;
use v_secure_rotation::contract::{Answer, Call, CallError, Provider, Verb};

#[track_caller]
fn is_fenced(result: Result<Answer, CallError>) {
    assert!(matches!(result, Err(CallError::Fenced { .. })), "{result:?}");
}

#[test]
fn of_two_that_rotate_at_a_time_one_wins() {
    let Some(database) = database() else { return };
    let mut base = database.version(0, 0);
    for round in 0..50u8 {
        let user = usize::from(round % 2 == 0);
        let both = [1, 2].map(|number| database.version(round * 2 + number, user));
        let barrier = Barrier::new(2);
        let race = |new: &Version| {
            barrier.wait();
            database.ask(Verb::Set, &base, new)
        };
        let results = thread::scope(|scope| {
            both.each_ref()
                .map(|new| scope.spawn(|| race(new)))
                .map(|thread| thread.join().unwrap())
        });
        let winner = results.iter().position(Result::is_ok).unwrap();
        let [first, second] = results;
        is_fenced(if winner == 0 { second } else { first });
        logs_in(&database, &both[winner]);
        is_out(&database, &both[1 - winner]);
        assert_eq!(database.marker(), both[winner].id.to_string());
        base = both.into_iter().nth(winner).unwrap();
    }
}

#[test]
fn who_slept_overwrites_nothing() {
    let Some(database) = database() else { return };
    let [a, b, c] = [(0, 0), (1, 1), (2, 0)].map(|(number, user)| database.version(number, user));
    database.set(&a, &b);
    database.set(&b, &c);
    is_fenced(database.ask(Verb::Set, &a, &database.version(3, 1)));
    is_fenced(database.ask(Verb::Set, &a, &b));
    database.set(&b, &c);
    logs_in(&database, &b);
    logs_in(&database, &c);
}

#[test]
fn what_is_set_by_force_replaces_anything() {
    let Some(database) = database() else { return };
    let [a, b, c] = [(0, 0), (1, 1), (2, 1)].map(|(number, user)| database.version(number, user));
    database.set(&a, &b);
    is_fenced(database.ask(Verb::Set, &a, &c));
    let call = Call { is_forced: true, ..database.call(Verb::Set, Some(&a), Some(&c)) };
    database.provider().call(&call).unwrap();
    logs_in(&database, &c);
    is_out(&database, &b);
    // Again, where somebody changed the password by hand.
    database.sql(&format!("ALTER ROLE \"{}\" PASSWORD 'other'", database.names.users[1]));
    is_out(&database, &c);
    database.provider().call(&call).unwrap();
    logs_in(&database, &c);
    logs_in(&database, &a);
}

#[test]
fn after_an_abort_the_next_one_goes_on_from_where_it_was() {
    let Some(database) = database() else { return };
    let [a, b, c] = [(0, 0), (1, 1), (2, 1)].map(|(number, user)| database.version(number, user));
    database.set(&a, &b);
    database.revoke(&a, &b);
    is_out(&database, &b);
    assert_eq!(database.marker(), "");
    database.revoke(&a, &b);
    is_fenced(database.ask(Verb::Set, &a, &b));
    database.set(&a, &c);
    logs_in(&database, &c);
    logs_in(&database, &a);
    // And with a marker to go back to.
    let d = database.version(3, 0);
    database.set(&c, &d);
    database.revoke(&c, &d);
    assert_eq!(database.marker(), c.id.to_string());
    is_out(&database, &d);
    database.set(&c, &database.version(4, 0));
    is_fenced(database.ask(Verb::Set, &c, &d));
}

#[test]
fn what_was_given_up_before_it_was_set_is_not_set_afterwards() {
    let Some(database) = database() else { return };
    let [a, b, c] = [(0, 0), (1, 1), (2, 1)].map(|(number, user)| database.version(number, user));
    database.revoke(&a, &b);
    is_fenced(database.ask(Verb::Set, &a, &b));
    database.set(&a, &c);
    database.revoke(&c, &a);
    is_fenced(database.ask(Verb::Set, &c, &a));
    let call = Call { is_forced: true, ..database.call(Verb::Set, Some(&a), Some(&a)) };
    database.provider().call(&call).unwrap();
    logs_in(&database, &a);
}

#[test]
fn a_secret_that_was_renamed_goes_on_as_the_document_says() {
    let Some(database) = database() else { return };
    let [a, b, c] = [(0, 0), (1, 1), (2, 0)].map(|(number, user)| database.version(number, user));
    database.set(&a, &b);
    let new = SecretName::parse("prod/NEW").unwrap();
    for is_forced in [false, true] {
        let call = Call { secret: &new, is_forced, ..database.call(Verb::Set, Some(&b), Some(&b)) };
        let error = database.provider().call(&call).unwrap_err();
        assert!(matches!(&error, CallError::Refused { why } if why.contains("prod/DB")), "{error}");
    }
    let page = include_str!("../../../../docs/postgres.md");
    let block = page.split("```sql\n").nth(2).unwrap().split("```").next().unwrap();
    database.sql(&block.replace("prod/SHOP_NEW", "prod/NEW").replace("prod/SHOP_DB", "prod/DB"));
    // The fence goes along.
    let set = |base, new_value| {
        let call = Call { secret: &new, ..database.call(Verb::Set, Some(base), Some(new_value)) };
        database.provider().call(&call)
    };
    let late = database.version(3, 1);
    is_fenced(set(&a, &late));
    set(&b, &c).unwrap();
    let call = Call { secret: &new, ..database.call(Verb::Revoke, Some(&c), Some(&b)) };
    database.provider().call(&call).unwrap();
    is_out(&database, &b);
    logs_in(&database, &c);
}

#[test]
fn a_user_serves_one_secret() {
    let Some(database) = database() else { return };
    let [a, b] = [(0, 0), (1, 1)].map(|(number, user)| database.version(number, user));
    database.set(&a, &b);
    let other = SecretName::parse("prod/OTHER").unwrap();
    for verb in [Verb::Set, Verb::Revoke] {
        let new = database.version(2, 1);
        let call = Call { secret: &other, ..database.call(verb, Some(&a), Some(&new)) };
        let error = database.provider().call(&call).unwrap_err();
        assert!(matches!(&error, CallError::Refused { why } if why.contains("prod/DB")), "{error}");
    }
    logs_in(&database, &b);
}

/// Also the one that the first rotation began on, which no rotation set.
#[test]
fn a_user_whose_password_was_never_set_here_serves_one_secret_too() {
    let Some(database) = database() else { return };
    let [a, b] = [(0, 0), (1, 1)].map(|(number, user)| database.version(number, user));
    database.set(&a, &b);
    let other = v_secure_core::name::SecretName::parse("prod/OTHER").unwrap();
    let new = database.version(2, 0);
    let call = Call { secret: &other, ..database.call(Verb::Set, Some(&b), Some(&new)) };
    let error = database.provider().call(&call).unwrap_err();
    assert!(matches!(&error, CallError::Refused { why } if why.contains("prod/DB")), "{error}");
    logs_in(&database, &a);
}
