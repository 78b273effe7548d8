//! Whether losing one device loses the vault.

use super::examined::Examined;
use super::finding::{DoctorCode, DoctorFinding};
use v_secure_core::people::loss;
use v_secure_core::people::loss::Loss;
use v_secure_core::policy::state::PolicyState;

pub fn check(examined: &Examined<'_>) -> Vec<DoctorFinding> {
    examined.vault().map(|vault| judge(vault.policy())).into_iter().collect()
}

/// What an owner's loss ends in besides is `policy review`'s to say.
fn judge(state: &PolicyState) -> DoctorFinding {
    for lost in loss::of(state) {
        match lost {
            Loss::OneIdentity => {
                return DoctorFinding::new(DoctorCode::RecoveryNone, lost.to_string())
                    .mend("v-secure recovery new");
            }
            Loss::FewOwners { .. } => {
                return DoctorFinding::new(DoctorCode::OwnersFew, lost.to_string())
                    .mend("v-secure owner add MEMBER");
            }
            Loss::OneOwner { .. } => {}
        }
    }
    let recipients = loss::identities(state);
    DoctorFinding::new(
        DoctorCode::RecoverySound,
        format!("{recipients} identities of owners open everything"),
    )
}
