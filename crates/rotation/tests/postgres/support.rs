//! A database, users and administrator for a test alone, on the server that all share.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use v_secure_core::crypto::id::{ObjectId, RotationId};
use v_secure_core::host::Random;
use v_secure_core::name::SecretName;
use v_secure_core::secret_value::SecretValue;
use v_secure_rotation::contract::{Answer, Call, CallError, Credential, Provider, State, Verb};
use v_secure_rotation::postgres::{Endpoint, PostgresProvider, Target, Tls, Users};
use v_secure_testkit::postgres::Server;

/// In every password of these tests, so that a log can be searched for them.
pub const PLANTED: &str = "pLaNtEd";

static SERVER: LazyLock<Option<Server>> = LazyLock::new(|| Server::start("max_connections = 200"));

pub struct Drawn;

impl Random for Drawn {
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).unwrap();
    }
}

/// A version of the secret.
pub struct Version {
    pub id: ObjectId,
    pub value: SecretValue,
}

impl Version {
    pub fn credential(&self) -> Credential<'_> {
        Credential { id: &self.id, value: &self.value }
    }

    pub fn text(&self) -> &str {
        self.value.expose_str().unwrap()
    }
}

/// Roles of a test, as the document names them.
#[derive(Clone)]
pub struct Names {
    pub database: String,
    pub owner: String,
    pub users: [String; 2],
    pub admin: String,
}

pub struct Database<'a> {
    pub server: &'a Server,
    pub names: Names,
    secret: SecretName,
}

impl Names {
    pub fn new() -> Self {
        Self::around("")
    }

    /// With something in each of them.
    pub fn around(odd: &str) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = |role: &str| format!("{role}{odd}{count}");
        Self {
            database: name("shop"),
            owner: name("owner"),
            users: [name("a"), name("b")],
            admin: name("admin"),
        }
    }

    fn all(&self) -> [(&str, &str); 5] {
        [
            ("v_secure_admin", &self.admin),
            ("shop_owner", &self.owner),
            ("shop_a", &self.users[0]),
            ("shop_b", &self.users[1]),
            ("shop", &self.database),
        ]
    }

    /// The document's statements with these names.
    fn sql(&self) -> String {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/postgres.md");
        let text = fs::read_to_string(page).unwrap();
        let block = text.split("```sql\n").nth(1).unwrap().split("```").next().unwrap();
        let words = block.split_inclusive(|c: char| !c.is_alphanumeric() && c != '_');
        let replaced = words.map(|word| {
            let bare = word.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '_');
            let name = self.all().into_iter().find(|(role, _)| *role == bare);
            name.map_or(word.to_owned(), |(_, name)| word.replace(bare, &quoted(name)))
        });
        replaced.collect()
    }
}

pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// On the server of all tests; `None` where there is no PostgreSQL.
#[track_caller]
pub fn database() -> Option<Database<'static>> {
    named(Names::new())
}

#[track_caller]
pub fn named(names: Names) -> Option<Database<'static>> {
    SERVER.as_ref().map(|server| Database::new(server, names))
}

impl<'a> Database<'a> {
    pub fn new(server: &'a Server, names: Names) -> Self {
        server.sql("postgres", &format!("CREATE DATABASE {}", quoted(&names.database)));
        let secret = SecretName::parse("prod/DB").unwrap();
        let database = Self { server, names, secret };
        database.sql(&database.names.sql());
        for role in [&database.names.admin, &database.names.users[0]] {
            database.give(role, &password(0));
        }
        database
    }

    /// A password by hand. It is not logged, as with psql's `\password`.
    fn give(&self, role: &str, password: &str) {
        let mut psql = self.server.psql(&self.names.database);
        psql.env("PGOPTIONS", "-c log_statement=none -c log_min_duration_statement=-1");
        let statement = format!("ALTER ROLE {} PASSWORD '{password}'", quoted(role));
        assert!(psql.args(["--command", &statement]).status().unwrap().success());
    }

    /// As the superuser.
    #[track_caller]
    pub fn sql(&self, statement: &str) -> String {
        self.server.sql(&self.names.database, statement)
    }

    pub fn url(&self, user: &str, password: &str) -> String {
        let (user, database) = (encoded(user), encoded(&self.names.database));
        format!(
            "postgres://{user}:{password}@127.0.0.1:{}/{database}?connect_timeout=20",
            self.server.port()
        )
    }

