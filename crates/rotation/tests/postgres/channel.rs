//! Who is sent a password: servers that a certificate vouches for, and nobody else.

use crate::support::{Database, Drawn, Names, PLANTED, Version, database};
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::thread::{self, JoinHandle};
use std::time::Duration;
use v_secure_core::crypto::id::ObjectId;
use v_secure_core::name::SecretName;
use v_secure_rotation::contract::{Answer, Call, CallError, Provider, State, Verb};
use v_secure_rotation::postgres::{Endpoint, PostgresProvider, Roots, Target, Tls, Users};
use v_secure_testkit::postgres::Server;
use v_secure_testkit::tools;

/// A server that says this to whoever connects, and then listens: its port, and what it was told.
fn fake(says: &'static [&'static [u8]]) -> (u16, JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let (mut all, mut piece) = (Vec::new(), [0; 4_096]);
        for said in says {
            let count = stream.read(&mut piece).unwrap();
            all.extend_from_slice(&piece[..count]);
            stream.write_all(said).unwrap();
        }
        // Until the client hangs up, however it does.
        let _ = stream.read_to_end(&mut all);
        all
    });
    (port, heard)
}

fn provider(endpoint: &str, tls: Tls) -> PostgresProvider<'static> {
    let target = Target {
        name: "db".to_owned(),
        endpoint: Endpoint::parse(endpoint).unwrap(),
        admin: format!("postgres://root:{PLANTED}@").into(),
        users: Users::One("app".to_owned()),
        tls,
        deadline: Duration::from_secs(20),
    };
    PostgresProvider::new(target, &Drawn).unwrap()
}

fn app() -> Version {
    let value = format!("postgres://app:{PLANTED}@elsewhere/d").into();
    Version { id: ObjectId([1; 32]), value }
}

#[track_caller]
fn is_distrusted(result: Result<Answer, CallError>) -> String {
    match result {
        Err(CallError::Refused { why }) if why.starts_with("the server is not trusted") => why,
        other => panic!("{other:?}"),
    }
}

/// For the administrator and for a credential.
#[track_caller]
fn is_told_nothing(tls: &Tls, says: &'static [&'static [u8]]) {
    let secret = SecretName::parse("prod/DB").unwrap();
    let app = app();
    for verb in [Verb::Set, Verb::Revoke, Verb::LastUsed, Verb::Test, Verb::Validate] {
        let (port, heard) = fake(says);
        let provider = provider(&format!("127.0.0.1:{port}/d"), tls.clone());
        let mut call = Call::new(verb, &secret);
        call.credential = Some(app.credential());
        is_distrusted(provider.call(&call));
        let heard = heard.join().unwrap();
        assert!(!heard.is_empty() && !String::from_utf8_lossy(&heard).contains(PLANTED));
    }
}

