//! What the whole commands of `compare.sh` are made of, on vaults that the library makes:
//! `cargo bench --bench micro`, or with a filter, `cargo bench --bench micro -- verify`.

mod synthetic;

use divan::{Bencher, black_box};
use std::path::PathBuf;
use std::sync::LazyLock;
use synthetic::{NOW, Size, Synthetic, only, open, secret};
use v_secure::host::real::RealHost;
use v_secure_core::crypto::bytes::Fixed;
use v_secure_core::crypto::digest;
use v_secure_core::crypto::id::{KeyId, SecretId, VaultId};
use v_secure_core::crypto::sign::{SigningKey, Tag};
use v_secure_core::file::audience::new_epoch;
use v_secure_core::file::format;
use v_secure_core::file::format::Trust;
use v_secure_core::file::version::{Authored, SecretRef, WrapTo, open_version, seal_version};
use v_secure_core::log::fold::FoldScope;
use v_secure_core::log::state::LogState;
use v_secure_core::name::audience::AudienceName;
use v_secure_core::policy::chain::{Chain, ChainSignatures};
use v_secure_core::secret::read::{VersionSelector, read};
use v_secure_core::secret_value::SecretValue;
use v_secure_core::vault::Depth;
use v_secure_core::vault::unlock::Unlocked;
use v_secure_core::verify::{VerifyOptions, verify};

/// 10,000 secrets as one import leaves them.
static IMPORTED: LazyLock<Synthetic> =
    LazyLock::new(|| Synthetic::make(Size { secrets: 10_000, entries: 10, puts_per_entry: 1_000 }));

/// 10,000 secrets and 100,000 entries, each with one op.
static LONG: LazyLock<String> = LazyLock::new(|| {
    kept("long-100000.toml", || {
        Synthetic::make(Size { secrets: 10_000, entries: 100_000, puts_per_entry: 1 }).text
    })
});

/// A text that takes long to make, from the build folder if it was made before.
fn kept(name: &str, make: impl Fn() -> String) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let usable = |text: &String| {
        format::parse(text.as_bytes(), Trust::Strict, format::ReadScope::NoSecrets).is_ok()
    };
    if let Some(text) = std::fs::read_to_string(&path).ok().filter(usable) {
        return text;
    }
    let text = make();
    // Only time is lost where it cannot be kept.
    let _ = std::fs::write(&path, &text);
    text
}

fn main() {
    divan::main();
}

/// `audit verify` of bytes never seen before, from text to report.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn verify_100000_entries_cold(bencher: Bencher) {
    let text = LazyLock::force(&LONG);
    bencher.bench_local(|| open(text, Trust::Strict, Depth::Everything));
}

/// The same without parsing and building the policy chain.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn verify_100000_entries_parsed(bencher: Bencher) {
    let file =
        format::parse(LONG.as_bytes(), Trust::Strict, format::ReadScope::All).expect("a vault");
    let chain = Chain::build(&file.chain, ChainSignatures::Check).expect("a chain");
    bencher.bench_local(|| verify(&file, &chain, VerifyOptions::all(NOW)));
}

/// What a warm `audit verify` spends on the bytes.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn hash_100000_entries(bencher: Bencher) {
    let text = LazyLock::force(&LONG);
    bencher.bench_local(|| digest::file_hash(text.as_bytes()));
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn fold_10000_secrets(bencher: Bencher) {
    let vault = open(&IMPORTED.text, Trust::Cached, Depth::Everything);
    let (graph, entries) = (vault.graph(), &vault.file().entries);
    bencher.bench_local(|| LogState::fold(graph, entries, vault.standings(), FoldScope::All));
}

