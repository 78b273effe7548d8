//! What age alone does for the same values and recipients: one file that holds all of them, decrypted
//! and encrypted again, and a file for each value.

use super::team::Team;
use super::{median, shown, timed};
use std::time::Duration;
use v_secure_core::crypto::envelope::{decrypt, encrypt};

/// Files of one value that are measured; the time for all is theirs, multiplied.
const SAMPLE: usize = 100;

pub fn report(team: &Team, verify: Duration) {
    let (values, recipients) = team.plain();
    let identity = [team.identity()];
    let again = |file: &[u8]| {
        let plain = decrypt(&identity, file, 64 << 20).expect("the values");
        encrypt(&recipients, plain.expose()).expect("a file")
    };
    let all: Vec<u8> = values.iter().flat_map(|value| [value.expose(), b"\n"].concat()).collect();
    let one = encrypt(&recipients, &all).expect("a file");
    let (one, _) = median(|| timed(|| again(&one)));
    let sample = values.iter().take(SAMPLE);
    let each: Vec<Vec<u8>> =
        sample.map(|value| encrypt(&recipients, value.expose()).expect("a file")).collect();
    let (each, _) = median(|| timed(|| each.iter().map(|file| again(file)).collect::<Vec<_>>()));
    let each = each.mul_f64(team.secrets as f64 / SAMPLE.min(team.secrets) as f64);
    let ratio = |time: Duration| time.as_secs_f64() / verify.as_secs_f64();
    println!(
        "| age: one file of all values, encrypted anew | {} | | {:.2} |",
        shown(one),
        ratio(one)
    );
    println!(
        "| age: a file for each value, encrypted anew (by {SAMPLE} of them) | {} | | {:.2} |",
        shown(each),
        ratio(each)
    );
}
