//! Keeps a process that holds secrets out of core dumps and debuggers, and gives a child process
//! back the limits that its parent had. Best effort: where a system refuses, the program goes on.
//!
//! Two means, since neither is enough alone:
//!
//! - `RLIMIT_CORE` (every Unix): the soft limit is set to 0, so that the kernel writes no core
//!   file. It is not enforced where Linux pipes cores to a handler (`core_pattern` begins with
//!   `|`), and `execve` passes it on, so it must be restored before a child starts. The hard limit
//!   stays, or restoring would need privilege.
//! - `PR_SET_DUMPABLE 0` (Linux): no core at all, not even to a handler; no `ptrace` and no
//!   reading of `/proc/PID/mem` or `/proc/PID/environ` by another process of the same user without
//!   `CAP_SYS_PTRACE`. It belongs to the memory image: `execve` starts a new one, which is
//!   dumpable again whatever was set here. A child therefore needs no restoring, and
//!   [`Hardened::restore`] leaves the flag alone: switching it on before `execve` would open a
//!   moment in which secrets can be read.

/// What [`harden`] found, so that it can be given back.
#[must_use = "the core limit reaches child processes unless it is restored"]
#[derive(Debug, Clone, Copy)]
pub struct Hardened {
    #[cfg(unix)]
    core: rustix::process::Rlimit,
}

/// Turns core dumps and tracing of this process off.
pub fn harden() -> Hardened {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        // A refusal leaves the process as safe as it was; there is nothing better to do.
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let core = getrlimit(Resource::Core);
        let none = Rlimit { current: Some(0), maximum: core.maximum };
        let _ = setrlimit(Resource::Core, none);
        Hardened { core }
    }
    #[cfg(not(unix))]
    Hardened {}
}

impl Hardened {
    /// Gives the core limit back as it was found, for a child that is about to start.
    ///
    /// On Linux this process still writes no core: it stays undumpable until it ends or becomes
    /// the child.
    pub fn restore(&self) {
        #[cfg(unix)]
        {
            use rustix::process::{Resource, setrlimit};
            let _ = setrlimit(Resource::Core, self.core);
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use rustix::process::{Resource, getrlimit};

    // One test: the limit and the flag belong to the whole test process.
    #[test]
    fn hardening_stops_cores_and_restoring_gives_the_limit_back() {
        let before = getrlimit(Resource::Core);
        let hardened = harden();
        let during = getrlimit(Resource::Core);
        assert_eq!((during.current, during.maximum), (Some(0), before.maximum));
        hardened.restore();
        assert_eq!(getrlimit(Resource::Core), before);
        #[cfg(target_os = "linux")]
        {
            use rustix::process::{DumpableBehavior, dumpable_behavior, set_dumpable_behavior};
            assert_eq!(dumpable_behavior(), Ok(DumpableBehavior::NotDumpable));
            set_dumpable_behavior(DumpableBehavior::Dumpable).unwrap();
        }
    }
}
