//! Which controls of two common standards an action is evidence for: SOC 2 (Trust Services Criteria,
//! 2017) and ISO/IEC 27001:2022, Annex A.
//!
//! A fixed list, for auditors who look for evidence by control. It says where a row belongs, and
//! nothing about whether anybody complies: that takes an auditor.

/// The controls, each as `STANDARD:CONTROL`; empty for an action that is not known.
pub fn of(action: &str) -> &'static [&'static str] {
    match action {
        // Credentials that are made, changed and brought back.
        "put" | "pending" | "rollout" | "abort" | "retire" | "promote" | "resolve" | "restore" => {
            &["SOC2:CC6.1", "ISO27001:A.5.17", "ISO27001:A.8.15"]
        }
        "field" | "checkpoint" | "join" => &["ISO27001:A.8.15"],
        "remove" | "expire" | "prune" => &["SOC2:CC6.1", "ISO27001:A.8.10", "ISO27001:A.8.15"],
        // Keys.
        "rewrap" | "epoch" | "reseal" => &["SOC2:CC6.1", "ISO27001:A.8.24", "ISO27001:A.8.15"],
        "key-add" | "key-remove" | "recipient-add" | "recipient-remove" => {
            &["SOC2:CC6.1", "SOC2:CC6.2", "ISO27001:A.5.17", "ISO27001:A.8.24", "ISO27001:A.8.15"]
        }
        // People.
        "member-add" | "member-remove" => {
            &["SOC2:CC6.2", "ISO27001:A.5.16", "ISO27001:A.5.18", "ISO27001:A.8.15"]
        }
        "role-add" | "role-remove" | "role-join" | "role-leave" | "grant" | "revoke" => {
            &["SOC2:CC6.3", "ISO27001:A.5.15", "ISO27001:A.5.18", "ISO27001:A.8.15"]
        }
        // The rules themselves.
        "vault" | "setting" | "rebase" | "threshold" => {
            &["SOC2:CC8.1", "ISO27001:A.8.9", "ISO27001:A.8.32", "ISO27001:A.8.15"]
        }
        _ => &[],
    }
}

/// The controls for a value given out, whatever for.
pub const OF_READS: &[&str] = &["SOC2:CC6.1", "ISO27001:A.5.15", "ISO27001:A.8.15"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::history;

    #[test]
    fn every_action_is_evidence_of_logging_and_an_unknown_one_of_nothing() {
        for action in history::actions() {
            assert!(of(action).contains(&"ISO27001:A.8.15"), "{action}");
        }
        assert!(of("dance").is_empty());
    }
}
