//! Whether a command runs in a job of a CI system, where no person is at work.
//!
//! Developers export some of these variables too, or say by them that there is no job: `CI=no`. In a
//! job the pin of an identity vouches for any place, so what is doubtful is none.

use crate::host::Host;

/// Variables that say so with `true` or `1`.
const FLAGS: [&str; 6] = ["CI", "GITHUB_ACTIONS", "GITLAB_CI", "CIRCLECI", "BUILDKITE", "TF_BUILD"];

/// Variables that a system gives a value of its own, each with those that only a running job has: the
/// address of a Jenkins is set for its command line, and `TEAMCITY_VERSION` by editors that run tests.
const MARKS: [(&str, &[&str]); 3] = [
    ("JENKINS_URL", &["BUILD_ID", "BUILD_NUMBER"]),
    ("TEAMCITY_VERSION", &["BUILD_NUMBER"]),
    ("BITBUCKET_BUILD_NUMBER", &["BITBUCKET_PIPELINE_UUID"]),
];

/// What Woodpecker sets `CI` to.
const WOODPECKER: &str = "woodpecker";

pub(crate) fn is_one(host: &dyn Host) -> bool {
    let is_flagged = |name: &&str| host.variable(name).is_some_and(|value| is_yes(&value));
    let is_set = |name: &str| host.variable(name).is_some_and(|value| !value.is_empty());
    let is_marked =
        |(name, beside): &(&str, &[&str])| is_set(name) && beside.iter().any(|other| is_set(other));
    let is_woodpecker = host.variable("CI").is_some_and(|value| value == WOODPECKER);
    is_woodpecker || FLAGS.iter().any(is_flagged) || MARKS.iter().any(is_marked)
}

fn is_yes(value: &std::ffi::OsStr) -> bool {
    value == "1" || value.eq_ignore_ascii_case("true")
}
