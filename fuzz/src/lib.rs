//! One function for each parser that reads what others wrote: no bytes make it panic, and what it
//! accepts keeps what its format promises. Shared by the fuzzer and by `tests/it/fuzz_smoke.rs`.

use std::collections::BTreeSet;
use v_secure::host::Random;
use v_secure_core::backup::container;
use v_secure_core::convert::generate;
use v_secure_core::convert::generate::Spec;
use v_secure_core::convert::template::Template;
use v_secure_core::convert::text;
use v_secure_core::convert::text::{ImportedText, TextError};
use v_secure_core::crypto::bytes::Id;
use v_secure_core::crypto::id::PolicyId;
use v_secure_core::crypto::identity;
use v_secure_core::crypto::known_signatures::NoneKnown;
use v_secure_core::file::format;
use v_secure_core::file::format::{ReadScope, Trust};
use v_secure_core::file::request::Request;
use v_secure_core::log::entry::Entry;
use v_secure_core::name::{Name, SecretName};
use v_secure_core::policy::chain::{Chain, ChainSignatures};
use v_secure_core::policy::entry::PolicyEntry;
use v_secure_core::proposal;
use v_secure_core::proposal::{Files, SignatureFile};
use v_secure_core::record::line;
use v_secure_core::secret_value::SecretValue;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::pin::CarriedPin;
use v_secure_core::vault::{Depth, History, Vault, stated_vault};
use v_secure_core::verify;
use v_secure_core::verify::VerifyOptions;

/// Some time after the samples were made.
const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);

/// The whole file: parsed, opened at every depth, and verified without believing its signatures.
pub fn vault(data: &[u8]) {
    let wanted = BTreeSet::from(
        ["default/A", "prod/DATABASE_URL"].map(|name| SecretName::parse(name).expect("a name")),
    );
    for depth in [Depth::Everything, Depth::Secrets(&wanted), Depth::Unverified] {
        let _ = Vault::open(data, Trust::Strict, depth, NOW);
        // As if the bytes had been verified before: reaches the fold of what no signature covers.
        let _ = Vault::open(data, Trust::Cached, depth, NOW);
    }
    let Ok(file) = format::parse(data, Trust::Strict, ReadScope::All) else { return };
    assert_eq!(format::write(&file).as_bytes(), data, "one spelling");
    if let Ok(chain) = Chain::build(&file.chain, ChainSignatures::Trusted) {
        let _ = verify::verify(&file, &chain, VerifyOptions::all(NOW));
    }
}

/// A vault of whose log some is closed, and the two files of its history, parted by form feeds.
pub fn history(data: &[u8]) {
    let mut parts = data.split(|byte| *byte == b'\x0c');
    let mut part = || parts.next().unwrap_or_default();
    let (vault, beside) = (part(), Beside { segment: part(), versions: part() });
    let _ = Vault::open_whole(vault, Trust::Strict, Depth::Everything, NOW, &NoneKnown, &beside);
    let _ = Vault::open_whole(vault, Trust::Cached, Depth::Everything, NOW, &NoneKnown, &beside);
    if let Some(id) = stated_vault(vault)
        && let Ok(entries) = format::parse_segment(beside.segment, &id, Trust::Strict)
    {
        let text = format::write_segment(entries.iter().map(|(_, entry)| entry));
        assert_eq!(text.as_bytes(), beside.segment, "one spelling");
    }
    let _ = format::stated_segments(vault);
    let Some(id) = stated_vault(vault) else { return };
    let sections = format::parse_versions(beside.versions, &id);
    let text = format::write_versions(&sections);
    let again = format::parse_versions(text.as_bytes(), &id);
    assert_eq!(again.len(), sections.len(), "what is written is read");
}

struct Beside<'a> {
    segment: &'a [u8],
    versions: &'a [u8],
}

impl History for Beside<'_> {
    fn segment(&self, _: &Id) -> Option<Vec<u8>> {
        Some(self.segment.to_vec())
    }

    fn versions(&self, _: &Id) -> Option<Vec<u8>> {
        Some(self.versions.to_vec())
    }
}

/// A line of the log.
pub fn entry(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(entry) = line::parse::<Entry>(text) else { return };
    assert_eq!(line::write(&entry), text, "one spelling");
    let _ = v_secure_core::log::check::entry(&entry);
    let _ = entry.id();
}

/// The files of a proposal, parted by form feeds: the name, the entry, the envelopes, and signatures with their
/// names.
pub fn proposal(data: &[u8]) {
    let mut parts = data.split(|byte| *byte == 0x0c);
    let mut next = || parts.next().unwrap_or_default();
    let Some(id) = std::str::from_utf8(next()).ok().and_then(|id| PolicyId::parse(id).ok()) else {
        return;
    };
    let (entry, envelopes) = (next(), next());
    let rest: Vec<&[u8]> = parts.collect();
    let signatures = rest.chunks(2).filter_map(|pair| {
        let name = std::str::from_utf8(pair.first()?).ok()?;
        Some(SignatureFile { name, bytes: pair.get(1).copied().unwrap_or_default() })
    });
    let files = Files { id, entry, envelopes, signatures: signatures.collect() };
    let Ok(read) = files.read() else { return };
    let again = proposal::write(&read.entry, &read.envelopes);
    assert_eq!((again[0].1.as_bytes(), again[1].1.as_bytes()), (entry, envelopes), "one spelling");
    assert_eq!(again.len(), 2 + files.signatures.len());
}

