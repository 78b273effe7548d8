//! The canonical text of a vault file.

use super::armor;
use super::bucket::Parted;
use super::header::{CLOSED, WHOLE};
use crate::crypto::id::{ObjectId, SecretId, WrapId};
use crate::file::model::{AudienceSection, Header, SecretSection, VaultFile, VersionObject, Wrap};
use crate::log::closed::Closed;
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
    parted(&mut out, Parted::Secrets, &file.secrets, secret);
    out.push_str("\n[log]\nentries = '''\n");
    parted(&mut out, Parted::Log, &file.entries, |out, _, entry| whole_line(out, &entry.line()));
    out.push_str("'''\n");
    out
}

/// A first guess at the text's length, so that it seldom moves while it grows.
fn estimate(file: &VaultFile) -> usize {
    let objects = file.secrets.values().flat_map(|secret| secret.versions.values());
    let ciphertexts: usize = objects.map(|object| object.ciphertext.0.len() * 4 / 3 + 740).sum();
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

pub(super) fn secret(out: &mut String, id: &SecretId, section: &SecretSection) {
    put(out, format_args!("\n[secret.{id}]\nname = \"{}\"\nactive = [", section.name));
    for (position, object) in section.active.iter().enumerate() {
        let comma = if position == 0 { "" } else { ", " };
        put(out, format_args!("{comma}\"{object}\""));
    }
    out.push_str("]\n");
    for (object, content) in &section.versions {
        version(out, id, object, content);
    }
    for (wrap, content) in &section.wraps {
        one_wrap(out, id, wrap, content);
    }
}

fn version(out: &mut String, secret: &SecretId, object: &ObjectId, content: &VersionObject) {
    let VersionObject { author, origin, expires, uid, nonce, commitment, ciphertext } = content;
    put(
        out,
        format_args!(
            "\n[secret.{secret}.version.{object}]\nauthor = \"{author}\"\norigin = \"{origin}\"\n"
        ),
    );
    if let Some(expires) = expires {
        put(out, format_args!("expires = {expires}\n"));
    }
    put(
        out,
        format_args!(
            "uid = \"{uid}\"\nnonce = \"{nonce}\"\ncommitment = \"{commitment}\"\n\
             ciphertext = \""
        ),
    );
    URL_SAFE_NO_PAD.encode_string(&ciphertext.0, out);
    out.push_str("\"\n");
}

fn one_wrap(out: &mut String, secret: &SecretId, wrap: &WrapId, content: &Wrap) {
    let Wrap { version, audience, epoch, key } = content;
    put(
        out,
        format_args!(
            "\n[secret.{secret}.wrap.{wrap}]\nversion = \"{version}\"\naudience = \"{audience}\"\n\
             epoch = \"{epoch}\"\n{} = \"",
            key.kind()
        ),
    );
    URL_SAFE_NO_PAD.encode_string(key.bytes(), out);
    out.push_str("\"\n");
}
