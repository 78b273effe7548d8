//! Where rotations are published, as `rotation.via` says it (`docs/format.md`, Settings).

use crate::name::Name;
use std::fmt;

/// Where a rotation is published before a provider is called for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Via {
    /// By a push to a ref, which takes nothing that does not follow what is there.
    Git {
        /// As `git remote` lists it.
        remote: String,
        /// In full: of other refs than branches some are not pushed again, or not fetched by others.
        reference: String,
    },
    /// By the file of one device, which alone rotates.
    Device { member: Name, device: Name },
}

impl Via {
    pub(super) fn parse(value: &str) -> Option<Self> {
        match value.split_once(' ')? {
            ("git", rest) => {
                let (remote, reference) = rest.split_once(' ')?;
                let remote = Name::new(remote).ok()?.to_string();
                is_branch(reference).then(|| Self::Git { remote, reference: reference.to_owned() })
            }
            ("device", rest) => {
                let (member, device) = rest.split_once('/')?;
                let [member, device] = [Name::new(member).ok()?, Name::new(device).ok()?];
                Some(Self::Device { member, device })
            }
            _ => None,
        }
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Git { remote, reference } => write!(f, "git {remote} {reference}"),
            Self::Device { member, device } => write!(f, "device {member}/{device}"),
        }
    }
}

/// Whether git takes a text as the full name of a branch (`git help check-ref-format`).
fn is_branch(text: &str) -> bool {
    let is_forbidden = |byte: u8| byte <= b' ' || byte == 0x7f || b"~^:?*[\\".contains(&byte);
    let is_name = |name: &str| name != "HEAD" && name.split('/').all(is_component);
    text.strip_prefix("refs/heads/").is_some_and(is_name)
        && !text.bytes().any(is_forbidden)
        && !text.contains("..")
        && !text.contains("@{")
        && !text.ends_with('.')
}

fn is_component(text: &str) -> bool {
    !text.is_empty() && !text.starts_with('.') && !text.ends_with(".lock")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remote_and_a_ref_or_a_member_and_a_device() {
        for good in [
            "git origin refs/heads/main",
            "git up.stream-2 refs/heads/v-secure/rotations",
            "git origin refs/heads/HEAD/x",
            "git origin refs/heads/é@1",
            "git origin refs/heads/-a",
            "device olga/laptop",
            "device ci.1/run-2",
        ] {
            assert_eq!(Via::parse(good).map(|via| via.to_string()), Some(good.to_owned()));
        }
        for bad in [
            "",
            "git",
            "git origin",
            "git origin main",
            "git  origin refs/heads/main",
            "git origin refs/heads/main ",
            "git -o refs/heads/main",
            "git ../other refs/heads/main",
            "git https://x refs/heads/main",
            "Git origin refs/heads/main",
            "server",
            "device olga",
            "device olga/",
            "device /laptop",
            "device olga/a/b",
            "device -a/b",
            "devices olga/laptop",
        ] {
            assert_eq!(Via::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn refs_are_branches_that_git_takes_in_full() {
        for bad in [
            "refs",
            "refs/",
            "refs//main",
            "/refs/heads/main",
            "refs/heads/",
            "refs/heads/main/",
            "heads/main",
            "-refs/heads/main",
            "refs/heads/a..b",
            "refs/heads/.a",
            "refs/.heads/a",
            "refs/heads/a.lock",
            "refs/a.lock/b",
            "refs/heads/a.",
            "refs/heads/a@{1}",
            "refs/heads/a b",
            "refs/heads/a\tb",
            "refs/heads/a\u{7f}",
            "refs/heads/a~1",
            "refs/heads/a^",
            "refs/heads/a:b",
            "refs/heads/a?",
            "refs/heads/*",
            "refs/heads/a[",
            "refs/heads/a\\b",
            "refs/heads/HEAD",
            "refs/heads",
            "refs/x",
            "refs/tags/rot",
            "refs/replace/a",
            "refs/remotes/origin/main",
            "refs/v-secure/rotations",
            "refs/headsx/main",
            "refs/Heads/main",
        ] {
            assert!(!is_branch(bad), "{bad:?}");
        }
    }
}
