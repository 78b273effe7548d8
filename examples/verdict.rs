//! Verifies a vault file by the library alone and prints what `audit verify --json --state` prints of
//! it: no pins, no folders, no git. For `tests/interop/agree.py`.
//!
//! `verdict FILE`: exit 0, 6 if the file is refused, 7 if git left it so, 1 if it needs a newer version or is not
//! there.

use serde_json::{Value, json};
use std::process::ExitCode;
use v_secure_core::file::format::{ReadScope, Trust, parse};
use v_secure_core::file::unmerged;
use v_secure_core::merge::blended;
use v_secure_core::policy::chain::{Chain, ChainSignatures};
use v_secure_core::time::UnixTime;
use v_secure_core::verify::{VerifyOptions, verify};

const REFUSED: u8 = 6;
const CONFLICT: u8 = 7;
const NOW: UnixTime = UnixTime::from_secs(0);

fn main() -> ExitCode {
    let Some(bytes) = std::env::args_os().nth(1).and_then(|path| std::fs::read(path).ok()) else {
        eprintln!("usage: verdict FILE");
        return ExitCode::FAILURE;
    };
    let (code, report) = judge(&bytes);
    println!("{report}");
    ExitCode::from(code)
}

fn refused(code: &str, message: String) -> Value {
    let findings = json!([{ "code": code, "severity": "error", "message": message }]);
    json!({ "verdict": "refused", "findings": findings })
}

/// As the program does: what git left is told from the rest.
fn judge(bytes: &[u8]) -> (u8, Value) {
    if unmerged::sides(bytes).is_some() {
        eprintln!("{}", json!({ "error": { "code": "unmerged" } }));
        return (CONFLICT, json!({}));
    }
    let (code, report) = strictly(bytes);
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    if code == REFUSED && blended::is_blended(text, NOW) {
        return (CONFLICT, refused("merged-as-text", "git merged the file as text".to_owned()));
    }
    (code, report)
}

fn strictly(bytes: &[u8]) -> (u8, Value) {
    let file = match parse(bytes, Trust::Strict, ReadScope::All) {
        Ok(file) => file,
        Err(error) if error.needs_newer() => {
            return (
                1,
                json!({ "verdict": "needs-newer", "findings": [{ "code": error.code() }] }),
            );
        }
        Err(error) => return (REFUSED, refused(error.code(), error.to_string())),
    };
    let chain = match Chain::build(&file.chain, ChainSignatures::Check) {
        Ok(chain) => chain,
        Err(error) => return (REFUSED, refused(error.code(), error.to_string())),
    };
    let report = verify(&file, &chain, VerifyOptions::all(NOW));
    let findings: Vec<Value> = report
        .findings
        .iter()
        .map(|f| {
            json!({ "code": f.code.as_str(), "severity": f.severity.as_str(), "message": f.message })
        })
        .collect();
    let state: serde_json::Map<_, _> = report
        .state
        .secrets
        .iter()
        .map(|(name, secret)| {
            let current = secret.current.map(|id| id.to_string());
            let candidates: Vec<_> = secret.candidates.iter().map(ToString::to_string).collect();
            let fields: serde_json::Map<_, _> = secret
                .fields
                .iter()
                .filter_map(|(key, register)| Some((key.clone(), register.value.clone()?.into())))
                .collect();
            let stated = json!({ "current": current, "candidates": candidates, "fields": fields });
            (name.to_string(), stated)
        })
        .collect();
    let (code, verdict) = if report.has_errors() { (REFUSED, "refused") } else { (0, "ok") };
    (code, json!({ "verdict": verdict, "findings": findings, "state": state }))
}