#[test]
fn whoever_asks_for_the_password_is_not_given_it() {
    let cleartext: &[&[u8]] = &[b"R\0\0\0\x08\0\0\0\x03"];
    let md5: &[&[u8]] = &[b"R\0\0\0\x0c\0\0\0\x05salt"];
    let in_pieces: &[&[u8]] = &[b"N\0\0\0\x05\0R\0\0\0\x08\0\0\0\x03"];
    let nothing: &[&[u8]] = &[b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I"];
    let after_scram: &[&[u8]] =
        &[b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0", b"R\0\0\0\x08\0\0\0\x03"];
    for says in [cleartext, md5, in_pieces, nothing, after_scram] {
        is_told_nothing(&Tls::Off, says);
    }
}

#[test]
fn a_server_without_tls_is_told_no_name() {
    let tls = Tls::Verify(Roots::Given(vec![]));
    let secret = SecretName::parse("prod/DB").unwrap();
    let call = |endpoint: &str, tls| {
        provider(endpoint, tls).call(&Call {
            credential: Some(app().credential()),
            ..Call::new(Verb::Validate, &secret)
        })
    };
    let (port, _) = fake(&[b"N"]);
    let why = is_distrusted(call(&format!("127.0.0.1:{port}/d"), tls));
    assert!(why.contains("no certificate of an issuer"), "{why}");
    if !tools::has("openssl") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let tls = Tls::Verify(Roots::Given(vec![authority(folder.path())]));
    let says: [&[&[u8]]; 2] = [&[b"N"], &[b"S", b"this is not TLS"]];
    for says in says {
        let (port, heard) = fake(says);
        is_distrusted(call(&format!("127.0.0.1:{port}/d"), tls.clone()));
        assert!(!String::from_utf8_lossy(&heard.join().unwrap()).contains("app"));
    }
}

fn openssl(folder: &Path, line: &str) {
    let output =
        Command::new("openssl").args(line.split(' ')).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
}

const KEY: &str = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";

/// An issuer of certificates in this folder; its own in DER.
fn authority(folder: &Path) -> Vec<u8> {
    openssl(folder, &format!("req -x509 {KEY} -keyout ca.key -out ca.pem -subj /CN=ca -days 30"));
    openssl(folder, "x509 -in ca.pem -outform DER -out ca.der");
    fs::read(folder.join("ca.der")).unwrap()
}

/// A server with a certificate for `localhost` by this folder's issuer.
fn encrypted(folder: &Path) -> Option<Server> {
    if !tools::has("openssl") {
        return None;
    }
    let server = Server::start("")?;
    openssl(folder, &format!("req {KEY} -keyout key -out request -subj /CN=x"));
    fs::write(folder.join("names"), "subjectAltName=DNS:localhost").unwrap();
    let sign = "x509 -req -in request -CA ca.pem -CAkey ca.key -CAcreateserial -days 30";
    openssl(folder, &format!("{sign} -extfile names -out certificate"));
    for (name, setting) in [("key", "ssl_key_file"), ("certificate", "ssl_cert_file")] {
        let path = server.folder().join(name);
        server.own_file(&path, &fs::read(folder.join(name)).unwrap());
        server.sql("postgres", &format!("ALTER SYSTEM SET {setting} = '{}'", path.display()));
    }
    server.sql("postgres", "ALTER SYSTEM SET ssl = on");
    server.reload();
    Some(server)
}

fn over_tls(database: &Database<'_>, host: &str, roots: Roots) -> PostgresProvider<'static> {
    let address = format!("{host}:{}/{}", database.server.port(), database.names.database);
    let admin = format!("postgres://{}:{PLANTED}-0@", database.names.admin).into();
    let endpoint = Endpoint::parse(&address).unwrap();
    let target = Target { endpoint, admin, tls: Tls::Verify(roots), ..database.target() };
    PostgresProvider::new(target, &Drawn).unwrap()
}

#[test]
fn a_certificate_is_for_the_host_and_by_a_known_issuer() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    if !tools::has("openssl") {
        return;
    }
    let issuer = Roots::Given(vec![authority(folder.path())]);
    let stranger = Roots::Given(vec![authority(other.path())]);
    let Some(server) = encrypted(folder.path()) else { return };
    let database = Database::new(&server, Names::new());
    let (old, new) = (database.version(0, 0), database.version(1, 1));
    let call = |verb| database.call(verb, Some(&old), Some(&new));
    for (host, roots) in [("127.0.0.1", issuer.clone()), ("localhost", stranger)] {
        let provider = over_tls(&database, host, roots);
        for verb in [Verb::Set, Verb::Validate] {
            is_distrusted(provider.call(&call(verb)));
        }
    }
    assert!(!server.log().contains("SSL enabled"));
    let provider = over_tls(&database, "localhost", issuer);
    provider.call(&call(Verb::Set)).unwrap();
    assert_eq!(provider.call(&call(Verb::Test)).unwrap().state, Some(State::Active));
    assert!(server.log().contains("SSL enabled"));
    asked_in_other_ways(&database, &provider);
}

/// What `pg_hba.conf` may ask for where a certificate vouches for the server, and where none does.
fn asked_in_other_ways(database: &Database<'_>, verified: &PostgresProvider<'_>) {
    let (old, new) = (database.version(0, 0), database.version(1, 1));
    let call = |verb| database.call(verb, Some(&old), Some(&new));
    let rules = |rest: &str| {
        let file = database.server.data().join("pg_hba.conf");
        let lines = format!("host all root 127.0.0.1/32 scram-sha-256\n{rest}\n");
        database.server.own_file(&file, lines.as_bytes());
        database.server.reload();
    };
    let state = || verified.call(&call(Verb::Validate)).unwrap().state;
    rules("host all all 127.0.0.1/32 password");
    assert_eq!(state(), Some(State::Active));
    is_distrusted(database.provider().call(&call(Verb::Validate)));
    is_distrusted(database.provider().call(&call(Verb::Set)));
    rules("host all all 127.0.0.1/32 trust");
    assert_eq!(state(), Some(State::Unknown));
    is_distrusted(database.provider().call(&call(Verb::Validate)));
    rules("hostnossl all all 127.0.0.1/32 scram-sha-256");
    assert_eq!(state(), Some(State::Unknown));
    assert_eq!(database.state(&new), State::Active);
}

/// In a process of its own, as it changes what the process trusts.
#[test]
fn ssl_cert_file_names_issuers() {
    const PLACE: &str = "V_SECURE_TEST_POSTGRES";
    let secret = SecretName::parse("prod/DB").unwrap();
    if let Some(place) = std::env::var_os(PLACE) {
        let provider = provider(place.to_str().unwrap(), Tls::Verify(Roots::Machine));
        let app = app();
        let mut call = Call::new(Verb::Validate, &secret);
        call.credential = Some(app.credential());
        // It came as far as the password, which is wrong.
        assert_eq!(provider.call(&call).unwrap().state, Some(State::Inactive));
        return;
    }
    if !tools::has("openssl") {
        return;
    }
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    [&folder, &other].into_iter().for_each(|folder| drop(authority(folder.path())));
    let Some(server) = encrypted(folder.path()) else { return };
    let passes = |issuer: &Path| {
        let mut test = Command::new(std::env::current_exe().unwrap());
        test.args(["--exact", "channel::ssl_cert_file_names_issuers"]);
        test.env(PLACE, format!("localhost:{}/postgres", server.port()));
        test.env("SSL_CERT_FILE", issuer.join("ca.pem")).env_remove("SSL_CERT_DIR");
        test.output().unwrap().status.success()
    };
    assert!(passes(folder.path()) && !passes(other.path()));
}

#[test]
fn an_endpoint_decides_and_not_the_value() {
    let Some(database) = database() else { return };
    let mut version = database.version(0, 0);
    let text = version.text().replace("127.0.0.1", "elsewhere.invalid");
    version.value = text.into();
    assert_eq!(database.state(&version), State::Active);
}
