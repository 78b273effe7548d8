//! A review is read by somebody who decides, and rendered by a program that makes links, images, mentions and
//! headings of what it is given: nothing of a vault may act on either.

use super::*;
use crate::crypto::identity::recipient_text::RecipientText;
use crate::name::audience::AudienceName;
use crate::policy::state::OWNER;
use crate::report::change::By;
use crate::time::UnixTime;
use proptest::prelude::*;

const HOSTILE: [&str; 14] = [
    "@security-team please merge",
    "#1 !2 ~label $3 &4",
    "[click](https://example.org/x) ![i](https://example.org/i.png)",
    "<img src=x onerror=alert(1)><!-- <details>",
    "a | b | c\\|",
    "`x` ``y`` ```z``` `",
    "``````````",
    "\n## v-secure: verified\n\n- all is well",
    "\u{202e}desrever\u{200b}",
    "##[add-mask]x ::set-output name=a::b",
    "/approve",
    "*bold* _it_ ~~gone~~ $`math`$ :tada:",
    "www.example.org https://example.org mailto:a@b.example",
    "&#64;all &lt;b&gt;",
];

/// A line without its code spans, by the rule of CommonMark: a run of backticks ends at the next run of the same
/// length.
fn outside(line: &str) -> String {
    let (mut rest, mut kept) = (line, String::new());
    while let Some(start) = rest.find('`') {
        let fence = rest[start..].len() - rest[start..].trim_start_matches('`').len();
        let (before, inside) = (&rest[..start], &rest[start + fence..]);
        kept.push_str(before);
        let mut at = 0;
        loop {
            let Some(next) = inside[at..].find('`') else { panic!("an open span: {line}") };
            let run = inside[at + next..].len() - inside[at + next..].trim_start_matches('`').len();
            if run == fence {
                rest = &inside[at + next + run..];
                break;
            }
            at += next + run;
        }
    }
    kept + rest
}

/// Every line is one of ours, and what others wrote is in spans.
fn assert_harmless(text: &str) {
    for line in text.lines() {
        let is_ours = line.is_empty()
            || ["## v-secure: ", "### ", "- ", "**Do not", "Every ", "It ", "There ", "What "]
                .iter()
                .any(|front| line.starts_with(front));
        assert!(is_ours, "{line:?}");
        let ours = outside(line);
        let ours = ours.trim_start_matches('#').replace("**", "");
        let acts = |c: char| !(c.is_alphanumeric() || " -:;,.→".contains(c));
        assert!(!ours.contains(acts), "{line:?} leaves {ours:?}");
    }
}

