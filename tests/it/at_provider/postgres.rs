//! PostgreSQL as a provider: its document's roles, and clients that log in with whatever the vault gives.

use super::device;
use std::fs;
use v_secure_testkit::person::Person;
use v_secure_testkit::postgres::Server;
use v_secure_testkit::scene;

/// In the first password, which no log may have.
const PLANTED: &str = "first-pLaNtEd-9";

/// The statements of docs/postgres.md, and passwords for the administrator and the first user.
fn prepare(server: &Server) {
    let page = fs::read_to_string(scene::repository("docs/postgres.md")).unwrap();
    let sql = page.split("```sql\n").nth(1).unwrap().split("```").next().unwrap();
    server.sql("postgres", "CREATE DATABASE shop");
    server.sql("shop", sql);
    for role in ["v_secure_admin", "shop_a"] {
        // Not logged, as with psql's \password.
        let mut psql = server.psql("shop");
        psql.env("PGOPTIONS", "-c log_statement=none -c log_min_duration_statement=-1");
        let statement = format!("ALTER ROLE {role} PASSWORD '{PLANTED}'");
        assert!(psql.args(["--command", &statement]).status().unwrap().success());
    }
}

fn owner(server: &Server) -> Person {
    let owner = Person::new("olga");
    owner.run("init --vault-name shop --member olga").ok();
    let place = format!("127.0.0.1:{}/shop", server.port());
    let url = |user: &str| format!("postgres://{user}:{PLANTED}@{place}");
    owner.set("prod/SHOP_DB", &url("shop_a"));
    owner.set("prod/SHOP_ADMIN", &url("v_secure_admin"));
    for (key, value) in [
        ("kind", "postgres"),
        ("serves", "prod/SHOP_DB"),
        ("endpoint", &place),
        ("admin", "prod/SHOP_ADMIN"),
        ("users", "shop_a,shop_b"),
        ("owner", "shop_owner"),
        ("tls", "off"),
        ("overlap", "0s"),
    ] {
        owner.run(&format!("settings set provider.shop.{key} {value}")).ok();
    }
    assert!(
        owner
            .command(&["settings", "set", "rotation.via", &device(&owner)])
            .status()
            .unwrap()
            .success()
    );
    owner
}

fn value(owner: &Person) -> String {
    owner.run("get prod/SHOP_DB").ok().trim_end().to_owned()
}

/// Whether a client logs in with a value, and works as the owner of the tables.
fn works(server: &Server, url: &str) -> bool {
    let mut psql = server.psql("shop");
    for name in ["PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE"] {
        psql.env_remove(name);
    }
    let output = psql.args([url, "--command", "SELECT current_user"]).output().unwrap();
    output.status.success() && String::from_utf8_lossy(&output.stdout).trim() == "shop_owner"
}

#[test]
fn passwords_of_two_users_alternate_and_no_login_fails_within_the_overlap() {
    let Some(server) = Server::start("log_statement = 'all'\nlog_connections = on") else { return };
    prepare(&server);
    let owner = owner(&server);
    let mut values = vec![value(&owner)];
    for round in 0..4 {
        owner.run("secret rotate prod/SHOP_DB").ok();
        values.push(value(&owner));
        // A client with an older checkout, and one with the newest.
        assert!(values[round..].iter().all(|url| works(&server, url)), "round {round}");
        let view = super::json(&owner, "rotation run", "");
        assert_eq!(view["secrets"][0]["did"], "retired");
        assert!(!works(&server, &values[round]) && works(&server, &values[round + 1]));
    }
    let users: Vec<bool> = values.iter().map(|url| url.contains("//shop_a:")).collect();
    assert_eq!(users, [true, false, true, false, true]);
    owner.run("audit verify").ok();
    let log = server.log();
    assert!(log.contains("SCRAM-SHA-256$"), "statements are logged");
    for url in &values {
        let password = url.split(':').nth(2).unwrap().split('@').next().unwrap();
        assert!(!log.contains(password), "a password is in the server's log");
    }
}

#[test]
fn what_was_set_by_hand_or_lost_is_settled() {
    let Some(server) = Server::start("") else { return };
    prepare(&server);
    let owner = owner(&server);
    owner.run("secret rotate prod/SHOP_DB").ok();
    owner.run("rotation run").ok();
    // Somebody resets the password at the server.
    server.sql("shop", "ALTER ROLE shop_b PASSWORD 'elsewhere'");
    let refused = owner.run("--json secret rotate prod/SHOP_DB").error();
    assert_eq!(refused, (1, "credential-inactive".into()));
    let view = super::json(&owner, "rotation settle", "prod/SHOP_DB ");
    assert_eq!(view["set_again"], true);
    assert!(works(&server, &value(&owner)));
    owner.run("secret rotate prod/SHOP_DB --overlap 1s").ok();
    // A server that is away is no reason to take another value.
    server.stop();
    let before = value(&owner);
    assert_eq!(owner.run("rotation settle prod/SHOP_DB").code, 1);
    assert_eq!(value(&owner), before);
}
