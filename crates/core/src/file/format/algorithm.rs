//! Signatures of the chain under an algorithm that only a newer reader knows: looked for in the bytes,
//! before anything is judged, so that every reader says the same of what it cannot read.

use super::error::{Cause, Fault};
use memchr::{memchr, memchr_iter, memmem};

const BLOCK_END: &[u8] = b"'''";
const ENTRY: &[u8] = b"{\"seq\":";
const SIGNATURES: &[u8] = b",\"sigs\":[";
const KNOWN: &[u8] = b"ed25519";

/// Looks at the lines before the end of the first block, which is the chain.
pub(super) fn check(bytes: &[u8]) -> Result<(), Fault> {
    let mut at = 0;
    for end in memchr_iter(b'\n', bytes) {
        let line = &bytes[at..end];
        if line == BLOCK_END {
            return Ok(());
        }
        judge(line, at)?;
        at = end + 1;
    }
    // What is left has no line end.
    judge(&bytes[at..], at)
}

fn judge(line: &[u8], at: usize) -> Result<(), Fault> {
    let other = line.starts_with(ENTRY) && signed_otherwise(line).unwrap_or_default();
    if other { Err(Cause::AlgorithmUnknown.at(at)) } else { Ok(()) }
}

/// Whether a signature at the end of the line is under another algorithm; `None` if the line does not
/// end with signatures.
fn signed_otherwise(line: &[u8]) -> Option<bool> {
    let start = memmem::rfind(line, SIGNATURES)? + SIGNATURES.len();
    let mut rest = line.get(start..)?;
    let mut other = false;
    loop {
        text(&mut rest, b"{\"key\":\"")?;
        other |= text(&mut rest, b",\"alg\":\"")? != KNOWN;
        text(&mut rest, b",\"sig\":\"")?;
        match rest.strip_prefix(b"},") {
            Some(more) => rest = more,
            None => return (rest == b"}]}").then_some(other),
        }
    }
}

/// Takes `opening` and a text without escapes with its closing quote.
fn text<'a>(rest: &mut &'a [u8], opening: &[u8]) -> Option<&'a [u8]> {
    let after = rest.strip_prefix(opening)?;
    let (text, more) = after.split_at(memchr(b'"', after)?);
    *rest = &more[1..];
    (!text.contains(&b'\\')).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"seq":0,"sigs":[{"key":"K","alg":"ed25519","sig":"S"},{"key":"L","alg":"ed25519","sig":"S"}]}"#;

    fn newer(line: &str) -> bool {
        [format!("x\n{line}\n'''\n"), format!("x\n{line}")]
            .iter()
            .all(|text| check(text.as_bytes()).is_err())
    }

    #[test]
    fn another_algorithm_is_seen_whatever_else_is_wrong() {
        assert!(!newer(GOOD));
        for line in [
            GOOD.replacen("ed25519", "rsa", 1),
            GOOD.replace(r#""L","alg":"ed25519""#, r#""L","alg":"""#),
            GOOD.replacen("ed25519", "rsa", 1).replace("\"K\"", "\"?\""),
            GOOD.replacen("ed25519", "rsa", 1).replace("0,", "0,\"sigs\":[],nonsense,"),
        ] {
            assert!(newer(&line), "{line}");
        }
    }

    #[test]
    fn what_is_not_signatures_says_nothing() {
        let other = GOOD.replacen("ed25519", "rsa", 1);
        for line in [
            other.replacen("\"rsa\"", "1", 1),
            other.replacen("rsa", r"rs\u0061", 1),
            other.replacen("\"rsa\"", r#""rsa","x":"y""#, 1),
            other.replacen("seq", "sec", 1),
            format!("{other} "),
            other.replacen("},{", "}{", 1),
        ] {
            assert!(!newer(&line), "{line}");
        }
        let after = format!("'''\n{other}\n");
        assert!(check(after.as_bytes()).is_ok(), "after the chain");
    }
}
