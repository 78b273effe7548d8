//! Every fuzz target over its committed corpus and a fixed number of seeded changes to it; the
//! fuzzer itself needs a nightly compiler (`fuzz/README.md`).

#[path = "../../fuzz/src/lib.rs"]
mod targets;

use std::fs;
use std::path::{Path, PathBuf};
use v_secure::host::real::RealHost;
use v_secure_core::crypto::id::VaultId;
use v_secure_core::crypto::identity::generate_identity;
use v_secure_core::file::request::Request;
use v_secure_core::name::Name;
use v_secure_core::time::UnixTime;

/// SplitMix64.
struct Mutator(u64);

const INTERESTING: [&[u8]; 20] = [
    b"\0",
    b"\n",
    b"\r\n",
    b"\"",
    b"'''",
    b"\\u0000",
    b"{",
    b"[",
    b"]",
    b"}",
    b"-1",
    b"0",
    b"9007199254740992",
    b"18446744073709551616",
    b"\xff",
    b"\xef\xbb\xbf",
    b"null",
    b"{}",
    b"=",
    "\u{202e}".as_bytes(),
];

impl Mutator {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is not 0.
    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(3) {
            let at = self.below(bytes.len() + 1);
            let end = (at + self.below(16)).min(bytes.len());
            match self.below(6) {
                0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                1 => drop(bytes.drain(at..end)),
                2 => bytes.truncate(at),
                3 => self.lines(bytes),
                4 => {
                    let copied = bytes[at..end].to_vec();
                    let to = self.below(bytes.len() + 1);
                    bytes.splice(to..to, copied);
                }
                _ => {
                    let inserted = INTERESTING[self.below(INTERESTING.len())];
                    bytes.splice(at..end, inserted.iter().copied());
                }
            }
        }
    }

    /// Drops, doubles or swaps lines.
    fn lines(&mut self, bytes: &mut Vec<u8>) {
        let mut lines: Vec<&[u8]> = bytes.split_inclusive(|b| *b == b'\n').collect();
        if lines.is_empty() {
            return;
        }
        let (one, other) = (self.below(lines.len()), self.below(lines.len()));
        match self.below(3) {
            0 => drop(lines.remove(one)),
            1 => lines.insert(other, lines[one]),
            _ => lines.swap(one, other),
        }
        *bytes = lines.concat();
    }
}

fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = paths.map(|path| (path.clone(), fs::read(path).unwrap())).collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

/// How many times the usual number of changes: `V_SECURE_TEST_FUZZ=50` for a longer run.
fn longer() -> u64 {
    let text = std::env::var("V_SECURE_TEST_FUZZ").unwrap_or_default();
    text.parse().unwrap_or(1)
}

/// The seed of a failing change is in the panic's message, the change itself beside it.
fn smoke(name: &str, target: fn(&[u8]), rounds: u64) {
    for (path, original) in corpus(name) {
        target(&original);
        for seed in 0..rounds * longer() {
            let mut bytes = original.clone();
            Mutator(seed).mutate(&mut bytes);
            let result = std::panic::catch_unwind(|| target(&bytes));
            assert!(result.is_ok(), "{path:?}, seed {seed}: {:?}", String::from_utf8_lossy(&bytes));
        }
    }
}

macro_rules! smoke {
    ($($name:ident $rounds:literal)*) => {$(
        #[test]
        fn $name() {
            smoke(stringify!($name), targets::$name, $rounds);
        }
    )*};
}

smoke! {
    vault 150
    entry 400
    policy 200
    dotenv 2000
    json 2000
    yaml 2000
    pin 1000
    request 400
    identity 1000
    generator 1000
    template 2000
    backup 2000
    proposal 300
    history 150
}

#[test]
fn the_corpora_hold_what_is_accepted() {
    use v_secure_core::file::format::Trust;
    use v_secure_core::vault::{Depth, Vault};
    let accepted = |target: &str, accepts: &dyn Fn(&[u8]) -> bool| {
        assert!(corpus(target).iter().any(|(_, bytes)| accepts(bytes)), "{target}");
    };
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    accepted("vault", &|b| {
        Vault::open(b, Trust::Strict, Depth::Everything, UnixTime::from_secs(1)).is_ok()
    });
    accepted("dotenv", &|b| v_secure_core::convert::text::dotenv::read(b).is_ok());
    accepted("json", &|b| v_secure_core::convert::text::json::read(b).is_ok());
    accepted("yaml", &|b| v_secure_core::convert::text::yaml::read(b).is_ok());
    accepted("pin", &|b| text(b).parse::<v_secure_core::vault::pin::CarriedPin>().is_ok());
    accepted("request", &|b| Request::parse(&text(b)).is_ok());
    accepted("backup", &|b| v_secure_core::backup::container::parse(b).is_ok());
    accepted("proposal", &targets::reads_proposal);
    accepted("template", &|b| v_secure_core::convert::template::Template::parse(b).is_ok());
    accepted("identity", &|b| {
        let value = v_secure_core::secret_value::SecretValue::new(b.to_vec());
        v_secure_core::crypto::identity::parse_identities(&value).is_ok()
    });
}

/// `cargo test --test it fuzz_smoke::write_request -- --ignored` makes the corpus's request anew.
#[test]
#[ignore = "writes to the corpus"]
fn write_request() {
    let name = |text: &str| Name::new(text).unwrap();
    let recipient = generate_identity().recipient;
    let made =
        Request::new(&RealHost, &VaultId([1; 32]), &name("ada"), &name("laptop"), &recipient);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/request");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("request"), made.unwrap().0.line()).unwrap();
}

/// `cargo test --test it fuzz_smoke::write_proposal -- --ignored` makes the corpus's proposal anew, of the last
/// entry of a vault.
#[test]
#[ignore = "writes to the corpus"]
fn write_proposal() {
    use v_secure_core::file::format::{self, ReadScope, Trust};
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let bytes = fs::read(root.join("fixtures/vault/v1/vault.toml")).unwrap();
    let file = format::parse(&bytes, Trust::Strict, ReadScope::All).unwrap();
    let mut entries = file.chain.iter().rev().map(|entry| {
        let envelopes = file
            .audiences
            .iter()
            .filter(|(audience, _)| entry.line().contains(&format!("\"audience\":\"{audience}\"")));
        let envelopes = envelopes.map(|(name, section)| (name.clone(), section.clone())).collect();
        (entry.id(), v_secure_core::proposal::write(entry, &envelopes))
    });
    let corpus = |(id, files): (v_secure_core::crypto::id::PolicyId, Vec<(String, String)>)| {
        let mut parts = vec![id.to_string(), files[0].1.clone(), files[1].1.clone()];
        parts.extend(files[2..].iter().flat_map(|(name, text)| [name.clone(), text.clone()]));
        parts.join("\u{c}").into_bytes()
    };
    let reads = |bytes: &Vec<u8>| targets::reads_proposal(bytes);
    let made = entries.by_ref().map(corpus).filter(reads).min_by_key(Vec::len).unwrap();
    let folder = root.join("fuzz/corpus/proposal");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("proposal"), made).unwrap();
}
