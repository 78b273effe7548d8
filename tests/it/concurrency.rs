//! Many processes at one vault: no write is lost, and no reader fails or waits.

use std::collections::BTreeMap;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use v_secure_testkit::sandbox::{Sandbox, describe, secret};

const WRITERS: usize = 50;
const READERS: usize = 2;

/// Reads one secret until the writers are done; returns how often. No remark of any kind is
/// expected: a reader must not take a write for a roll-back.
fn read_on(sandbox: &Sandbox, done: &AtomicBool, longest: &AtomicUsize) -> usize {
    let mut count = 0;
    while !done.load(Ordering::Relaxed) {
        let start = Instant::now();
        let output = sandbox.run(&["get", "KEPT"]);
        longest.fetch_max(start.elapsed().as_millis() as usize, Ordering::Relaxed);
        assert!(output.status.success(), "{}", describe(&output));
        assert_eq!(output.stdout, b"kept", "{}", describe(&output));
        assert!(output.stderr.is_empty(), "{}", describe(&output));
        count += 1;
    }
    count
}

fn writer(sandbox: &Sandbox, number: usize) -> Child {
    let mut command = sandbox.command(&["set", &format!("S{number}"), "--generate=hex:16"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn fifty_writers_at_once_all_survive_and_readers_never_fail() {
    let sandbox = Sandbox::with_vault();
    sandbox.set("KEPT", "kept");
    let (done, longest) = (AtomicBool::new(false), AtomicUsize::new(0));
    let (reads, time) = std::thread::scope(|scope| {
        let readers: Vec<_> =
            (0..READERS).map(|_| scope.spawn(|| read_on(&sandbox, &done, &longest))).collect();
        let start = Instant::now();
        let writers: Vec<_> = (0..WRITERS).map(|number| writer(&sandbox, number)).collect();
        let outputs: Vec<_> =
            writers.into_iter().map(|writer| writer.wait_with_output().unwrap()).collect();
        let time = start.elapsed();
        done.store(true, Ordering::Relaxed);
        let reads: usize = readers.into_iter().map(|reader| reader.join().unwrap()).sum();
        for output in outputs {
            assert!(output.status.success(), "{}", describe(&output));
        }
        (reads, time)
    });
    let longest = Duration::from_millis(longest.into_inner() as u64);
    eprintln!("{WRITERS} writers in {time:?}; {reads} reads, the longest {longest:?}");
    assert!(reads > 0);
    assert_whole(&sandbox);
}

/// Every secret has one version, and the log one entry for each of them, all of which count.
fn assert_whole(sandbox: &Sandbox) {
    let vault = sandbox.verified().unwrap();
    assert_eq!(vault.findings(), Some([].as_slice()));
    let mut puts: BTreeMap<String, usize> = BTreeMap::new();
    for entry in vault.file().entries.values() {
        for name in entry.ops.iter().filter_map(|op| op.secret()) {
            *puts.entry(name.to_string()).or_default() += 1;
        }
    }
    for number in 0..WRITERS {
        let name = format!("default/S{number}");
        let current = vault.secret(&secret(&name)).and_then(|found| found.current());
        assert_eq!(current.map(|version| version.number), Some(1), "{name}");
        assert!(puts.contains_key(&name), "{name} is not in the log");
        assert_eq!(sandbox.ok(&["get", &format!("S{number}")]).len(), 32, "{name}");
    }
    assert_eq!(vault.file().entries.len(), WRITERS + 1);
    assert_eq!(vault.heads().len(), 1, "each writer builds on the one before");
    assert_eq!(sandbox.temporary(), [] as [std::path::PathBuf; 0]);
}
