//! The canonical text of a vault file.

use super::armor;
use super::bucket::Parted;
use super::header::{CLOSED, WHOLE};
use crate::crypto::id::ObjectId;
use crate::file::model::{AudienceSection, Header, SecretSection, VaultFile, VersionObject, Wrap};
use crate::log::closed::Closed;
use crate::name::SecretName;
use crate::record::line;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Writes the file. What it holds is not checked: a writer applies the rules when it makes records.
pub fn write(file: &VaultFile) -> String {
    let mut out = String::with_capacity(estimate(file));
    header(&mut out, &file.header, file.closed.is_some());
    out.push_str("\n[policy]\nchain = '''\n");
    for entry in &file.chain {
        whole_line(&mut out, &entry.line());
    }
    out.push_str("'''\n");
    if let Some(block) = &file.closed {
        closed(&mut out, block);
    }
    for (name, section) in &file.audiences {
        audience(&mut out, name, section);
    }
    for (id, record) in &file.slots {
        put(&mut out, format_args!("\n[slot.{id}]\nrecord = '''\n"));
        whole_line(&mut out, &line::write(record));
        out.push_str("'''\n");
    }
    parted(&mut out, Parted::Secrets, &file.secrets, |out, _, held| secret(out, held));
    out.push_str("\n[log]\nentries = '''\n");
    parted(&mut out, Parted::Log, &file.entries, |out, _, entry| whole_line(out, &entry.line()));
    out.push_str("'''\n");
    out
}

/// A first guess at the text's length, so that it seldom moves while it grows.
fn estimate(file: &VaultFile) -> usize {
    let objects = file.secrets.values().flat_map(|secret| secret.versions.values());
    let ciphertexts: usize = objects.map(|object| object.ciphertext.0.len() * 4 / 3 + 480).sum();
    12_288 + ciphertexts + file.chain.len() * 1_024 + file.entries.len() * 640
}

/// Writing to a String cannot fail.
fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(text);
}

fn whole_line(out: &mut String, line: &str) {
    out.push_str(line);
    out.push('\n');
}

/// What each bucket holds, behind its line.
fn parted<K: AsRef<[u8; 32]>, T>(
    out: &mut String,
    parted: Parted,
    all: &BTreeMap<K, T>,
    one: impl Fn(&mut String, &K, &T),
) {
    let mut all = all.iter().peekable();
    for bucket in 0..parted.count() {
        whole_line(out, &parted.line(bucket));
        while let Some((id, held)) = all.next_if(|(id, _)| parted.bucket(*id) == bucket) {
            one(out, id, held);
        }
    }
}

fn header(out: &mut String, header: &Header, is_closed: bool) {
    let requires = if is_closed { CLOSED } else { WHOLE };
    let Header { suite, vault, name } = header;
    put(
        out,
        format_args!(
            "format = 1\n{requires}\nsuite = \"{suite}\"\nvault = \"{vault}\"\nname = \"{name}\"\n"
        ),
    );
}

fn closed(out: &mut String, closed: &Closed) {
    out.push_str("\n[closed]\nentries = '''\n");
    closed.entry_lines().for_each(|line| whole_line(out, &line));
    out.push_str("'''\nsecrets = '''\n");
    closed.secret_lines().for_each(|line| whole_line(out, &line));
    out.push_str("'''\n");
}

pub(super) fn audience(out: &mut String, name: &str, section: &AudienceSection) {
    let epoch = section.epoch;
    put(out, format_args!("\n[audience.\"{name}\"]\nepoch = \"{epoch}\"\nenvelope = '''\n"));
    armor::write(out, &section.envelope);
    out.push_str("'''\n");
}

/// The versions of a secret, those that are active first, and behind each its wraps. So two branches that give a secret a
/// value each put it at one place, and a merge by text stops. A wrap of no version comes last, in the form that it has
/// beside the vault, so that the reader refuses it: left out it would be lost without a word.
pub(super) fn secret(out: &mut String, section: &SecretSection) {
    let place = |object: &ObjectId| (section.active.binary_search(object).is_err(), *object);
    let is_alone = |wrap: &Wrap| !section.versions.contains_key(&wrap.version);
    let mut versions: Vec<(&ObjectId, &VersionObject)> = section.versions.iter().collect();
    versions.sort_by_key(|(object, _)| place(object));
    let mut under: Vec<&Wrap> = section.wraps.values().filter(|wrap| !is_alone(wrap)).collect();
    // Those of one version stay in order of their ids.
    under.sort_by_key(|wrap| place(&wrap.version));
    let mut under = under.into_iter().peekable();
    for (object, content) in versions {
        let (is_old, _) = place(object);
        version(out, &section.name, !is_old, content);
        while let Some(wrap) = under.next_if(|wrap| wrap.version == *object) {
            put(out, format_args!("\n[[secret.\"{}\".version.wrap]]\n", section.name));
            wrap_content(out, wrap);
        }
    }
    section.wraps.values().filter(|wrap| is_alone(wrap)).for_each(|wrap| {
        wrap_beside(out, &section.name, wrap);
    });
}

/// What is left out of the file of a secret: a wrap's version may have stayed there.
pub(super) fn secret_beside(out: &mut String, section: &SecretSection) {
    section.versions.values().for_each(|content| version(out, &section.name, false, content));
    section.wraps.values().for_each(|wrap| wrap_beside(out, &section.name, wrap));
}

fn version(out: &mut String, name: &SecretName, is_active: bool, content: &VersionObject) {
    let VersionObject { author, origin, expires, commitment, ciphertext } = content;
    let active = if is_active { "active = true\n" } else { "" };
    put(
        out,
        format_args!(
            "\n[[secret.\"{name}\".version]]\n{active}author = \"{author}\"\norigin = \"{origin}\"\n"
        ),
    );
    if let Some(expires) = expires {
        put(out, format_args!("expires = {expires}\n"));
    }
    put(out, format_args!("commitment = \"{commitment}\"\nciphertext = \""));
    URL_SAFE_NO_PAD.encode_string(&ciphertext.0, out);
    out.push_str("\"\n");
}

fn wrap_beside(out: &mut String, name: &SecretName, wrap: &Wrap) {
    put(out, format_args!("\n[[secret.\"{name}\".wrap]]\nversion = \"{}\"\n", wrap.version));
    wrap_content(out, wrap);
}

fn wrap_content(out: &mut String, Wrap { audience, epoch, key, .. }: &Wrap) {
    put(out, format_args!("audience = \"{audience}\"\nepoch = \"{epoch}\"\n{} = \"", key.kind()));
    URL_SAFE_NO_PAD.encode_string(key.bytes(), out);
    out.push_str("\"\n");
}
