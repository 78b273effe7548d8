//! Whether a command runs in a job of a CI system, where no person is at work.

use crate::host::Host;

/// Variables that say so.
const CI: [&str; 9] = [
    "CI",
    "GITHUB_ACTIONS",
    "GITLAB_CI",
    "CIRCLECI",
    "BUILDKITE",
    "TF_BUILD",
    "JENKINS_URL",
    "TEAMCITY_VERSION",
    "BITBUCKET_BUILD_NUMBER",
];

pub fn is_one(host: &dyn Host) -> bool {
    let is_set =
        |name: &&str| host.variable(name).is_some_and(|value| value != "0" && value != "false");
    CI.iter().any(is_set)
}