#[divan::bench(args = ["strict", "cached"], sample_count = 20, sample_size = 1)]
fn parse_10000_secrets(bencher: Bencher, trust: &str) {
    let trust = if trust == "strict" { Trust::Strict } else { Trust::Cached };
    let bytes = IMPORTED.text.as_bytes();
    bencher.bench_local(|| format::parse(bytes, trust, format::ReadScope::All));
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn write_10000_secrets(bencher: Bencher) {
    let vault = open(&IMPORTED.text, Trust::Cached, Depth::Everything);
    bencher.bench_local(|| format::write(vault.file()));
}

/// What `get` does between the file's bytes and the value.
#[divan::bench(args = ["strict", "cached"], sample_count = 20, sample_size = 1)]
fn get_of_10000_secrets(bencher: Bencher, trust: &str) {
    let trust = if trust == "strict" { Trust::Strict } else { Trust::Cached };
    bencher.bench_local(|| {
        let vault = open(&IMPORTED.text, trust, Depth::Secrets(&only(5_000)));
        let who = Unlocked::new(&vault, vec![IMPORTED.identity()]).expect("the owner");
        read(&vault, &who, &secret(5_000), &VersionSelector::Current, NOW).expect("the value")
    });
}

/// What `exec` does between the file's bytes and the values of all secrets.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn read_10000_secrets_cached(bencher: Bencher) {
    bencher.bench_local(|| {
        let vault = open(&IMPORTED.text, Trust::Cached, Depth::Everything);
        let who = Unlocked::new(&vault, vec![IMPORTED.identity()]).expect("the owner");
        let values: Vec<SecretValue> = (0..10_000)
            .map(|number| read(&vault, &who, &secret(number), &VersionSelector::Current, NOW))
            .collect::<Result<_, _>>()
            .expect("the values");
        values
    });
}

#[divan::bench]
fn open_an_envelope(bencher: Bencher) {
    let vault = open(&IMPORTED.text, Trust::Cached, Depth::Secrets(&only(1)));
    let who = Unlocked::new(&vault, vec![IMPORTED.identity()]).expect("the owner");
    let owners = AudienceName::new("owner");
    bencher.bench_local(|| who.open(&vault, &owners).expect("the owner's keys"));
}

#[divan::bench]
fn seal_and_wrap(bencher: Bencher) {
    let (vault, uid) = (VaultId([1; 32]), SecretId([2; 32]));
    let binding = SecretRef { vault: &vault, uid: &uid };
    let (keys, _) = new_epoch(&RealHost, &vault, &AudienceName::new("owner")).expect("an epoch");
    let value = SecretValue::from("0123456789abcdef0123456789abcdef".to_owned());
    let to = WrapTo::Epoch { audience: &AudienceName::new("owner"), keys: &keys };
    let author = KeyId([3; 32]);
    let authored = Authored { value: &value, author: &author, expires: None };
    bencher.bench_local(|| seal_version(&RealHost, binding, black_box(authored), to));
}

#[divan::bench]
fn unwrap_and_open(bencher: Bencher) {
    let (vault, uid) = (VaultId([1; 32]), SecretId([2; 32]));
    let binding = SecretRef { vault: &vault, uid: &uid };
    let (keys, _) = new_epoch(&RealHost, &vault, &AudienceName::new("owner")).expect("an epoch");
    let keys = [keys];
    let value = SecretValue::from("0123456789abcdef0123456789abcdef".to_owned());
    let to = WrapTo::Epoch { audience: &AudienceName::new("owner"), keys: &keys[0] };
    let author = KeyId([3; 32]);
    let authored = Authored { value: &value, author: &author, expires: None };
    let sealed = seal_version(&RealHost, binding, authored, to)
        .expect("a sealed value")
        .put_at(Fixed([4; 32]));
    bencher.bench_local(|| open_version(binding, black_box(&sealed.object), &sealed.wrap, &keys));
}

#[divan::bench]
fn sign(bencher: Bencher) {
    let key = SigningKey::generate(&RealHost);
    bencher.bench_local(|| key.sign(Tag::LogEntry, black_box(&Fixed([3; 32]))));
}

#[divan::bench]
fn verify_a_signature(bencher: Bencher) {
    let key = SigningKey::generate(&RealHost);
    let signature = key.sign(Tag::LogEntry, &Fixed([3; 32]));
    let public = key.verifying_key();
    bencher.bench_local(|| public.verify(Tag::LogEntry, black_box(&Fixed([3; 32])), &signature));
}
