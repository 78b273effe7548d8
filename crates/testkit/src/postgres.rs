//! A server of PostgreSQL of the test's own, on a port of this machine alone.

use crate::tools::{installed, skip, skip_here};
use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// What Debian installs stands outside of every search path.
const VERSIONS: &str = "/usr/lib/postgresql";
const SUPERUSER: &str = "root";
const PASSWORD: &str = "of-the-superuser";
/// Waits until the test's process ends, in whatever way, and ends the server.
const WATCH: &str = "trap '' HUP INT TERM; cat >/dev/null; \"$@\"; rm -rf -- \"$0\"";

/// A server, which ends with this value or with the process, whatever comes first.
pub struct Server {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    account: Option<Account>,
    watch: Option<Child>,
}

/// As whom it runs: it refuses to run as root.
#[derive(Clone, Copy)]
struct Account {
    user: u32,
    group: u32,
}

impl Server {
    /// With more lines for its `postgresql.conf`. `None` where there is no PostgreSQL, which is said.
    #[track_caller]
    pub fn start(settings: &str) -> Option<Self> {
        let Some(programs) = programs() else {
            skip("postgresql is not installed");
            return None;
        };
        let account = account()?;
        let folder = tempfile::Builder::new().prefix("pg").tempdir().unwrap().keep();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o711)).unwrap();
        let mut server = Self { programs, folder, port: 0, account, watch: None };
        server.watch = Some(server.watch());
        server.create(settings);
        // The port of one that was free may be taken since.
        let is_up = (0..5).any(|_| server.try_start());
        assert!(is_up, "{}", server.log());
        Some(server)
    }

    fn create(&self, settings: &str) {
        for folder in ["data", "run"] {
            self.own(&self.folder.join(folder), |path| fs::create_dir(path).unwrap());
        }
        let password = self.folder.join("run/password");
        self.own(&password, |path| fs::write(path, PASSWORD).unwrap());
        let mut initdb = self.program("initdb");
        initdb.args(["--auth=scram-sha-256", "--no-sync", "--encoding=UTF8", "--locale=C"]);
        initdb.arg(format!("--username={SUPERUSER}")).arg("--pgdata").arg(self.data());
        initdb.arg(format!("--pwfile={}", password.display()));
        succeeds(&initdb.output().unwrap());
        let run = self.folder.join("run");
        let file = self.data().join("postgresql.conf");
        let lines = format!(
            "listen_addresses = '127.0.0.1'\nunix_socket_directories = '{}'\nfsync = off\n\
             log_statement = 'all'\nlog_min_duration_statement = 0\nlog_connections = on\n\
             log_min_error_statement = debug5\nlog_parameter_max_length_on_error = -1\n{settings}\n",
            run.display()
        );
        let own = fs::read_to_string(&file).unwrap();
        fs::write(&file, own + &lines).unwrap();
    }

    fn try_start(&mut self) -> bool {
        self.port = free_port();
        self.start_again()
    }

    fn watch(&self) -> Child {
        let stop = self.control("stop", &["--mode=immediate", "--silent"]);
        let mut watch = Command::new("sh");
        watch.args(["-c", WATCH]).arg(&self.folder).arg(stop.get_program()).args(stop.get_args());
        watch.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        watch.spawn().unwrap()
    }

    /// After [`Server::kill`] or [`Server::stop`], at the same port.
    pub fn start_again(&self) -> bool {
        let log = self.folder.join("run/log");
        let options = format!("-p {}", self.port);
        let mut start = self.control("start", &["--wait", "--silent", "--options", &options]);
        // It and its children would keep a pipe open.
        start.arg("--log").arg(log).stdout(Stdio::null()).stderr(Stdio::null());
        start.status().unwrap().success()
    }

    /// Without a word to its clients. Its other processes end when they miss it.
    pub fn kill(&self) {
        let lock = self.data().join("postmaster.pid");
        let text = fs::read_to_string(&lock).unwrap();
        let kill = ["-c", "kill -KILL \"$0\"", text.lines().next().unwrap()];
        succeeds(&Command::new("sh").args(kill).output().unwrap());
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
            std::thread::yield_now();
        }
        // Where nobody asks what became of it, it is there for ever.
        fs::remove_file(lock).unwrap();
        let _ = fs::remove_file(self.folder().join(format!(".s.PGSQL.{}.lock", self.port)));
    }

    pub fn stop(&self) {
        succeeds(&self.control("stop", &["--mode=immediate", "--silent"]).output().unwrap());
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where its socket is, its log, and what a test puts there for it.
    pub fn folder(&self) -> PathBuf {
        self.folder.join("run")
    }

    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// A file that the server may read, and nobody else.
    pub fn own_file(&self, path: &Path, text: &[u8]) {
        self.own(path, |path| {
            fs::write(path, text).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
        });
    }

    /// Waits until the server has read its settings again.
    pub fn reload(&self) {
        let loaded = || self.sql("postgres", "SELECT pg_conf_load_time()");
        let before = loaded();
        succeeds(&self.control("reload", &["--silent"]).output().unwrap());
        assert!((0..2_000).any(|_| loaded() != before), "{}", self.log());
    }

    /// All that it wrote down.
    pub fn log(&self) -> String {
        fs::read(self.folder.join("run/log"))
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// Its own client, as the superuser, in a database.
    pub fn psql(&self, database: &str) -> Command {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only"]);
        psql.args(["--variable", "ON_ERROR_STOP=1"]).env_clear();
        psql.env("PGHOST", "127.0.0.1").env("PGPORT", self.port.to_string());
        psql.env("PGUSER", SUPERUSER).env("PGPASSWORD", PASSWORD).env("PGDATABASE", database);
        psql.env("PGCONNECT_TIMEOUT", "20").env("PGSSLMODE", "disable");
        psql
    }

    /// What a statement of the superuser gives.
    #[track_caller]
    pub fn sql(&self, database: &str, statement: &str) -> String {
        let output = self.psql(database).args(["--command", statement]).output().unwrap();
        succeeds(&output)
    }

    fn program(&self, name: &str) -> Command {
        let program = self.programs.join(name);
        let mut command = match self.account {
            Some(_) => {
                let mut command = Command::new("runuser");
                command.args(["-u", "postgres", "--"]).arg(program);
                command
            }
            None => Command::new(program),
        };
        command.current_dir("/").stdin(Stdio::null());
        command
    }

    fn control(&self, verb: &str, arguments: &[&str]) -> Command {
        let mut control = self.program("pg_ctl");
        control.arg(verb).arg("--pgdata").arg(self.data()).args(arguments);
        control
    }

    fn own(&self, path: &Path, make: impl FnOnce(&Path)) {
        make(path);
        if let Some(Account { user, group }) = self.account {
            chown(path, Some(user), Some(group)).unwrap();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let Some(mut watch) = self.watch.take() else { return };
        drop(watch.stdin.take());
        let _ = watch.wait();
    }
}

#[track_caller]
fn succeeds(output: &Output) -> String {
    let texts = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(output.status.success(), "{}{}", texts[0], texts[1]);
    texts[0].trim_end().to_owned()
}

/// Of the newest version that is installed.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir(VERSIONS).into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| {
            let number = entry.file_name().to_str()?.parse().ok()?;
            Some((number, entry.path().join("bin")))
        })
        .filter(|(_, folder)| folder.join("initdb").is_file() && folder.join("psql").is_file())
        .collect();
    found.sort();
    let along = std::env::var_os("PATH")?;
    let along = std::env::split_paths(&along).find(|folder| folder.join("initdb").is_file());
    found.pop().map(|(_, folder)| folder).or(along)
}

/// `None` where there is none for it; an account only where it takes another one.
fn account() -> Option<Option<Account>> {
    if !rustix::process::geteuid().is_root() {
        return Some(None);
    }
    if !installed("runuser") {
        skip_here("PostgreSQL does not run as root, and there is no runuser");
        return None;
    }
    let id = |what: &str| {
        let output = Command::new("id").args([what, "postgres"]).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    };
    let account = id("-u").zip(id("-g")).map(|(user, group)| Account { user, group });
    if account.is_none() {
        skip_here("PostgreSQL does not run as root, and there is no user postgres");
    }
    account.map(Some)
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}
