//! Stock `age` and this crate open each other's files: no lock-in.
//!
//! Skips, saying so, where `age` is not installed, unless `V_SECURE_TEST_REQUIRE_TOOLS=1`.

use std::io::Write;
use std::process::{Command, Stdio};
use v_secure::host::real::RealHost;
use v_secure_core::crypto::armor::{armor, dearmor};
use v_secure_core::crypto::envelope::{decrypt, encrypt};
use v_secure_core::crypto::id::VaultId;
use v_secure_core::crypto::identity::{Identity, parse_identities};
use v_secure_core::file::audience::{new_epoch, seal_envelope};
use v_secure_core::name::audience::AudienceName;
use v_secure_core::secret_value::SecretValue;
use v_secure_testkit::tools::has;

fn skip() -> bool {
    !(has("age") && has("age-keygen"))
}

fn run(tool: &str, args: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child =
        Command::new(tool).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // Beside the reading: age answers while it is asked, and both pipes can be full at once.
    let output = std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(input).unwrap());
        child.wait_with_output().unwrap()
    });
    assert!(output.status.success(), "{tool} {args:?}");
    output.stdout
}

/// An identity file as `age-keygen` writes it, and what it holds.
fn keygen() -> (tempfile::NamedTempFile, Vec<Identity>) {
    let text = run("age-keygen", &[], b"");
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&text).unwrap();
    (file, parse_identities(&SecretValue::new(text)).unwrap())
}

#[test]
fn age_opens_our_envelopes_armored_and_binary() {
    if skip() {
        return;
    }
    let (file, identities) = keygen();
    let vault: VaultId = VaultId([1; 32]);
    let (keys, stated) = new_epoch(&RealHost, &vault, &AudienceName::new("owner")).unwrap();
    let identity = keys.identity().unwrap().text();
    let envelope =
        seal_envelope(&vault, &AudienceName::new("owner"), &[keys], &[identities[0].recipient()])
            .unwrap();
    let path = file.path().to_str().unwrap();
    for input in [envelope.clone(), armor(&envelope).into_bytes()] {
        let text = String::from_utf8(run("age", &["-d", "-i", path], &input)).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], "v-secure-envelope 1");
        assert_eq!(lines[1], format!("vault {vault}"));
        assert_eq!(lines[2], "audience owner");
        assert!(lines[3].starts_with(&format!("epoch {} ", stated.epoch)));
        assert!(lines[3].ends_with(identity.expose_str().unwrap()));
    }
}

#[test]
fn we_open_what_age_encrypts_armored_and_binary() {
    if skip() {
        return;
    }
    let ((_one, first), (_two, second)) = (keygen(), keygen());
    let recipients = [first[0].recipient(), second[0].recipient()];
    let args = ["-r", &recipients[0], "-r", &recipients[1]];
    let binary = run("age", &args, b"hello");
    let text = run("age", &[&args[..], &["-a"]].concat(), b"hello");
    let dearmored = dearmor(std::str::from_utf8(&text).unwrap()).unwrap();
    for identities in [first, second] {
        assert_eq!(decrypt(&identities, &binary, 100).unwrap().expose(), b"hello");
        assert_eq!(decrypt(&identities, &dearmored, 100).unwrap().expose(), b"hello");
    }
}

#[test]
fn age_opens_files_of_more_than_one_chunk() {
    if skip() {
        return;
    }
    let (file, identities) = keygen();
    let plaintext = vec![7; 200_000];
    let sealed = encrypt(&[identities[0].recipient()], &plaintext).unwrap();
    let path = file.path().to_str().unwrap();
    assert!(run("age", &["-d", "-i", path], &sealed) == plaintext);
}
