//! The vault that everything hostile is added to: an owner's, with a member that may write and
//! nothing else.

use crate::synthetic::{NOW, Size, Synthetic, open};
use std::error::Error;
use std::fs;
use std::path::Path;
use v_secure::host::progress::Silent;
use v_secure::host::real::RealHost;
use v_secure_core::crypto::identity::recipient_text::RecipientText;
use v_secure_core::crypto::identity::{
    Identity, generate_identity, parse_identities, parse_identity,
};
use v_secure_core::crypto::sign::SigningKey;
use v_secure_core::file::device_key::new_device_key;
use v_secure_core::file::format;
use v_secure_core::file::format::Trust;
use v_secure_core::keys::policy_change;
use v_secure_core::log::draft::Tips;
use v_secure_core::log::entry::Entry;
use v_secure_core::name::{Name, Pattern};
use v_secure_core::policy::op::{MemberAdd, MemberKind, PolicyOp, Right};
use v_secure_core::secret_value::SecretValue;
use v_secure_core::vault::author::Ctx;
use v_secure_core::vault::unlock::Unlocked;
use v_secure_core::vault::{Depth, Vault};

const FILE: &str = ".v-secure/vault.toml";
const OWNER: &str = "identity.txt";
const MEMBER: &str = "member.txt";

/// What a case starts from.
pub struct Start {
    pub vault: Vault,
    /// The member's.
    pub key: SigningKey,
    /// An entry of the owner's, whose signature holds.
    pub entry: Entry,
    pub tips: Tips,
}

impl Start {
    pub fn read(folder: &Path) -> Result<Self, Box<dyn Error>> {
        let text = fs::read_to_string(folder.join(FILE))?;
        let vault = open(&text, Trust::Strict, Depth::Everything);
        let member = SecretValue::new(fs::read(folder.join(MEMBER))?);
        let who = Unlocked::new(&vault, parse_identities(&member)?)?;
        let key = who.signer(&vault)?.key;
        let entry = vault.file().entries.values().next().ok_or("no entry")?.clone();
        let tips = vault.tips();
        Ok(Self { vault, key, entry, tips })
    }
}

/// Makes the vault, and the identities of both.
pub fn write(folder: &Path) -> Result<(), Box<dyn Error>> {
    let made = Synthetic::make(Size { secrets: 20, entries: 40, puts_per_entry: 1 });
    let vault = open(&made.text, Trust::Strict, Depth::Everything);
    let member = generate_identity();
    let vault = admit(vault, parse_identity(&made.identity.text)?, &member.recipient)?;
    fs::create_dir_all(folder.join(".v-secure"))?;
    fs::write(folder.join(FILE), format::write(vault.file()))?;
    // Keys for nothing but made-up values, in a folder that the caller named.
    for (file, identity) in [(OWNER, &made.identity), (MEMBER, &member)] {
        fs::write(folder.join(file), [identity.text.expose(), b"\n"].concat())?;
    }
    Ok(())
}

fn admit(
    vault: Vault,
    owner: Identity,
    recipient: &RecipientText,
) -> Result<Vault, Box<dyn Error>> {
    let (member, role, device) = (Name::new("mel")?, Name::new("writer")?, Name::new("laptop")?);
    let id = vault.id();
    let (key, _) = new_device_key(&RealHost, Some(&id), &member, &device, recipient)?;
    let pattern = Pattern::new("default/*")?;
    let (kind, recipients) = (MemberKind::User, vec![recipient.clone()]);
    let ops = vec![
        PolicyOp::RoleAdd { role: role.clone() },
        PolicyOp::grant(role.clone(), pattern, vec![Right::Write]),
        PolicyOp::MemberAdd(MemberAdd { member: member.clone(), kind, recipients, expires: None }),
        PolicyOp::KeyAdd(key),
        PolicyOp::role_join(role, member),
    ];
    let change = {
        let who = Unlocked::new(&vault, vec![owner])?;
        let signer = who.signer(&vault)?;
        let (random, progress) = (&RealHost, &Silent);
        let reason = "let the writer in".to_owned();
        let ctx = Ctx { who: &who, signer: &signer, random, now: NOW, reason, progress };
        policy_change::change(&vault, ops, &ctx)?.0
    };
    Ok(vault.apply(change)?)
}
