//! Current values that are known to somebody who may not read them any more.

use super::examined::Examined;
use super::finding::{DoctorCode, DoctorFinding};
use crate::cli::people::exposure;
use crate::cli::people::policy::count;

pub fn check(examined: &Examined<'_>) -> Vec<DoctorFinding> {
    let Some(vault) = examined.vault() else { return Vec::new() };
    let secrets = exposure::secrets(examined.context, vault).unwrap_or(0);
    if secrets == 0 {
        return Vec::new();
    }
    let what = format!("known to somebody without the right to read them: {}", count(secrets));
    vec![DoctorFinding::new(DoctorCode::SecretsExposed, what).mend("v-secure exposed")]
}