/// Whether a proposal is one.
#[allow(dead_code, reason = "the fuzzer does not ask; the smoke test looks at its corpus")]
pub fn reads_proposal(data: &[u8]) -> bool {
    let parts: Vec<&[u8]> = data.split(|byte| *byte == 0x0c).collect();
    let [id, entry, envelopes, name, bytes] = parts[..] else { return false };
    let text = |bytes| std::str::from_utf8(bytes).unwrap_or_default();
    let Ok(id) = PolicyId::parse(text(id)) else { return false };
    let signatures = vec![SignatureFile { name: text(name), bytes }];
    Files { id, entry, envelopes, signatures }.read().is_ok()
}

/// Lines of the policy chain, its signatures believed.
pub fn policy(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut chain = Vec::new();
    for text in text.lines() {
        let Ok(entry) = line::parse::<PolicyEntry>(text) else { return };
        assert_eq!(line::write(&entry), text, "one spelling");
        if v_secure_core::policy::check::entry(&entry).is_err() {
            return;
        }
        chain.push(entry);
    }
    let _ = Chain::build(&chain, ChainSignatures::Check);
    if let Ok(built) = Chain::build(&chain, ChainSignatures::Trusted) {
        assert_eq!(built.len(), chain.len());
    }
}

pub fn dotenv(data: &[u8]) {
    imported(text::dotenv::read(data), text::dotenv::write, text::dotenv::read);
}

pub fn json(data: &[u8]) {
    imported(text::json::read(data), text::json::write, text::json::read);
}

pub fn yaml(data: &[u8]) {
    imported(text::yaml::read(data), text::yaml::write, text::yaml::read);
}

/// What was read has names and is read back from what is written of it.
fn imported(
    read: Result<ImportedText, TextError>,
    write: impl Fn(&text::Dump<'_>) -> Result<SecretValue, text::ExportError>,
    again: impl Fn(&[u8]) -> Result<ImportedText, TextError>,
) {
    let Ok(import) = read else { return };
    assert!(import.entries.iter().all(|entry| Name::new(entry.name.as_str()).is_ok()));
    let dump: Vec<(&str, &SecretValue)> =
        import.entries.iter().map(|entry| (entry.name.as_str(), &entry.value)).collect();
    // A format refuses what it cannot carry.
    let Ok(written) = write(&dump) else { return };
    let back = again(written.expose()).expect("what is exported can be imported");
    assert_eq!(back.entries.len(), dump.len());
    // Not in order: an exporter may sort.
    for (name, value) in &dump {
        let found = back.entries.iter().find(|entry| entry.name == *name);
        assert!(found.is_some_and(|entry| entry.value.same_as(value)), "{name} is read back");
    }
}

pub fn pin(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(pin) = text.parse::<CarriedPin>() {
        assert_eq!(pin.to_string(), text, "one spelling");
    }
    let _ = CarriedPin::in_identity(text);
}

pub fn request(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(request) = Request::parse(text) {
        assert_eq!(request.line(), text, "one spelling");
    }
}

pub fn identity(data: &[u8]) {
    let value = SecretValue::new(data.to_vec());
    let Ok(found) = identity::parse_identities(&value) else { return };
    for identity in found {
        let again = identity::parse_identity(&identity.text()).expect("its own spelling");
        assert_eq!(again.recipient(), identity.recipient());
    }
}

/// Randomness that is none.
struct Counter(std::cell::Cell<u8>);

impl Random for Counter {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0.set(self.0.get().wrapping_add(97));
            *byte = self.0.get();
        }
    }
}

/// The plaintext of a backup.
pub fn backup(data: &[u8]) {
    if let Ok(backup) = container::parse(data) {
        assert_eq!(container::write(&backup).expose(), data, "one spelling");
    }
}

/// A template of `inject`: its text comes back whole where it names nothing, and no value of one
/// character makes it longer.
pub fn template(data: &[u8]) {
    let Ok(template) = Template::parse(data) else { return };
    let value = SecretValue::new(b"V".to_vec());
    let values = vec![&value; template.references().len()];
    let mut places: Vec<_> = template.references().iter().map(|found| found.place).collect();
    assert!(places.is_sorted());
    places.dedup();
    assert_eq!(places.len(), values.len(), "one place for each reference");
    let rendered = template.render(&values).expect("text fits everywhere");
    assert!(rendered.len() <= data.len());
    if values.is_empty() && !data.contains(&b'\\') {
        assert_eq!(rendered.expose(), data);
    }
}

/// The text of `--generate`.
pub fn generator(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(spec) = text.parse::<Spec>() else { return };
    assert_eq!(spec.to_string().parse(), Ok(spec.clone()), "its text means the same");
    let value = generate::generate(&spec, &Counter(std::cell::Cell::new(0)));
    assert!(!value.is_empty());
}