    /// A value for the first (0) or the second user, with a password of its own.
    pub fn version(&self, number: u8, user: usize) -> Version {
        let text = self.url(&self.names.users[user], &password(number));
        Version { id: ObjectId([number; 32]), value: text.into() }
    }

    pub fn target(&self) -> Target {
        let address = format!("127.0.0.1:{}/{}", self.server.port(), self.names.database);
        let (names, owner) = (self.names.users.clone(), self.names.owner.clone());
        Target {
            name: "db".to_owned(),
            endpoint: Endpoint::parse(&address).unwrap(),
            admin: self.url(&self.names.admin, &password(0)).into(),
            users: Users::Two { names, owner },
            tls: Tls::Off,
            deadline: Duration::from_secs(20),
        }
    }

    pub fn provider(&self) -> PostgresProvider<'static> {
        PostgresProvider::new(self.target(), &Drawn).unwrap()
    }

    pub fn one_user(&self) -> PostgresProvider<'static> {
        let users = Users::One(self.names.users[0].clone());
        PostgresProvider::new(Target { users, ..self.target() }, &Drawn).unwrap()
    }

    pub fn call<'b>(
        &'b self,
        verb: Verb,
        base: Option<&'b Version>,
        of: Option<&'b Version>,
    ) -> Call<'b> {
        static ROTATION: RotationId = RotationId([7; 16]);
        let (base, credential) = (base.map(Version::credential), of.map(Version::credential));
        Call { rotation: Some(&ROTATION), base, credential, ..Call::new(verb, &self.secret) }
    }

    pub fn ask(&self, verb: Verb, base: &Version, of: &Version) -> Result<Answer, CallError> {
        self.provider().call(&self.call(verb, Some(base), Some(of)))
    }

    #[track_caller]
    pub fn set(&self, base: &Version, new: &Version) {
        self.ask(Verb::Set, base, new).unwrap();
    }

    #[track_caller]
    pub fn revoke(&self, active: &Version, gone: &Version) {
        self.ask(Verb::Revoke, active, gone).unwrap();
    }

    #[track_caller]
    pub fn state(&self, of: &Version) -> State {
        self.provider().call(&self.call(Verb::Validate, None, Some(of))).unwrap().state.unwrap()
    }

    /// What the database remembers.
    pub fn marker(&self) -> String {
        self.sql("SELECT marker FROM v_secure.rotation")
    }
}

/// PostgreSQL's own client, with the value as it is.
pub fn psql(server: &Server, version: &Version, statement: &str) -> Output {
    let template = server.psql("postgres");
    let mut psql = Command::new(template.get_program());
    psql.args(template.get_args()).env_clear();
    psql.args(["--command", statement, version.text()]).output().unwrap()
}

#[track_caller]
pub fn logs_in(database: &Database<'_>, version: &Version) {
    let output = psql(database.server, version, "SELECT 1");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(database.state(version), State::Active);
}

#[track_caller]
pub fn is_out(database: &Database<'_>, version: &Version) {
    assert!(!psql(database.server, version, "SELECT 1").status.success());
    assert_eq!(database.state(version), State::Inactive);
}

/// Asks again until it is so; each time takes as long as a program's start.
#[track_caller]
pub fn until(mut is_so: impl FnMut() -> bool) {
    assert!((0..2_000).any(|_| is_so()), "it does not come to this");
}

fn password(number: u8) -> String {
    format!("{PLANTED}-{number}")
}

/// psql with a session, until it is dropped.
pub struct Session {
    psql: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Session {
    pub fn begin(database: &Database<'_>, version: &Version) -> Self {
        let template = database.server.psql("postgres");
        let mut psql = Command::new(template.get_program());
        psql.args(template.get_args()).env_clear().arg(version.text());
        Self::of(psql)
    }

    pub fn of_superuser(database: &Database<'_>) -> Self {
        Self::of(database.server.psql(&database.names.database))
    }

    fn of(mut psql: Command) -> Self {
        let mut psql = psql.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (psql.stdin.take().unwrap(), psql.stdout.take().unwrap());
        let mut session = Self { psql, input, output: BufReader::new(output) };
        session.run("SELECT 1");
        session
    }

    /// Waits until it is done.
    pub fn run(&mut self, statement: &str) {
        writeln!(self.input, "{statement};\n\\echo done").unwrap();
        let mut line = String::new();
        while line.trim() != "done" {
            line.clear();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "the session is over");
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.psql.kill();
        let _ = self.psql.wait();
    }
}
