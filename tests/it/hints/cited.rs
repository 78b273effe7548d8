//! Hints that another test follows, and those that only another person or place can.

use std::fmt;
use v_secure_testkit::scene::repository;

pub struct Cited {
    /// `*` where what is asked for is the same with every code.
    pub code: &'static str,
    /// How the hint begins, or its text in the sources.
    pub hint: &'static str,
    pub by: By,
}

pub enum By {
    /// File in `tests/it` and function.
    Test(&'static str, &'static str),
    Reason(&'static str),
}

use By::{Reason, Test};

const fn cited(code: &'static str, hint: &'static str, by: By) -> Cited {
    Cited { code, hint, by }
}

const MERGE: By = Test("conflicts/mod.rs", "marks_that_were_committed_have_a_way_out_too");
const FETCHED: By =
    Test("clones.rs", "a_partial_clone_says_that_it_lacks_a_revisions_vault_and_how_to_fetch_it");
const HOOK: By =
    Test("closed_history/branches.rs", "the_hook_asks_for_the_history_of_the_staged_vault");
const BACK: By = Test(
    "closed_history/brought_back.rs",
    "what_brings_the_history_back_is_named_by_where_git_has_it_and_holds_anywhere",
);
const UNDONE: By = Test(
    "closed_history/brought_back.rs",
    "a_closing_whose_new_files_were_cleaned_away_is_undone_by_the_last_commit",
);
const GOING: By = Test(
    "closed_history/branches.rs",
    "history_that_would_go_with_a_commit_is_taken_from_the_last_one",
);
const LATE: By = Test(
    "closed_history/branches.rs",
    "after_a_late_merge_the_history_is_needed_until_the_next_closing",
);
const SIDES: By =
    Test("conflicts/mod.rs", "the_steps_out_of_a_conflict_lose_neither_side_and_pass_the_hook");
const BROKEN_SIDE: By =
    Test("conflicts/commits.rs", "a_merge_with_a_side_that_is_broken_is_not_committed_unseen");
const REVERT: By =
    Test("merging/mod.rs", "a_revert_and_a_pick_that_mean_something_else_are_refused");
const NO_COMMIT: By =
    Test("pruned_away.rs", "what_no_commit_has_is_said_and_the_merge_can_be_given_up");
const PARTIAL: By =
    Test("pruned_away.rs", "a_partial_clone_is_told_what_it_lacks_and_how_to_get_it");
const REORDERED: By = Test(
    "one_commit/by_itself.rs",
    "commits_of_one_branch_in_another_order_are_made_again_by_the_rebase",
);
const NO_OWNER: By =
    Test("policy_rebase/people.rs", "a_member_who_is_no_owner_is_told_how_to_leave_it_to_one");
const TAKEN_BACK: By =
    Test("one_commit/mod.rs", "a_value_that_is_taken_back_is_the_earlier_one_as_a_new_version");
const GIVEN_UP: By = Test(
    "one_commit/mod.rs",
    "a_revert_that_is_not_permitted_or_does_nothing_names_how_it_is_given_up",
);
const PICKED: By = Test(
    "one_commit/mod.rs",
    "a_picked_value_is_a_new_version_here_for_those_who_may_read_it_here",
);
const VALUES: By =
    Test("merging/mod.rs", "two_values_of_one_secret_are_both_kept_until_one_is_taken");
const LINE_ENDS: By =
    Test("line_ends.rs", "line_ends_that_git_changed_are_told_as_such_and_the_hints_mend_them");
const VOIDS: By =
    Reason("writers name every head of the log: crates/core/src/keys/policy_change/tests.rs");
const ALIKE: By =
    Reason("an RSA key made to end as another: crates/core/src/policy/vouching/credential.rs");
const KEYRING: By =
    Test("keyring.rs", "init_without_a_keyring_or_a_word_on_recovery_makes_nothing");
const WAITING: By =
    Test("people/mod.rs", "what_a_change_could_not_give_keys_to_is_settled_by_who_can");
const EMPTY: By =
    Test("first_use.rs", "a_variable_that_is_empty_is_named_and_no_machine_asks_to_be_let_in");
const REQUEST: By = Reason(
    "a person on a terminal asks, who is let in by another: docs/people.md and tests/it/people.rs",
);
const TOO_LONG: By =
    Reason("no writer makes such a value: crates/core/src/crypto/seal/tests.rs opens one");
const AGAIN: By =
    Test("discarded.rs", "a_discarded_policy_change_is_named_and_one_command_leads_out");
const REBASED: By = Test(
    "owners/story.rs",
    "a_rebase_that_owners_would_have_to_sign_is_refused_and_its_changes_are_proposed",
);
const PROPOSING: By = Test("owners/story.rs", "every_command_that_needs_owners_proposes");
const PEOPLE: By = Reason("another person has to: who it is, is in the message");

#[rustfmt::skip]
pub const ALL: &[Cited] = &[
    cited("provider-ambiguous", "v-secure set {…}  # with a credential of its own", Test("at_provider/hints.rs", "two_secrets_with_one_credential_are_told_before_one_ends_the_others")),
    cited("unpublished", "git add .v-secure && git commit -m 'Secrets' -- .v-secure", Test("at_provider/published.rs", "what_was_rolled_back_here_alone_revokes_nothing_that_others_are_given")),
    cited("in-use", "v-secure secret rotation-status {…}", Test("at_provider/steps.rs", "a_value_that_is_set_again_by_hand_is_not_revoked")),
    cited("in-use", "v-secure secret rollback {…} --version NUMBER  # to that one", Test("at_provider/steps.rs", "a_value_that_is_set_again_by_hand_is_not_revoked")),
    cited("unpublished", "v-secure git install  # once: git then merges vaults by their records", Test("at_provider/published.rs", "what_was_rolled_back_here_alone_revokes_nothing_that_others_are_given")),
    cited("unpublished", "git pull --no-rebase {…} {…}", Test("at_provider/published.rs", "what_was_rolled_back_here_alone_revokes_nothing_that_others_are_given")),
    cited("unpublished", "git push {…} HEAD:{…}", Test("at_provider/published.rs", "what_was_rolled_back_here_alone_revokes_nothing_that_others_are_given")),
    cited("credential-inactive", "v-secure set {…}  # with a value that works there", Test("at_provider/leading.rs", "what_settling_cannot_do_does_not_name_settling")),
    cited("credential-inactive", "v-secure secret versions {…}", Test("at_provider/steps.rs", "settling_brings_the_provider_to_what_was_set_by_hand")),
    cited("credential-inactive", "v-secure rotation settle {…} --set  # has the provider take it", Test("at_provider/steps.rs", "settling_brings_the_provider_to_what_was_set_by_hand")),
    cited("rotation-open", "v-secure secret rotate {…} --resume --to 50%", Test("at_provider/steps.rs", "a_share_is_served_and_taken_back_or_promoted_as_somebody_says")),
    cited("rotation-open", "v-secure rotation promote {…}  # for all", Test("at_provider/steps.rs", "a_share_is_served_and_taken_back_or_promoted_as_somebody_says")),
    cited("not-retired", "v-secure audit log --secret-id {…}", Reason("whose clock it was shows the time that a record states")),
    cited("not-retired", "v-secure rotation retire {…} --by-hand  # once it was revoked there", Test("at_provider/rights.rs", "a_foreign_value_holds_up_the_retirement_of_no_other")),
    cited("provider-unfit", "v-secure secret rotate {…}{…} --accept-orphans", Test("at_provider/hints.rs", "a_provider_that_lacks_something_is_told_by_name")),
    cited("provider-unclear", "v-secure rotation retire {…}", Test("at_provider/hints.rs", "each_way_in_which_a_provider_fails_has_a_code_and_a_step_that_leads_on")),
    cited("provider-unclear", "v-secure secret rotation-status {…}", Test("at_provider/hints.rs", "each_way_in_which_a_provider_fails_has_a_code_and_a_step_that_leads_on")),
    cited("not-permitted", "v-secure access list  # who may write it", Test("at_provider/rights.rs", "who_may_not_read_a_secret_chooses_no_credential_of_it")),
    cited("provider-missing", "v-secure settings set provider.NAME.serves {…}", Test("at_provider/hints.rs", "two_secrets_with_one_credential_are_told_before_one_ends_the_others")),
    cited("bad-value", "--jitter 10m", Test("at_provider/hints.rs", "a_value_is_neither_given_nor_dated_where_a_provider_has_it")),
    cited("bad-value", "--overlap 24h", Test("at_provider/steps.rs", "a_new_credential_works_before_it_is_current_and_the_old_one_ends_afterwards")),
    cited("not-retired", "date -u  # and the provider's clock beside it", Reason("another machine's clock")),
    cited("not-permitted", "v-secure access list  # see whether {…} is to read {…}", Test("at_provider/rights.rs", "who_may_not_read_a_secret_chooses_no_credential_of_it")),
    cited("provider-unfit", "v-secure provider list", Test("at_provider/hints.rs", "a_provider_that_lacks_something_is_told_by_name")),
    cited("not-permitted", "v-secure rotation retire {…} --by-hand  # once it is aborted: no provider was given it", Test("at_provider/rights.rs", "who_may_not_read_a_secret_chooses_no_credential_of_it")),
    cited("usage", "v-secure rotation retire {…} --by-hand --version VERSION  # where it was revoked by hand", Test("at_provider/hints.rs", "a_value_is_neither_given_nor_dated_where_a_provider_has_it")),
    cited("not-retired", "v-secure rotation retire {…} --wait", Test("at_provider/steps.rs", "an_overlap_is_kept_and_a_run_ends_what_is_over")),
    cited("credential-inactive", "v-secure rotation settle {…}", Test("at_provider/steps.rs", "settling_brings_the_provider_to_what_was_set_by_hand")),
    cited("credential-unknown", "v-secure provider list  # see whether it is reached, and run the command again", Test("at_provider/hints.rs", "what_a_provider_cannot_tell_is_no_word_against_a_value")),
    cited("usage", "v-secure secret rotate {…} --resume --to 50%", Test("at_provider/steps.rs", "without_a_provider_or_a_place_what_is_about_one_is_refused")),
    cited("provider-unclear", "v-secure secret rotate {…} --resume", Test("at_provider/hints.rs", "each_way_in_which_a_provider_fails_has_a_code_and_a_step_that_leads_on")),
    cited("usage", "v-secure set {…} && v-secure rotation settle {…} --set  # where it is given all the same", Test("at_provider/steps.rs", "settling_brings_the_provider_to_what_was_set_by_hand")),
    cited("provider-missing", "v-secure settings set provider.{…}.endpoint HOST:PORT/DATABASE", Test("at_provider/hints.rs", "settings_that_are_not_whole_are_named_at_once")),
    cited("provider-ambiguous", "v-secure settings set provider.{…}.serves PATTERNS", Test("at_provider/steps.rs", "without_a_provider_or_a_place_what_is_about_one_is_refused")),
    cited("provider-missing", "v-secure settings set provider.{…}.{…} VALUE", Test("at_provider/hints.rs", "settings_that_are_not_whole_are_named_at_once")),
    cited("rotation-unplaced", "v-secure settings set rotation.via 'git origin refs/heads/main'", Test("at_provider/clones.rs", "another_clone_goes_on_with_what_one_published_and_left")),
    cited("not-published-here", "v-secure settings set rotation.via 'device {…}'  # if this one is to rotate alone", Test("at_provider/hints.rs", "where_rotations_are_published_is_said_with_its_own_names")),
    cited("unpublished", "v-secure settings set rotation.via 'git {…} {…}'  # where {…} takes no pushes", Test("at_provider/clones.rs", "a_branch_that_takes_no_pushes_has_another_one_beside_it")),
    cited("provider-missing", "v-secure settings set provider.{…}.{…} {…}", Test("at_provider/hints.rs", "settings_that_are_not_whole_are_named_at_once")),
    cited("rotation-unplaced", "v-secure settings set rotation.via 'device {…}'  # where one machine rotates alone", Test("at_provider/hints.rs", "where_rotations_are_published_is_said_with_its_own_names")),
    cited("provider-unfit", "v-secure settings set rotation.via 'device MEMBER/DEVICE'  # where one machine rotates alone", Test("at_provider/steps.rs", "a_new_credential_works_before_it_is_current_and_the_old_one_ends_afterwards")),
    cited("base-not-fetched", "git -C {…} cat-file -e {…}  # fetches it; then the same again", FETCHED),
    cited("section-unexpected", "where an unreleased build wrote it, that build reads it: v-secure export there, and v-secure import here", Test("mistakes.rs", "a_vault_in_the_form_of_an_earlier_build_is_refused_and_told_as_such")),
    cited("unpublished", "git config --replace-all remote.{…}.pushurl \"$(git remote get-url {…})\"", Test("publishing/failures.rs", "a_remote_that_is_pushed_elsewhere_is_asked_for_nothing")),
    cited("policy-diverged", "git fetch {…} {…} && v-secure policy rebase FETCH_HEAD", Test("publishing/failures.rs", "policies_that_parted_are_refused_with_the_way_out")),
    cited("vault-full", "v-secure prune", Reason("256 MiB of a vault")),
    cited("line-too-long", "make it in several changes, each of less", Reason("over 2 MiB in one line: src/engine/transaction.rs makes them")),
    cited("no-git", "install git", Reason("another program's affair")),
    cited("history-missing", "git add {…}  # which belongs to the vault", HOOK),
    cited("history-missing", "{…} checkout --ignore-skip-worktree-bits HEAD -- {…}  # as the last commit has it", GOING),
    cited("history-missing", "{…} checkout --ignore-skip-worktree-bits {…} -- {…}  # a commit that has it", BACK),
    cited("history-missing", "{…} checkout HEAD -- {…}  # from before the closing, with all of it; what was written since then is lost. Then: v-secure pin accept", UNDONE),
    cited("history-missing", "{…} fetch --all  # a commit of another clone may have it", Reason("where another clone has it")),
    cited("history-missing", "v-secure backup restore FILE  # or bring .v-secure/history from another copy of the vault", Test("closed_history/daily.rs", "a_backup_puts_back_what_is_damaged_with_the_vault_there_or_without")),
    cited("nothing-to-close", "v-secure history close --all", LATE),
    cited("owner-threshold", "commit and push .v-secure, so that the other owners get it", Test("owners/story.rs", "a_change_is_proposed_by_one_owner_and_completed_by_another")),
    cited("proposal-stale", "v-secure policy renew", Test("owners/story.rs", "a_proposal_that_the_policy_overtook_is_stale_and_made_anew")),
    cited("owner-threshold", "git switch -c again {…}  # that side stays whole", REBASED),
    cited("owner-threshold", "git merge --abort && git switch -c again REV  # the side that stays whole", Test("owners/story.rs", "a_merge_of_two_policies_keeps_one_side_whole_where_owners_must_sign")),
    cited("owner-threshold", "v-secure pin accept, where this clone had accepted the other side", REBASED),
    cited("owner-threshold", "the other side's commands again: what owners must sign is proposed", REBASED),
    cited("owner-threshold", "v-secure owner add {…}, after the same without --role owner", PROPOSING),
    cited("owner-threshold", "v-secure recovery new --out FILE", PROPOSING),
    cited("proposal", "v-secure policy renew", Reason("who leaves signed it by a program of their own: crates/core/src/proposal/tests.rs")),
    cited("locked", "v-secure identity show", Reason("a library signs by kept keys, the program by an identity: crates/core/src/proposal/tests.rs")),
    cited("proposal", "v-secure key status", Reason("the roles of the proposal's audiences are gone: a list")),
    cited("proposal-stale", "git pull", Reason("what the proposer knew of the log is on another branch: crates/core/src/proposal/judge.rs")),
    cited("keyring", "unlock the keyring of this session", Test("keyring.rs", "without_bus_share_or_unlocked_collection_it_is_locked_at_once")),
    cited("needs-newer", "install a newer v-secure", Reason("another program")),
    cited("recovery-undecided", "v-secure init --keyring", KEYRING),
    cited("no-keyring-slot", "v-secure keyring add", Test("keyring.rs", "a_slot_is_added_beside_an_identity_and_removed_when_that_is_safe")),
    cited("exists", "v-secure keyring show", Test("keyring.rs", "a_slot_is_added_beside_an_identity_and_removed_when_that_is_safe")),
    cited("exists", "v-secure keyring remove", Test("keyring.rs", "a_slot_is_added_beside_an_identity_and_removed_when_that_is_safe")),
    cited("last-slot", "v-secure keyring remove --yes, if a recovery identity or another copy exists", Test("keyring.rs", "a_slot_is_added_beside_an_identity_and_removed_when_that_is_safe")),
    cited("locked", "owners who can let you in", PEOPLE),
    cited("not-permitted", "who can: {…}", PEOPLE),
    cited("not-permitted", "who can open it: {…}", PEOPLE),
    cited("unsettled", "who can settle it, by 'v-secure access settle' or a new value of {…}: {…}", PEOPLE),
    cited("no-audience", "ask one of these, who gives the keys by 'v-secure access settle': {…}", Test("leaving/mod.rs", "what_waits_for_keys_takes_no_value_until_somebody_able_renews_it")),
    cited("no-audience", "ask an owner, who gives the keys by: v-secure access settle", PEOPLE),
    cited("unsettled", "ask one of these, who gives the keys by 'v-secure access settle': {…}", WAITING),
    cited("unsettled", "ask one of these for it, who can: {…}", WAITING),
    cited("base-ambiguous", "v-secure diff {…}", Test("changed/between.rs", "what_cannot_be_compared_is_refused")),
    cited("base-other-vault", "v-secure --vault FILE pin show", Reason("it shows which vault the base is of")),
    cited("locked", "give {…} a value: an unset CI secret, or one that this job may not use, is empty", EMPTY),
    cited("locked", "V_SECURE_IDENTITY, with a key that an owner makes: v-secure member add NAME --service --new-identity", EMPTY),
    cited("exists", "v-secure", Test("comfort.rs", "who_is_in_the_vault_is_not_told_to_ask_for_it")),
    cited("exists", "v-secure, which shows it: you are a member", Test("comfort.rs", "who_is_in_the_vault_is_not_told_to_ask_for_it")),
    cited("vault-hidden", "git status, in that folder: its name cannot be shown as it is typed", Test("git_states.rs", "folders_whose_names_are_options_or_not_shown_as_they_are_lead_nobody_astray")),
    cited("not-permitted", "--only NAME,…  # the names of those that are wanted", Test("comfort.rs", "who_may_not_read_what_an_environment_inherits_is_told_that_it_does")),
    cited("*", "-e ", Test("comfort.rs", "a_key_that_reads_another_environment_is_told_which")),
    cited("fingerprint", "the line was changed on its way", PEOPLE),
    cited("declined", "if the words differ, the line was changed on its way: have it sent again", PEOPLE),
    cited("locked", "v-secure unlock", Test("session.rs", "what_was_unlocked_opens_without_the_identity_until_it_is_locked")),
    cited("words", "compare them with the paper", Test("recovery/mod.rs", "a_terminal_asks_for_the_words_without_showing_them")),
    cited("identity-syntax", "v-secure recovery test --words", Test("recovery/mod.rs", "a_terminal_asks_for_the_words_without_showing_them")),
    cited("no-terminal", "v-secure recovery new, for other words", Test("recovery/mod.rs", "a_terminal_shows_the_words_once_and_adds_them_only_when_they_are_kept")),
    cited("value-too-long", "keep it in an encrypted file", Reason("a choice of another place, by other programs")),
    cited("foreign-failed", "run the tool by itself", Reason("another program tells")),
    cited("policy-diverged", "v-secure policy rebase && git add .v-secure && git commit", SIDES),
    cited("policy-diverged", "v-secure policy rebase && git add .v-secure && git commit --no-edit && git rebase --continue", Test("conflicts/mod.rs", "marks_of_policies_that_parted_are_ended_after_they_were_added_too")),
    cited("policy-diverged", "v-secure policy rebase", Test("policy_rebase/people.rs", "members_that_both_sides_let_in_are_all_in_and_read_what_the_other_side_wrote")),
    cited("policy-diverged", "git merge --abort  # and ask an owner for it", Reason("it gives the merge up")),
    cited("policy-diverged", "git rebase --abort  # and ask an owner for it", Reason("it gives the rebase up")),
    cited("policy-diverged", "git log --oneline -- .v-secure/vault.toml", MERGE),
    cited("rebase-undecided", "--take NUMBER, to make it again, or --leave NUMBER", Test("policy_rebase/people.rs", "what_a_removed_admin_signed_is_decided_on_by_number")),
    cited("rebase-blocked", "v-secure policy rebase --keep theirs  # or ours: the side that may stay as it is", Test("policy_rebase/people.rs", "a_right_that_no_op_ends_stops_it")),
    cited("rebase-blocked", "git merge --abort  # and take it away on this side first: v-secure role leave, v-secure access revoke", Reason("it gives the merge up")),
    cited("not-parted", "git merge REV  # they merge as they are", Test("policy_rebase/states.rs", "a_branch_that_is_named_stays_and_merges_afterwards")),
    cited("no-sides", "v-secure policy rebase REV", Test("policy_rebase/states.rs", "a_branch_that_is_named_stays_and_merges_afterwards")),
    cited("unmerged", "{…} && git add .v-secure", Test("conflicts/mod.rs", "marks_that_were_added_are_mended_all_the_same")),
    cited("refused", "{…} && git add .v-secure", Test("conflicts/mod.rs", "a_merge_that_drops_what_the_other_side_signed_is_not_committed")),
    cited("refused", "git merge --abort", Test("conflicts/mod.rs", "a_merge_that_git_makes_by_itself_is_verified")),
    cited("header-key", "git merge --abort  # that side's vault is broken: see who did it, and have it mended there", Test("merging/mod.rs", "a_side_that_is_no_vault_stops_the_merge")),
    cited("merge-input", "git merge --abort", Reason("git made the files and gave their names")),
    cited("merge-other-vault", "git log -p", Reason("it shows who put another vault there")),
    cited("revert", "git revert --abort", REVERT),
    cited("revert", "v-secure git resolve && git add .v-secure && git commit  # makes the change as one of your own", TAKEN_BACK),
    cited("refused", "v-secure git resolve && git add .v-secure && git commit  # takes it back by a change of your own", TAKEN_BACK),
    cited("refused", "git reset --merge  # gives the revert up", REVERT),
    cited("revert", "git reset --merge  # gives the revert up", GIVEN_UP),
    cited("not-permitted", "git reset --merge  # gives the revert up", GIVEN_UP),
    cited("object-lost", "v-secure git resolve  # takes it from git's history", Test("pruned_away.rs", "what_one_side_pruned_and_the_merge_wants_comes_from_git")),
    cited("object-lost", "git fetch --all, and this again  # a commit of another clone may have it", NO_COMMIT),
    cited("object-lost", "git fetch --unshallow, and this again", NO_COMMIT),
    cited("object-lost", "git fetch --refetch --no-filter, and this again", PARTIAL),
    cited("object-lost", "git merge --abort", NO_COMMIT),
    cited("object-lost", "git rebase --abort", NO_COMMIT),
    cited("object-lost", "git log -p -- .v-secure/vault.toml", NO_COMMIT),
    cited("object-lost", "v-secure diff HEAD BRANCH  # what that branch changed, to be made anew on this one", NO_COMMIT),
    cited("parent-missing", "v-secure git resolve && git add .v-secure && git commit  # makes the change as one of your own", Test("one_commit/by_itself.rs", "a_vault_that_git_merged_by_itself_while_it_waits_is_resolved_too")),
    cited("parent-missing", "git checkout HEAD~1 -- .v-secure/vault.toml && git commit -m 'Take the vault back'  # the last commit picked or reverted a part of it; then: v-secure git install, and do that again", Test("one_commit/by_itself.rs", "what_git_did_to_one_commit_by_itself_has_a_way_out")),
    cited("parent-missing", "git checkout HEAD -- .v-secure/vault.toml  # as the last commit has it, which is whole", Test("one_commit/by_itself.rs", "a_part_of_a_history_that_is_not_committed_goes_with_one_command")),
    cited("unmerged", "git merge --abort && v-secure policy rebase && git add .v-secure && git commit -m 'Mend the vault'  # and then this merge again", Test("policy_rebase/states.rs", "a_third_policy_waits_until_the_first_two_are_one")),
    cited("not-permitted", "git merge --abort  # and ask an owner for it", NO_OWNER),
    cited("not-permitted", "git rebase --abort  # and ask an owner for it", NO_OWNER),
    cited("conflict", "v-secure get {…} --version NUMBER  # to look at each first", VALUES),
    cited("conflict", "v-secure secret resolve {…} --take {…}", VALUES),
    cited("pick", "v-secure git resolve && git add .v-secure && git rebase --continue  # makes the change as one of your own", REORDERED),
    cited("pick", "git rebase --abort", REORDERED),
    cited("pick", "git cherry-pick --abort", REVERT),
    cited("pick", "git merge BRANCH  # brings all of that branch", REVERT),
    cited("pick", "v-secure git resolve && git add .v-secure && git commit  # makes the change as one of your own", PICKED),
    cited("conflict", "v-secure secret resolve {…} --take VERSION", VALUES),
    cited("rotation-left", "v-secure rotation retire {…}", Test("rotations_by_hand/ends.rs", "a_rotation_that_is_aborted_comes_to_nobody")),
    cited("exposed", "revoke it at the provider, then: v-secure rotation retire {…}", Test("begun.rs", "what_a_leaver_made_ready_is_told_before_it_is_current")),
    cited("exposed", "v-secure secret rotate {…} --abort", Test("begun.rs", "what_a_leaver_made_ready_is_told_before_it_is_current")),
    cited("conflict", "v-secure secret versions", VALUES),
    cited("no-conflict", "v-secure secret versions", VALUES),
    cited("refused", "git merge --abort  # the other side's vault is broken: see who did it, and have it mended there", BROKEN_SIDE),
    cited("refused", "git commit --no-verify, if nothing of that side is lost", BROKEN_SIDE),
    cited("vault-hidden", "{…} sparse-checkout add {…}", Test("git_states.rs", "a_vault_that_a_sparse_checkout_leaves_out_is_no_missing_one")),
    cited("vault-hidden", "{…} sparse-checkout add --skip-checks {…}", Test("hostile_names/mod.rs", "what_brings_a_vault_back_is_about_that_vault_alone")),
    cited("vault-deleted", "git restore --staged, with that vault", Test("hostile_names/commands.rs", "names_that_cannot_be_shown_are_in_no_command")),
    cited("plain-file", "git rm --cached, with that file  # which keeps the file itself", Test("hostile_names/commands.rs", "names_that_cannot_be_shown_are_in_no_command")),
    cited("plain-file", "v-secure import {…}", Test("staged_values/mod.rs", "a_dotenv_file_beside_the_vault_is_stopped_by_its_name")),
    cited("plain-file", "add a line to .gitignore that leaves this file out", Test("hostile_names/mod.rs", "the_hook_s_hints_are_about_those_files_alone")),
    cited("vault-hidden", "{…} update-index --no-skip-worktree {…} && {…} checkout -- {…}", Test("git_states.rs", "a_vault_that_the_index_or_the_last_commit_has_is_brought_back")),
    cited("vault-hidden", "{…} checkout HEAD -- {…}", Test("git_states.rs", "a_vault_that_the_index_or_the_last_commit_has_is_brought_back")),
    cited("vault-hidden", "{…} checkout {…} -- {…}", Test("git_states.rs", "a_vault_of_another_branch_is_named_and_another_one_is_made_only_on_demand")),
    cited("vault-hidden", "v-secure init --nested  # for another vault all the same", Test("git_states.rs", "a_vault_of_another_branch_is_named_and_another_one_is_made_only_on_demand")),
    cited("vault-hidden", "{…} status  # for what is being merged", Test("git_states.rs", "a_vault_that_an_unfinished_merge_or_rebase_took_away_is_found")),
    cited("vault-hidden", "{…} status  # for what is being merged or applied", Test("git_states.rs", "a_vault_that_an_unfinished_merge_or_rebase_took_away_is_found")),
    cited("vault-hidden", "{…} checkout", Test("git_states.rs", "a_partial_clone_has_the_vault_of_a_branch_though_not_its_content")),
    cited("carriage-return", "v-secure git install  # tells git to leave them alone; then:", LINE_ENDS),
    cited("carriage-return", "rm {…} && git checkout -- {…}", LINE_ENDS),
    cited("pin-diverged", "make the policy change again afterwards, if it is still wanted: ", AGAIN),
    cited("pin-diverged", "ask an owner to make the policy change again, if it is still wanted: ", Test("discarded.rs", "who_was_removed_meanwhile_is_told_so_and_what_is_to_be_made_again")),
    cited("pin-older", "make the policy change again afterwards, if it is still wanted: ", AGAIN),
    cited("splits-policy", "make the policy change again afterwards, if it is still wanted: ", AGAIN),
    cited("file-empty", "git log --all --oneline -- .v-secure/vault.toml  # REV: one that has the vault; in a conflict, :2 or :3", Test("conflicts/commits.rs", "a_side_that_was_written_empty_is_called_so_and_written_anew")),
    cited("pin-diverged", "v-secure pin accept  # shows what is given up, and asks", Test("discarded.rs", "a_discarded_policy_change_is_named_and_one_command_leads_out")),
    cited("keys-missing", "git fetch --all, and again", Test("sabotage/mod.rs", "keys_that_a_hostile_epoch_left_out_come_back_from_git")),
    cited("keys-missing", "v-secure key restore --from FILE, with an older copy of the vault", Test("sabotage/mod.rs", "a_copy_outside_git_gives_its_keys_too")),
    cited("import-syntax", "sops -d --output-type json FILE | jq '{…} | from_entries' | v-secure import --format json -", Test("import_from.rs", "the_recipes_with_jq_work_as_typed")),
    cited("import-from", "v-secure import --from {…} {…} -e {…}", Test("import_from.rs", "the_hint_for_an_encrypted_file_keeps_the_environment_and_none_is_said_to_be_made")),
    cited("file", "mkdir -p", Test("backup/mod.rs", "a_folder_that_is_not_there_is_named_with_what_makes_it")),
    cited("import-syntax", "yq -o=json . FILE.yaml | jq '{…} | from_entries' | v-secure import --format json -", Test("import_from.rs", "the_recipes_with_jq_work_as_typed")),
    cited("import-syntax", "jq ", Test("import_from.rs", "the_recipes_with_jq_work_as_typed")),
    cited("identity-syntax", "install {…}, and see that it is on PATH", Test("ssh_and_plugins/programs.rs", "a_plugin_that_fails_or_is_missing_is_named")),
    cited("identity-recipient", "write '# recipient: age1…' on the line above the identity, as the plugin printed it", Test("ssh_and_plugins/programs.rs", "a_plugins_identity_must_state_its_recipient_to_own_a_vault")),
    cited("unsealable", "install {…}, or ask a member who has it to run this", Test("sabotage/mod.rs", "a_recipient_whose_program_is_missing_is_left_out_named_and_taken_up_later")),
    cited("request-used", "v-secure member request {…}  # on the device, for a new key", Test("leaving/mod.rs", "a_request_that_was_granted_once_does_not_come_back")),
    cited("voids-work", "v-secure audit log --actor {…}  # to see that work", VOIDS),
    cited("voids-work", "make the change again, from the vault as it is now", VOIDS),
    cited("vouch-ambiguous", "--vouch with the whole id or recipient, which 'v-secure policy review --json' shows", ALIKE),
    cited("recipient-ambiguous", "v-secure member show {…}, and give more of the end of the one that is to go", ALIKE),
    cited("vault-refused", "sudo chown -R \"$(id -un)\" {…}  # if it is yours", Reason("it needs another user, and sudo")),
    cited("no-memory-folder", "XDG_RUNTIME_DIR, or /dev/shm, has to be a tmpfs that only you can change", Reason("a Linux without a tmpfs, or another system")),
    cited("no-memory-folder", "v-secure set NAME, which asks for the value and needs no file", Reason("a Linux without a tmpfs, or another system")),
    cited("as-file", "mount a tmpfs of your own, and name its folder in XDG_RUNTIME_DIR", Reason("a system without files in memory")),
    cited("as-file", "v-secure get NAME > FILE", Reason("a system without files in memory")),
    cited("edit-syntax", "fix it in the editor, or leave everything as it is", Test("editing.rs", "a_syntax_error_ends_without_a_terminal_and_opens_the_editor_again_with_one")),
    cited("first-use", "compare the fingerprint with what 'v-secure pin show' prints on a colleague's machine, then '{…}'", Test("first_use.rs", "a_first_use_is_a_question_whose_default_is_no")),
    cited("older-values", "v-secure ls -e {…}", Test("meant.rs", "on_a_terminal_a_slip_is_asked_about_before_the_value")),
    cited("declined", "v-secure member key remove MEMBER/DEVICE, for a device that is not theirs", Test("leaving/mod.rs", "a_lost_device_takes_along_what_it_vouched_for")),
    cited("session", "keyctl show @u, to see whether this system has a kernel keyring", Test("session.rs", "where_nothing_can_keep_the_keys_both_reasons_are_told_at_once")),
    cited("session", "v-secure lock --all", Test("session.rs", "each_vault_is_unlocked_by_itself_and_all_can_be_locked_at_once")),
    cited("backup-terminal", "v-secure backup create - --armor", Reason("bytes for a terminal")),
    cited("slots-full", "v-secure key slot list", Reason("256 slots: crates/core/src/people/slot/tests.rs")),
    cited("unstatable", "v-secure member list", Reason("over 1,000 recipients: unit tests have it")),
    cited("splits-policy", "git merge BRANCH, with the branch that has them, and then the same command again", Test("older_states/mod.rs", "rights_are_not_changed_on_a_branch_that_lacks_changes_of_them")),
    cited("pin-older", "git merge BRANCH  # the branch that was seen here; or go to it: git switch BRANCH", Test("older_states/mod.rs", "strict_readers_give_nothing_out_of_an_older_state")),
    cited("pin-other-in-project", "v-secure pin accept  # once the .v-secure from there is here", Test("places/mod.rs", "what_a_backup_puts_in_a_sub_folder_is_judged_alike")),
    cited("object-missing", "git log -p -- .v-secure/vault.toml  # where the value may still be", Test("adoption.rs", "a_void_value_has_no_effect_until_somebody_adopts_it")),
    cited("bad-generator", "v-secure set {…} --generate=KIND, which replaces it", Reason("another program must have written the generator")),
    cited("ssh-passphrase", "v-secure, to see what else could open the vault", Test("ssh_and_plugins/mod.rs", "a_passphrase_is_asked_for_on_a_terminal_alone")),
    cited("slot-identity", "v-secure --passphrase-fd N key slot change SLOT, with the slot's present passphrase", Reason("two devices of one member")),
    cited("no-identity", "v-secure --identity FILE keyring add", Test("keyring.rs", "a_slot_is_added_beside_an_identity_and_removed_when_that_is_safe")),
    cited("bad-name", "clear your shell's history", Reason("the shell's own affair")),
    cited("request-used", "v-secure audit log", Test("leaving/mod.rs", "a_request_that_was_granted_once_does_not_come_back")),
    cited("audience-due", "v-secure access settle", Test("leaving/mod.rs", "what_waits_for_keys_takes_no_value_until_somebody_able_renews_it")),
    cited("pin-older", "v-secure audit verify --base origin/main", Test("made_again.rs", "after_a_rebase_the_base_is_whole_and_what_ends_the_warning_is_named")),
    cited("keys-missing", "v-secure doctor, for the values that do not open", Test("sabotage/mod.rs", "keys_that_a_hostile_epoch_left_out_come_back_from_git")),
    cited("closed", "v-secure key restore", Test("sabotage/mod.rs", "keys_that_a_hostile_epoch_left_out_come_back_from_git")),
    cited("closed", "v-secure key rotate --audience {…}", Test("sabotage/mod.rs", "what_only_looks_works_and_the_rest_says_what_it_could_not_do")),
    cited("no-template", "v-secure inject < TEMPLATE", Reason("only on a terminal: elsewhere standard input is the template")),
    cited("last-device", "v-secure member key remove {…}, which keeps what the device vouched for", Test("leaving/mod.rs", "an_owner_removes_its_own_lost_laptop_from_the_device_that_the_laptop_let_in")),
    cited("unsealable", "v-secure member request, for a recipient of another kind", PEOPLE),
    cited("not-permitted", "v-secure member show {…}, for the device that it belongs to", PEOPLE),
    cited("value-too-long", "v-secure set {…}  # which replaces it", TOO_LONG),
    cited("value-too-long", "v-secure audit log --secret-id {…}  # which tells who wrote it", TOO_LONG),
    cited("conflict", "v-secure set {…}  # which settles it", Reason("of two branches that merged, each with a value of its own")),
    cited("no-value", "v-secure set {…} --file FILE, or --generate", Reason("only on a terminal that may not be asked: elsewhere standard input is the value")),
    cited("refused", "git rebase {…}  # what you signed since is made again on what others published there", Test("made_again.rs", "what_a_merge_left_out_is_named_with_who_signed_it_and_the_commit_to_rebase_on")),
    cited("locked", "v-secure member request, and send the line that it prints to an owner", REQUEST),
    cited("locked", "v-secure member request, to become a member", REQUEST),
    cited("environment", "v-secure secret rename {…} NAME", Reason("a name that no list of variables can hold")),
];

/// What is cited for a hint of a case.
pub fn of(code: &str, hint: &str) -> Option<&'static Cited> {
    ALL.iter()
        .find(|cited| (cited.code == "*" || cited.code == code) && hint.starts_with(cited.hint))
}

impl Cited {
    pub fn exists(&self) -> bool {
        let Test(file, function) = self.by else { return true };
        let text = std::fs::read_to_string(repository("tests/it").join(file)).unwrap_or_default();
        text.contains(&format!("fn {function}("))
    }
}

impl fmt::Display for Cited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.by {
            Test(file, function) => {
                write!(f, "tests/it/{}: `{function}`", file.trim_end_matches("/mod.rs"))
            }
            Reason(why) => f.write_str(why),
        }
    }
}
