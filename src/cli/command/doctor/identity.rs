//! Which identity is found where, whose it is, and who else can read it.

use super::examined::{Examined, Place};
use super::finding::{Code, Finding};
use crate::cli::error::Failure;
use crate::cli::identities::{self, Looked};
use crate::cli::unlocking::{Tried, keyring, session};
use crate::ops::slot;
use crate::ops::unlock::Unlocked;
use crate::ops::vault::Vault;

pub fn check(examined: &Examined<'_>) -> Vec<Finding> {
    let context = examined.context;
    let mut findings = Vec::new();
    if let Some(Err(failure)) = &examined.session {
        findings.push(Finding::of_failure(Code::ConfigUnusable, failure));
    }
    if context.host.home_dir().is_none() || context.host.config_dir().is_none() {
        let what = "there is no home folder: nothing is found or kept there";
        findings.push(Finding::new(Code::HomeMissing, what).mend("export HOME=FOLDER"));
    }
    let looked = match identities::looked_at(context) {
        Ok(looked) => looked,
        Err(failure) => {
            if findings.iter().all(|found| found.code != Code::ConfigUnusable.as_str()) {
                findings.push(Finding::of_failure(Code::ConfigUnusable, &failure));
            }
            return findings;
        }
    };
    findings.extend(looked.iter().filter_map(exposed));
    findings.extend(looked.iter().filter_map(unusable));
    findings.extend(belongs(examined, looked));
    findings
}

fn exposed(looked: &Looked) -> Option<Finding> {
    let exposed = looked.exposed.as_ref()?;
    let command = format!("chmod go= {}", exposed.path.display());
    let what = format!("{} can be read by other accounts", exposed.path.display());
    Some(Finding::new(Code::IdentityExposed, what).mend(command))
}

fn unusable(looked: &Looked) -> Option<Finding> {
    looked
        .identities
        .as_ref()
        .err()
        .map(|f: &Failure| Finding::of_failure(Code::IdentityUnusable, f))
}

/// The first place whose identities belong to a member, in the order that commands try them.
fn belongs(examined: &Examined<'_>, looked: Vec<Looked>) -> Option<Finding> {
    let Some(vault) = examined.vault() else {
        return without_vault(examined, &looked);
    };
    let mut recipients = Vec::new();
    for Looked { from, identities, .. } in looked {
        let Ok(identities) = identities else { continue };
        recipients.extend(identities.iter().map(|identity| identity.recipient()));
        if let Ok(who) = Unlocked::new(vault, identities) {
            return Some(member(vault, &who, &from));
        }
    }
    if let Some(found) = in_keyrings(examined, vault) {
        return Some(found);
    }
    if !slot::usable(vault, None).is_empty() {
        let what = "a passphrase opens the vault, and is asked for when it is needed";
        return Some(Finding::new(Code::IdentityFound, what));
    }
    if recipients.is_empty() {
        let what = "there is no identity to open the vault with";
        return Some(
            Finding::new(Code::IdentityMissing, what)
                .mend("v-secure member request, and send the line that it prints to an owner"),
        );
    }
    let what = format!("no member of the vault has {}", recipients.join(" or "));
    Some(
        Finding::new(Code::IdentityStranger, what)
            .mend("v-secure member request, and send the line that it prints to an owner"),
    )
}

/// Who a keyring says the user is, where no file does.
fn in_keyrings(examined: &Examined<'_>, vault: &Vault) -> Option<Finding> {
    let context = examined.context;
    if let Tried::Opened(who) = session::attempt(context, vault) {
        return Some(member(vault, &who, "v-secure unlock"));
    }
    match keyring::attempt(context, vault) {
        Tried::Opened(who) => Some(member(vault, &who, keyring::WAY)),
        _ => None,
    }
}

fn without_vault(examined: &Examined<'_>, looked: &[Looked]) -> Option<Finding> {
    let usable = looked.iter().any(|looked| looked.identities.is_ok());
    (matches!(examined.place, Place::Nowhere) && !usable)
        .then(|| Finding::new(Code::IdentityNone, "there is no identity yet; init makes one"))
}

fn member(vault: &Vault, who: &Unlocked, from: &str) -> Finding {
    let member = who.member();
    match who.signer(vault) {
        Ok(signer) => Finding::new(
            Code::IdentityFound,
            format!("you are {member}, on the device {}, by {from}", signer.device),
        ),
        Err(error) => {
            let what = format!("you are {member}, by {from}; {error}");
            let request = format!("v-secure member request {member}");
            Finding::new(Code::IdentityReadsOnly, what).mend(request)
        }
    }
}
