//! Which identity is found where, whose it is, and who else can read it.

use super::examined::{Examined, VaultSearch};
use super::finding::{DoctorCode, DoctorFinding};
use crate::cli::door::context::Context;
use crate::cli::error::Failure;
use crate::cli::output::shell_word;
use crate::cli::unlocking::Attempt;
use crate::cli::unlocking::identities;
use crate::cli::unlocking::identities::Looked;
use v_secure_core::crypto::identity::recipient_text::RecipientText;
use v_secure_core::vault::Vault;
use v_secure_core::vault::unlock::Unlocked;

pub fn check(examined: &Examined<'_>) -> Vec<DoctorFinding> {
    let context = examined.context;
    let mut findings = Vec::new();
    if let Some(Err(failure)) = &examined.session {
        findings.push(DoctorFinding::of_failure(DoctorCode::ConfigUnusable, failure));
    }
    let folders = [context.host.home_dir(), context.host.config_dir(), context.host.state_dir()];
    if folders.contains(&None) {
        let what = "there is no home folder: nothing is found or kept there";
        findings.push(DoctorFinding::new(DoctorCode::HomeMissing, what).mend("export HOME=FOLDER"));
    }
    let looked = match identities::looked_at(context) {
        Ok(looked) => looked,
        Err(failure) => {
            if findings.iter().all(|found| found.code != DoctorCode::ConfigUnusable.as_str()) {
                findings.push(DoctorFinding::of_failure(DoctorCode::ConfigUnusable, &failure));
            }
            return findings;
        }
    };
    findings.extend(looked.iter().filter_map(exposed));
    findings.extend(looked.iter().filter_map(unusable));
    findings.extend(belongs(examined, &looked));
    findings
}

fn exposed(looked: &Looked) -> Option<DoctorFinding> {
    let exposed = looked.exposed.as_ref()?;
    let command = shell_word::on("chmod go=", &exposed.path);
    let what = format!("{} can be read by other accounts", exposed.path.display());
    Some(DoctorFinding::new(DoctorCode::IdentityExposed, what).mend(command))
}

fn unusable(looked: &Looked) -> Option<DoctorFinding> {
    looked
        .identities
        .as_ref()
        .err()
        .map(|f: &Failure| DoctorFinding::of_failure(DoctorCode::IdentityUnusable, f))
}

/// Each way to unlock is tried without asking, in the order of all commands.
fn belongs(examined: &Examined<'_>, looked: &[Looked]) -> Vec<DoctorFinding> {
    let Some(vault) = examined.vault() else {
        return without_vault(examined, looked).into_iter().collect();
    };
    let (opened, attempts) = examined.tried(vault);
    let is_reported = |attempt: &Attempt| {
        looked.iter().any(|looked| looked.from == attempt.way && looked.identities.is_err())
    };
    let mut findings = match opened {
        Some(opened) => vec![member(vault, &opened.who, &opened.way)],
        None => vec![closed(examined.context, looked, attempts)],
    };
    if opened.is_some() {
        let passed = attempts.iter().filter(|attempt| !is_reported(attempt));
        findings.extend(passed.filter_map(|attempt| {
            let why = attempt.passed.as_deref()?;
            Some(DoctorFinding::new(DoctorCode::IdentityPassed, format!("{}: {why}", attempt.way)))
        }));
    }
    findings
}

/// Nothing opened the vault: it takes a passphrase, the keys are strangers', or there are none.
fn closed(context: &Context<'_>, looked: &[Looked], attempts: &[Attempt]) -> DoctorFinding {
    let identities: Vec<_> =
        looked.iter().filter_map(|looked| looked.identities.as_ref().ok()).flatten().collect();
    let request = "v-secure member request, and send the line that it prints to an owner";
    if attempts.len() > looked.len() || identities.iter().any(|identity| identity.is_locked()) {
        let tried = attempts
            .iter()
            .filter_map(|attempt| Some(format!("{}: {}", attempt.way, attempt.passed.as_deref()?)));
        let what = format!(
            "nothing here opens the vault without asking: {}",
            tried.collect::<Vec<_>>().join("; ")
        );
        return DoctorFinding::new(DoctorCode::IdentityClosed, what).mend("v-secure unlock");
    }
    if identities.is_empty() {
        let mut what = "there is no identity to open the vault with".to_owned();
        if let Some(name) = identities::empty_variables(context).first() {
            what.push_str(&format!(" ({name} is set, and empty)"));
        }
        return DoctorFinding::new(DoctorCode::IdentityMissing, what).mend(request);
    }
    let recipients: Vec<RecipientText> =
        identities.iter().map(|identity| identity.recipient()).collect();
    let what = format!("no member of the vault has {}", recipients.join(" or "));
    DoctorFinding::new(DoctorCode::IdentityStranger, what).mend(request)
}

fn without_vault(examined: &Examined<'_>, looked: &[Looked]) -> Option<DoctorFinding> {
    let usable = looked.iter().any(|looked| looked.identities.is_ok());
    (matches!(examined.place, VaultSearch::Nowhere) && !usable).then(|| {
        DoctorFinding::new(DoctorCode::IdentityNone, "there is no identity yet; init makes one")
    })
}

fn member(vault: &Vault, who: &Unlocked, from: &str) -> DoctorFinding {
    let member = who.member();
    if !who.needs_nobody() {
        let what =
            format!("you are {member}, by {from}, whose plugin is not asked for anything now");
        return DoctorFinding::new(DoctorCode::IdentityFound, what);
    }
    match who.signer(vault) {
        Ok(signer) => DoctorFinding::new(
            DoctorCode::IdentityFound,
            format!("you are {member}, on the device {}, by {from}", signer.device),
        ),
        Err(error) => {
            let what = format!("you are {member}, by {from}; {error}");
            let request = format!("v-secure member request {member}");
            DoctorFinding::new(DoctorCode::IdentityReadsOnly, what).mend(request)
        }
    }
}
