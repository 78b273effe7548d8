//! Whether losing one device loses the vault.

use super::examined::Examined;
use super::finding::{DoctorCode, DoctorFinding};
use v_secure_core::people::owners;
use v_secure_core::policy::state::PolicyState;

pub fn check(examined: &Examined<'_>) -> Vec<DoctorFinding> {
    examined.vault().map(|vault| judge(vault.policy())).into_iter().collect()
}

fn judge(state: &PolicyState) -> DoctorFinding {
    let recipients: usize = state
        .owners()
        .filter_map(|owner| state.member(owner))
        .map(|owner| owner.recipients.len())
        .sum();
    if recipients <= 1 {
        let what = "one identity alone can open everything: if it is lost, so is the vault";
        return DoctorFinding::new(DoctorCode::RecoveryNone, what).mend("v-secure recovery new");
    }
    let keys: usize = state
        .owners()
        .filter_map(|owner| state.member(owner))
        .filter(|owner| !owner.keys.is_empty())
        .count();
    if owners::lacks_spare(state) {
        let what = format!(
            "{} owners must sign, and only {keys} can: one lost device ends every change of rights",
            state.threshold()
        );
        return DoctorFinding::new(DoctorCode::OwnersFew, what).mend("v-secure owner add MEMBER");
    }
    DoctorFinding::new(
        DoctorCode::RecoverySound,
        format!("{recipients} identities of owners open everything"),
    )
}
