//! Changes that wait for signatures of owners.

use super::examined::Examined;
use super::finding::{DoctorCode, DoctorFinding};
use crate::cli::people::proposals;

pub fn check(examined: &Examined<'_>) -> Vec<DoctorFinding> {
    let (Some(vault), Some(Ok(session))) = (examined.vault(), &examined.session) else {
        return Vec::new();
    };
    let Ok((views, more)) = proposals::all(session, vault) else {
        let what = "the folder of proposals beside the vault cannot be read";
        return vec![DoctorFinding::new(DoctorCode::ProposalsUnreadable, what)];
    };
    let own = examined.unlocked().map(|found| found.who.member());
    let mine = views
        .iter()
        .filter(|view| own.is_some_and(|own| vault.policy().is_owner(own) && view.waits_for(own)));
    let mine = mine.map(|view| {
        let what = "a change waits for your signature as an owner";
        let sign = format!("v-secure policy sign {}", view.proposal);
        DoctorFinding::new(DoctorCode::ProposalWaits, what).mend(&sign)
    });
    let over = views.iter().filter(|view| ["stale", "unfit", "unreadable"].contains(&view.state));
    let over = over.count();
    let over = (over > 0).then(|| {
        let what = format!("proposals that cannot be signed: {over}");
        DoctorFinding::new(DoctorCode::ProposalsOver, what).mend("v-secure policy proposals")
    });
    let more = more.then(|| {
        let what = "more proposals lie beside the vault than are looked at";
        DoctorFinding::new(DoctorCode::ProposalsUnreadable, what).mend("v-secure policy proposals")
    });
    mine.chain(over).chain(more).collect()
}
