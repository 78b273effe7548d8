//! What the program does, from outside and through the library: one file a subject.
//!
//! One binary, so that a change is linked once. A test that changes its process runs in one of its own
//! (`v_secure_testkit::own_process`).

mod action_base;
mod adoption;
mod age_interop;
mod architecture;
#[cfg(unix)]
mod asked;
mod at_home;
mod at_provider;
mod audit;
mod backup;
mod begun;
mod bytes;
#[cfg(unix)]
mod changed;
mod ci_templates;
mod clones;
mod closed_history;
mod comfort;
mod completions;
mod concurrency;
mod confirmations;
mod conflicts;
mod contributors;
mod demo;
mod discarded;
mod doctor;
mod editing;
mod error_snapshots;
mod everyday;
mod exec_child;
mod exec_files;
mod exec_too_large;
mod expiring;
mod export;
mod exposure;
mod faults;
mod faults_vault;
mod first_use;
mod fixtures;
mod forgery;
mod format_vectors;
mod fuzz_smoke;
mod generated;
mod git_hostile;
mod git_states;
mod guide;
mod help;
mod hints;
mod hostile;
mod hostile_names;
mod import_from;
mod inject;
mod json_schemas;
mod key_rotation;
mod keyring;
mod known_chain;
mod known_signatures;
mod leaks;
mod leaks_daily;
mod leaving;
mod library;
mod line_ends;
mod logs;
mod made_again;
mod meant;
#[cfg(unix)]
mod merging;
#[cfg(unix)]
mod mistakes;
mod modules;
mod older_states;
#[cfg(unix)]
mod one_commit;
mod owners;
mod passphrase;
mod pasting;
mod people;
mod places;
#[cfg(unix)]
mod policy_log;
mod policy_rebase;
mod policy_remarks;
#[cfg(unix)]
mod providers;
mod pruned_away;
mod publishing;
mod reads;
mod recovery;
mod refusals;
mod renaming;
mod rotating;
mod rotations_by_hand;
mod sabotage;
mod said_of_people;
mod secrets;
mod session;
mod ssh_and_plugins;
mod staged_values;
mod stories;
mod sudo;
mod terminal;
mod text_formats;
mod tree;
mod ttl;
mod variables;
mod vectors;
mod who_gets_in;
