//! Takes out of a text what differs from run to run: ids, keys, fingerprints, times.

/// Long runs of one letter are arguments that are too long.
const RUN: usize = 60;

pub fn text(text: &str) -> String {
    let mut normal = String::new();
    let mut word = String::new();
    for c in text.chars().chain(['\0']) {
        if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') {
            word.push(c);
            continue;
        }
        normal.push_str(&token(&word));
        word.clear();
        if c != '\0' {
            normal.push(c);
        }
    }
    // One id in sixty-four begins with a hyphen, and a shell gets that in quotes.
    times(&short_ids(&marks(&normal))).replace("'ID'", "ID")
}

/// Where an unfinished merge begins: records are in the order of their ids, so its line is one of several.
fn marks(text: &str) -> String {
    let lines =
        text.split('\n').map(|line| match line.split_once(": this is an unfinished merge") {
            Some((place, rest)) => {
                let place = place.trim_end_matches(|c: char| c.is_ascii_digit());
                format!("{place}N: this is an unfinished merge{rest}")
            }
            None => line.to_owned(),
        });
    lines.collect::<Vec<_>>().join("\n")
}

/// `recipient age1…`, without the end of the recipient; `device laptop KEY`; `--vouch ID`; `rotation ID`.
fn short_ids(text: &str) -> String {
    let lines = text.split('\n').map(|line| {
        let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        for at in 0..words.len() {
            let before = |back: usize| at.checked_sub(back).map_or("", |at| &words[at]);
            let (kind, option) = (before(2) == "device", before(1) == "--vouch");
            let body = words[at].trim_end_matches([':', ',']).to_owned();
            let end = words[at][body.len()..].to_owned();
            let is_rotation = before(1) == "rotation" && body.len() == 10;
            if kind && body.len() == 10 {
                words[at] = format!("KEY{end}");
            } else if body.strip_prefix("--rotation=").is_some_and(|id| id.len() == 10) {
                words[at] = format!("--rotation=ID{end}");
            } else if is_rotation || option && !body.contains('/') {
                words[at] = format!("ID{end}");
            } else if body.starts_with("age1…") {
                words[at] = format!("age1…{end}");
            }
        }
        words.join(" ")
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn token(word: &str) -> String {
    let words: Vec<&str> = word.split('-').collect();
    let lower = |part: &&str| part.len() > 2 && part.bytes().all(|b| b.is_ascii_lowercase());
    // Eight words may have the length of an id.
    if words.len() >= 8 && words.iter().all(lower) {
        "WORDS".into()
    } else if word.len() == 43 {
        "ID".into()
    } else if is_slot(word) {
        "SLOT".into()
    } else if word.len() == 64 && word.bytes().all(|b| b.is_ascii_hexdigit()) {
        "HEX".into()
    } else if word.len() > RUN && word.bytes().all(|b| b == b'x') {
        "xxx…".into()
    } else if word.starts_with("age1") {
        "age1…".into()
    } else if word.starts_with("v-secure-request-") {
        "v-secure-request-…".into()
    } else {
        word.to_owned()
    }
}

/// The 16 bytes that name a slot: letters of both cases, which no word of a message has.
fn is_slot(word: &str) -> bool {
    let has = |is: fn(&u8) -> bool| word.bytes().any(|b| is(&b));
    word.len() == 22 && has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase)
}

/// `2026-11-25T07:25:31Z` as `TIME`.
fn times(text: &str) -> String {
    let is_time = |text: &str| {
        text.len() == 20
            && text.bytes().enumerate().all(|(at, b)| match at {
                4 | 7 => b == b'-',
                10 => b == b'T',
                13 | 16 => b == b':',
                19 => b == b'Z',
                _ => b.is_ascii_digit(),
            })
    };
    let mut parts = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        match rest.get(..20).filter(|start| is_time(start)) {
            Some(_) => {
                parts.push_str("TIME");
                rest = &rest[20..];
            }
            None => {
                parts.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_the_same_in_quotes() {
        let id = "A".repeat(42);
        let lines = [format!("renew -{id}"), format!("renew '-{id}'"), format!("renew B{id}")];
        assert!(lines.iter().all(|line| text(line) == "renew ID"));
    }
}
