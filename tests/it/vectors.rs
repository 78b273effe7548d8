//! Published test vectors, read from `fixtures/vectors`: the primitives as this build links them,
//! and the strictness of what is accepted.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use v_secure_core::crypto::armor::dearmor;
use v_secure_core::crypto::bytes::Fixed;
use v_secure_core::crypto::envelope::{EnvelopeError, decrypt};
use v_secure_core::crypto::identity::{
    Identity, generate_identity, parse_identities, parse_identity,
};
use v_secure_core::crypto::sign::{Tag, VerifyingKey};
use v_secure_core::policy::settings::{SettingKey, is_stated};
use v_secure_core::secret_value::SecretValue;

fn fixture<T: serde::de::DeserializeOwned>(name: &str) -> T {
    let path = format!("{}/fixtures/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn unhex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2));
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

fn unhex_fixed<const N: usize>(text: &str) -> [u8; N] {
    unhex(text).try_into().unwrap()
}

fn published(section: &str) -> serde_json::Value {
    fixture::<serde_json::Value>("published.json")[section].clone()
}

fn bytes_of(value: &serde_json::Value, key: &str) -> Vec<u8> {
    unhex(value[key].as_str().unwrap())
}

#[test]
fn argon2id_gives_the_tag_of_rfc_9106() {
    let v = published("argon2id");
    let number = |key: &str| v[key].as_u64().unwrap() as u32;
    let params = argon2::ParamsBuilder::new()
        .m_cost(number("memory_kib"))
        .t_cost(number("passes"))
        .p_cost(number("lanes"))
        .data(argon2::AssociatedData::new(&bytes_of(&v, "ad")).unwrap())
        .output_len(32)
        .build()
        .unwrap();
    let secret = bytes_of(&v, "secret");
    let (algorithm, version) = (argon2::Algorithm::Argon2id, argon2::Version::V0x13);
    let argon = argon2::Argon2::new_with_secret(&secret, algorithm, version, params).unwrap();
    let mut tag = [0; 32];
    argon.hash_password_into(&bytes_of(&v, "password"), &bytes_of(&v, "salt"), &mut tag).unwrap();
    assert_eq!(tag.to_vec(), bytes_of(&v, "tag"));
}

#[test]
fn xchacha20_poly1305_gives_the_ciphertext_of_the_draft() {
    use chacha20poly1305::aead::{Aead, KeyInit, Payload};
    let v = published("xchacha20poly1305");
    let cipher = chacha20poly1305::XChaCha20Poly1305::new_from_slice(&bytes_of(&v, "key")).unwrap();
    let nonce: [u8; 24] = bytes_of(&v, "nonce").try_into().unwrap();
    let (plaintext, aad) = (bytes_of(&v, "plaintext"), bytes_of(&v, "aad"));
    let sealed = cipher.encrypt(&nonce.into(), Payload { msg: &plaintext, aad: &aad }).unwrap();
    assert_eq!(sealed, [bytes_of(&v, "ciphertext"), bytes_of(&v, "tag")].concat());
}

#[test]
fn blake3_derive_key_gives_its_authors_outputs() {
    let v = published("blake3_derive_key");
    for case in v["cases"].as_array().unwrap() {
        let length = case["input_len"].as_u64().unwrap() as usize;
        let input: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
        let expected = bytes_of(case, "derive_key");
        let mut output = vec![0; expected.len()];
        blake3::Hasher::new_derive_key(v["context"].as_str().unwrap())
            .update(&input)
            .finalize_xof()
            .fill(&mut output);
        assert_eq!(output, expected, "{length}");
    }
}

#[test]
fn ed25519_gives_the_signatures_of_rfc_8032() {
    use ed25519_dalek::Signer;
    for case in published("ed25519")["cases"].as_array().unwrap() {
        let seed: [u8; 32] = bytes_of(case, "seed").try_into().unwrap();
        let key = ed25519_dalek::SigningKey::from_bytes(&seed);
        assert_eq!(key.verifying_key().to_bytes().to_vec(), bytes_of(case, "public"));
        let signature = key.sign(&bytes_of(case, "message"));
        assert_eq!(signature.to_bytes().to_vec(), bytes_of(case, "signature"));
    }
}

#[derive(Deserialize)]
struct Strict {
    what: String,
    tag: String,
    id: String,
    key: String,
    sig: String,
    accept: bool,
}

#[test]
fn signatures_are_accepted_only_strictly() {
    for case in fixture::<Vec<Strict>>("ed25519-strict.json") {
        assert_eq!(case.tag, Tag::LogEntry.text());
        let accepted = VerifyingKey::parse(&Fixed(unhex_fixed(&case.key))).is_ok_and(|key| {
            let (id, sig) = (Fixed(unhex_fixed(&case.id)), Fixed(unhex_fixed(&case.sig)));
            key.verify(Tag::LogEntry, &id, &sig)
        });
        assert_eq!(accepted, case.accept, "{}", case.what);
    }
}

#[derive(Deserialize)]
struct EdgeCase {
    number: u32,
    key: String,
    sig: String,
    msg: String,
    flags: Vec<String>,
}

/// The messages are the vectors' own, so this goes through the same two checks as
/// [`VerifyingKey`]: of the key when parsed, of the signature when verified.
#[test]
fn edge_cases_of_cctv_are_refused_but_for_harmless_components() {
    let cases = fixture::<Vec<EdgeCase>>("cctv/ed25519.json");
    assert_eq!(cases.len(), 66);
    for case in cases {
        let harmless = ["low_order_component_A", "low_order_component_R"];
        let expected = case.flags.iter().all(|flag| harmless.contains(&flag.as_str()));
        let public: [u8; 32] = unhex_fixed(&case.key);
        let signature = ed25519_dalek::Signature::from_bytes(&unhex_fixed(&case.sig));
        let parsed = VerifyingKey::parse(&Fixed(public));
        let refused_key = ["low_order_A", "non_canonical_A"];
        let weak = case.flags.iter().any(|flag| refused_key.contains(&flag.as_str()));
        assert_eq!(parsed.is_err(), weak, "key of {}", case.number);
        let accepted = parsed.is_ok()
            && ed25519_dalek::VerifyingKey::from_bytes(&public)
                .unwrap()
                .verify_strict(case.msg.as_bytes(), &signature)
                .is_ok();
        assert_eq!(accepted, expected, "signature of {}", case.number);
    }
}

#[derive(Deserialize)]
struct AgeCase {
    name: String,
    expect: String,
    identities: Vec<String>,
    #[serde(default)]
    armored: bool,
    payload: Option<String>,
    file: String,
}

/// Header failures that the age crate opens on purpose: old versions of rage left the last, empty
/// line of a stanza out. The header's MAC holds all the same.
const LEGACY_STANZAS: [&str; 2] = ["stanza_missing_body", "stanza_missing_final_line"];

/// Armor that age reads and a vault does not hold: it has one spelling there.
const LOOSE_ARMOR: [&str; 3] = ["armor_crlf", "armor_no_eol", "armor_whitespace_outside"];

#[test]
fn age_files_of_cctv_open_or_fail_as_the_vectors_say() {
    let cases = fixture::<Vec<AgeCase>>("cctv/age.json");
    assert!(cases.len() > 70);
    for case in cases {
        let file = STANDARD.decode(&case.file).unwrap();
        let Some(file) = check_armor(&case, file) else { continue };
        let identities = identities(&case);
        let opened = decrypt(&identities, &file, 1 << 20);
        let outcome = opened.as_ref().map(|_| ());
        match (case.expect.as_str(), case.identities.is_empty()) {
            ("success", false) => {
                let payload = opened.unwrap_or_else(|error| panic!("{}: {error}", case.name));
                let hash = Sha256::digest(payload.expose());
                assert_eq!(hash.to_vec(), unhex(case.payload.as_deref().unwrap()));
            }
            // Encrypted with a passphrase: refused whatever its cost.
            ("success", true) => {
                assert!(matches!(outcome, Err(EnvelopeError::Passphrase)), "{}", case.name);
            }
            ("no match", false) => {
                assert!(matches!(outcome, Err(EnvelopeError::NoMatch)), "{}", case.name);
            }
            _ if LEGACY_STANZAS.contains(&case.name.as_str()) => assert!(outcome.is_ok()),
            _ => assert!(outcome.is_err(), "{} opened", case.name),
        }
    }
}

/// The binary file, if the vector is about more than armor.
fn check_armor(case: &AgeCase, file: Vec<u8>) -> Option<Vec<u8>> {
    if !case.armored {
        return Some(file);
    }
    let dearmored = String::from_utf8(file).ok().and_then(|text| dearmor(&text).ok());
    let refused = case.expect == "armor failure" || LOOSE_ARMOR.contains(&case.name.as_str());
    assert_eq!(dearmored.is_none(), refused, "{}", case.name);
    dearmored
}

fn identities(case: &AgeCase) -> Vec<Identity> {
    if case.identities.is_empty() {
        return vec![parse_identity(&generate_identity().text).unwrap()];
    }
    parse_identities(&SecretValue::from(case.identities.join("\n"))).unwrap()
}

#[derive(Deserialize)]
struct Settings {
    taken: Vec<(String, String)>,
    refused: Vec<(String, String)>,
    unknown: Vec<String>,
}

#[test]
fn settings_take_what_the_vectors_say() {
    let vectors: Settings = fixture("settings.json");
    for (key, value) in &vectors.taken {
        assert!(SettingKey::parse(key).unwrap().takes(value), "{key} {value}");
    }
    for (key, value) in &vectors.refused {
        assert!(!SettingKey::parse(key).unwrap().takes(value), "{key} {value}");
    }
    for key in &vectors.unknown {
        assert!(!is_stated(key), "{key}");
    }
}
