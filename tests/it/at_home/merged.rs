//! Histories that were merged in, and folders that are used again.

use super::*;

/// The other project's history into the one that is checked out.
fn merge(olga: &Person, from: &str) {
    git(&olga.checkout(), &format!("fetch --quiet {from} main"));
    let how = "merge --quiet --allow-unrelated-histories -m merged FETCH_HEAD";
    git(&olga.checkout(), how);
}

#[test]
fn what_was_merged_in_before_the_first_use_after_the_first_commit_is_none_of_the_vaults_roots() {
    if !tools::has("git") {
        return;
    }
    for is_repository in [false, true] {
        let olga = maker();
        if is_repository {
            git(&olga.checkout(), "init --quiet -b main");
            olga.run("get prod/DB --trust-first-use").ok();
        }
        commit_all(&olga, ".");
        foreign(&olga, "../foreign");
        merge(&olga, "../foreign");
        git(&beside(&olga, "../foreign"), "clone --quiet . ../fresh");
        plant(&olga, "../fresh");
        is_asked_about(&olga, "../fresh");
        if is_repository {
            // Nor once it is used.
            olga.run("get prod/DB").ok();
            is_asked_about(&olga, "../fresh");
        }
    }
}

#[test]
fn accepting_what_is_there_takes_in_no_history_that_was_merged_in() {
    if !tools::has("git") {
        return;
    }
    let olga = committed();
    foreign(&olga, "../foreign");
    merge(&olga, "../foreign");
    olga.run("pin accept --yes").ok();
    git(&beside(&olga, "../foreign"), "clone --quiet . ../fresh");
    plant(&olga, "../fresh");
    is_asked_about(&olga, "../fresh");
    git(&olga.checkout(), "clone --quiet . ../clone");
    git(&olga.checkout(), "update-ref -d refs/remotes/origin/main");
    is_at_home(&olga, ".");
}

#[test]
fn a_folder_that_is_used_again_for_another_project_is_no_place_of_the_vault() {
    if !tools::has("git") {
        return;
    }
    for is_repository in [true, false] {
        let olga = if is_repository { committed() } else { maker() };
        foreign(&olga, "../foreign");
        plant(&olga, "../foreign");
        let bytes = fs::read(olga.vault()).unwrap();
        fs::remove_dir_all(olga.checkout()).unwrap();
        git(&olga.checkout().with_file_name("foreign"), "clone --quiet . ../checkout");
        for line in ["get prod/DB", "set prod/DB --generate", "exec -e prod -- true"] {
            let refused = olga.run(&format!("--json {line}"));
            assert_eq!(refused.error(), (1, "first-use".into()), "{line}");
            assert!(refused.err.contains("another folder that was here before"), "{}", refused.err);
        }
        olga.run("--trust-first-use get prod/DB").ok();
        assert_eq!(olga.run("get prod/DB").ok(), "genuine");
        assert_eq!(fs::read(olga.vault()).unwrap(), bytes);
    }
}

#[test]
fn a_repository_that_was_cloned_anew_into_its_folder_is_the_same_project() {
    if !tools::has("git") {
        return;
    }
    let olga = committed();
    git(&olga.checkout(), "clone --quiet --bare . ../server");
    fs::remove_dir_all(olga.checkout()).unwrap();
    git(&olga.checkout().with_file_name("server"), "clone --quiet . ../checkout");
    is_at_home(&olga, ".");
}