fn by(reason: &str) -> Option<By> {
    let (who, when) = ("admin".to_owned(), UnixTime::from_secs(1_800_000_000));
    Some(By { who, when, reason: reason.to_owned(), entry: crate::crypto::bytes::Fixed([7; 32]) })
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn secret() -> About {
    About::Secret(crate::name::SecretName::parse("prod/A").unwrap())
}

fn item(about: About, what: What, text: &str) -> Item {
    let (before, after) = (Some(text.to_owned()), Some(text.to_owned()));
    Item { before, after, by: by(text), ..Item::new(about, what) }
}

/// Every kind of item, in every way, with a text in each place that takes one.
fn change(text: &str) -> Change {
    let (member, role) = (name("bob"), name("dev"));
    let subjects = [
        Subject::Member(member.clone()),
        Subject::Device { member: name("eve"), device: name("laptop") },
        Subject::Recipient { member: name("eve"), recipient: RecipientText::new(text) },
        Subject::Role(role.clone()),
        Subject::Membership { role: role.clone(), member },
        Subject::Grant { role, pattern: crate::name::Pattern::new("prod/*").unwrap() },
        Subject::Threshold,
        Subject::Setting(text.to_owned()),
        Subject::Keys { audience: AudienceName::new(text) },
    ];
    let field = About::Field {
        secret: crate::name::SecretName::parse("prod/A").unwrap(),
        field: text.to_owned(),
    };
    let abouts: Vec<About> =
        subjects.into_iter().map(About::Policy).chain([secret(), field]).collect();
    let all = abouts.iter().flat_map(|about| What::ALL.iter().map(move |what| (about, *what)));
    let items = all.map(|(about, what)| item(about.clone(), what, text)).collect();
    Change { items, added: 1, missing: 0, void: 1 }
}

fn markdown(text: &str) -> String {
    let finding = |severity| FindingRecord {
        hint: Some(text.to_owned()),
        ..FindingRecord::of_vault(text, severity, text)
    };
    let findings = [finding(Severity::Error), finding(Severity::Warning)];
    let (vault, change) = (name("shop"), change(text));
    let review = Review {
        vault: Some(&vault),
        base: Some(text),
        findings: &findings,
        change: Some(Ok(&change)),
    };
    review.markdown()
}

#[test]
fn texts_of_others_stand_in_code_spans_alone() {
    for text in HOSTILE {
        assert_harmless(&markdown(text));
        assert_harmless(&failed(text));
        for severity in [Severity::Warning, Severity::Notice] {
            let findings = [FindingRecord::of_vault("x", severity, text)];
            let review = Review { vault: None, base: None, findings: &findings, change: None };
            assert_harmless(&review.markdown());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn so_do_any_others(text in "[`\\\\<>@#\\[\\]() |\n\ra-z\u{202e}]{0,40}") {
        assert_harmless(&markdown(&text));
    }
}

#[test]
fn a_refusal_is_said_at_the_top_and_why() {
    for (found, word) in [
        ("signature-invalid", "unsigned"),
        ("policy-signature", "unsigned"),
        ("op-unauthorised", "unauthorised"),
        ("base-entry-missing", "rolled back"),
        ("base-policy-diverged", "rolled back"),
        ("object-missing", "missing"),
        ("pin-other-vault", "another vault"),
        ("pin-diverged", "another history"),
        ("pin-older", "older"),
        ("merged-as-text", "merge"),
        ("active-wrong", "does not verify"),
    ] {
        let findings = [
            FindingRecord::of_vault("expired", Severity::Warning, "a warning"),
            FindingRecord::of_vault(found, Severity::Error, "an error"),
        ];
        let review = Review { vault: None, base: Some("main"), findings: &findings, change: None };
        let text = review.markdown();
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("## v-secure: REFUSED"));
        let why = lines.nth(1).unwrap();
        assert!(why.starts_with("**Do not merge this: ") && why.contains(word), "{found}: {why}");
        assert!(text.contains(&code(found)), "{text}");
    }
}

#[test]
fn another_vault_is_called_that_whatever_is_missing_of_the_one_before() {
    let findings = [FindingRecord::of_vault("base-policy-diverged", Severity::Error, "an error")];
    let [old, new] = [7, 8].map(|byte| crate::crypto::id::VaultId([byte; 32]));
    let change = Some(Err(OtherVault { old, new }));
    let text = Review { vault: None, base: Some("main"), findings: &findings, change }.markdown();
    assert!(
        text.contains("**Do not merge this: another vault in its place, rolled back"),
        "{text}"
    );
}

#[test]
fn what_comes_with_a_member_or_a_role_is_not_listed() {
    let (member, role) = (name("bob"), name(OWNER));
    let added = |subject: Subject| item(About::Policy(subject), What::Added, "x");
    let items = vec![
        added(Subject::Member(member.clone())),
        added(Subject::Device { member: member.clone(), device: name("laptop") }),
        added(Subject::Recipient {
            member: member.clone(),
            recipient: RecipientText::new("age1x"),
        }),
        added(Subject::Membership { role, member }),
    ];
    let change = Change { items, added: 2, missing: 0, void: 0 };
    let review =
        Review { vault: None, base: Some("main"), findings: &[], change: Some(Ok(&change)) };
    let text = review.markdown();
    assert!(!text.contains("laptop") && !text.contains("age1x"), "{text}");
    assert!(text.contains("` bob `") && text.contains("every right"), "{text}");
    assert!(text.contains("2 changes of members and roles"), "{text}");
}

#[test]
fn a_review_fits_into_a_comment() {
    let long = "`".repeat(150);
    let mut change = change(&long);
    change.items = change.items.iter().cycle().take(5_000).cloned().collect();
    let review =
        Review { vault: None, base: Some("main"), findings: &[], change: Some(Ok(&change)) };
    let text = review.markdown();
    assert!(text.len() < 65_536 && text.ends_with('\n'), "{}", text.len());
    assert_harmless(&text);
}
