//! The forgery campaign: what somebody who can push, or holds some rights and not others, can do to
//! the file, and that it is found.
//!
//! Each forgery is a test of its own, on the committed fixture; `fixtures` makes the set anew and
//! checks that one too.

mod access;
mod check;
mod doors;
mod entries;
mod fixtures;
mod grantors;
mod kind;
mod opened;
mod policies;
mod replays;
mod rights;
mod several_owners;
mod signatures;
mod standing;
mod states;
mod values;
mod versions;
mod world;

use std::sync::LazyLock;

static COMMITTED: LazyLock<check::Set> = LazyLock::new(fixtures::committed);

fn check(test: &str) {
    if fixtures::is_wanted() {
        // The set is being replaced.
        return;
    }
    let name = test.replace('_', "-");
    let forgery = kind::all().into_iter().find(|forgery| forgery.name == name);
    COMMITTED.check(forgery.expect("a forgery of this name"));
}

macro_rules! forgeries {
    ($($name:ident)+) => {
        const TESTS: &[&str] = &[$(stringify!($name)),+];
        $(#[test] fn $name() { check(stringify!($name)); })+
    };
}

forgeries! {
    log_cut
    removed_revived
    removed_resolved
    policy_heads_empty
    policy_heads_empty_base
    wrap_garbage
    wrap_garbage_alone
    value_swapped
    section_swapped
    environment_moved
    section_renamed
    ciphertext_changed
    object_dropped
    wrap_dropped
    wrap_replayed
    wrap_old_epoch
    wrap_epoch_invented
    secret_injected
    recipient_added
    envelopes_swapped
    envelope_invented
    envelope_replayed
    audience_dropped
    audience_added
    version_put_again
    version_put_again_expired
    version_put_again_unending
    version_put_again_by_its_author
    version_put_again_backdated
    version_put_again_elsewhere
    version_author_changed
    version_origin_changed
    version_expiry_changed
    entry_unknown_key
    entry_by_reader
    entry_outside_pattern
    removed_old_policy
    removed_new_policy
    removed_backdated
    policy_invented
    actor_stolen
    reason_changed
    reason_resigned
    time_changed
    expiry_extended
    parents_cut
    lamport_wrong
    entry_dropped
    entry_before_policy_dropped
    entry_doubled
    remove_by_reader
    prune_by_reader
    field_by_reader
    rollout_by_reader
    pending_without_put
    checkpoint_by_developer
    adopted_by_reader
    device_planted
    bare_role_joined
    role_join_misstated
    grant_misstated
    key_add_misstated
    recipient_add_misstated
    recipient_taken
    recipient_taken_as_age
    recipient_reused
    recipient_of_plugin
    recipient_unusable
    epoch_recipient_reused
    epoch_of_owners_by_one
    threshold_lowered_by_one
    owner_removed_below_threshold
    epoch_outside_pattern
    epoch_by_leaver
    epoch_by_leaving_owner
    epoch_with_one_who_leaves
    epoch_by_key_that_goes
    name_in_capitals
    policy_altered
    policy_middle_altered
    policy_resigned
    self_granted
    self_joined
    self_added
    self_returned
    key_for_another
    setting_by_developer
    policy_dropped
    policy_middle_dropped
    policy_relinked
    header_vault_changed
    header_name_changed
    active_changed
    slot_forged
    tail_dropped
    tail_dropped_where_seen
    policy_rolled_back
    policy_rolled_back_carried
    policy_rolled_back_base
    removed_from_old_branch
    policy_forked
    vault_substituted
    vault_substituted_carried
    device_revoked
    device_revoked_old_policy
    demoted_new_policy
    demoted_old_policy
    removed_inside_heads
    removed_owner_backdated
    void_spam
    rotated_outside_pattern
    wrapped_for_others
    wrapped_under_old_epoch
    grant_of_wider_pattern
    grant_of_right_not_held
    revoked_outside_pattern
    member_removed_by_grantor
    setting_by_grantor
    section_replayed
    entry_of_another_vault
    policy_replayed
    policy_forked_shorter
    rebase_by_removed_owner
    rebase_by_removed_owner_base
    setting_in_header
    wrap_audience_changed
    wrap_epoch_changed
    kek_uncommitted
    body_of_another_secret
    two_keys
    wrap_garbage_put
    policy_signature_stripped
    policy_signature_doubled
    policy_signature_added
    entry_signature_stripped
    entry_signature_of_another
    signature_torsioned
    key_of_small_order
    recipient_torsioned
    role_in_capitals
    name_in_cyrillic
    secret_in_cyrillic
}

#[test]
fn fixtures() {
    let fresh = fixtures::fresh();
    for forgery in kind::all() {
        println!("{}", forgery.name);
        fresh.check(forgery);
    }
    if fixtures::is_wanted() {
        fixtures::write(&fresh);
    }
}

#[test]
fn every_forgery_has_its_test_and_its_fixture() {
    let mut names: Vec<String> = kind::all().iter().map(|f| f.name.to_owned()).collect();
    names.sort();
    let mut tests: Vec<String> = TESTS.iter().map(|test| test.replace('_', "-")).collect();
    tests.sort();
    assert_eq!(tests, names);
    if !fixtures::is_wanted() {
        assert_eq!(fixtures::names(), names);
    }
}

#[test]
fn the_threat_model_lists_every_forgery() {
    let (path, now, wanted) = fixtures::document();
    if fixtures::is_wanted() {
        return std::fs::write(path, wanted).unwrap();
    }
    assert!(
        now == wanted,
        "the table is out of date: V_SECURE_REGENERATE=1 cargo test --test it forgery::"
    );
}
