//! A session bus with gnome-keyring on it, apart from the user's own.

use crate::tools::{has, path};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A session bus with a keyring on it; both end with this value.
pub struct Desktop {
    bus: Child,
    pub address: String,
}

/// Whether there is none to be had.
#[track_caller]
pub fn skipped() -> bool {
    !["dbus-daemon", "dbus-send", "gnome-keyring-daemon"].into_iter().all(has)
}

impl Desktop {
    /// With the collection in `data`, unlocked by its empty password, or locked.
    pub fn start(data: &Path, unlocked: bool) -> Self {
        let mut bus = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--print-address=1"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut address = String::new();
        BufReader::new(bus.stdout.take().unwrap()).read_line(&mut address).unwrap();
        let desktop = Self { bus, address: address.trim().to_owned() };
        let how = if unlocked { "--unlock" } else { "--start" };
        for folder in ["data", "run"] {
            fs::create_dir_all(data.join(folder)).unwrap();
        }
        fs::set_permissions(data.join("run"), fs::Permissions::from_mode(0o700)).unwrap();
        // It goes on in the background and ends with its bus.
        let mut daemon = desktop.client("gnome-keyring-daemon");
        daemon.args([how, "--components=secrets"]).env("HOME", data);
        daemon.env("XDG_DATA_HOME", data.join("data")).env("XDG_RUNTIME_DIR", data.join("run"));
        let mut daemon = daemon
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        daemon.stdin.take().unwrap().write_all(b"\n").unwrap();
        assert!(daemon.wait().unwrap().success());
        desktop.wait();
        desktop
    }

    pub fn client(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", path());
        command.env("DBUS_SESSION_BUS_ADDRESS", &self.address);
        command
    }

    /// Until the keyring is on the bus.
    fn wait(&self) {
        let owner = "org.freedesktop.DBus.GetNameOwner";
        for _ in 0..1_000 {
            let mut ask = self.client("dbus-send");
            ask.args(["--session", "--print-reply", "--dest=org.freedesktop.DBus", "/", owner]);
            if ask.arg("string:org.freedesktop.secrets").output().unwrap().status.success() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("the keyring does not come up");
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        let _ = self.bus.kill();
        let _ = self.bus.wait();
    }
}
