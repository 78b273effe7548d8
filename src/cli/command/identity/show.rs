//! `v-secure identity show`: which identities are used here, by their recipients.

use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::unlocking::identities;
use clap::Args;
use v_secure_core::crypto::identity::Identity;
use v_secure_core::report::view::identity::{IdentityShowView, IdentityView};

/// Show the recipients of the identities in use, and where those are; never a key
#[derive(Debug, Args)]
#[command(after_help = "Identities are listed in the order in which they are tried.\n\n\
                        Examples:\n  v-secure identity show\n  v-secure --identity key.txt identity show")]
pub struct Show {}

impl Show {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let mut rows = Vec::new();
        let mut failed = None;
        for (from, found) in identities::found(context)? {
            match found {
                Ok(found) => rows.extend(found.iter().map(|identity| row(identity, &from))),
                Err(failure) => {
                    context.ui.warn(&failure.message);
                    failed.get_or_insert(failure);
                }
            }
        }
        if rows.is_empty() {
            return Err(failed.unwrap_or_else(none));
        }
        if context.ui.json {
            return context.ui.object(&IdentityShowView { identities: rows });
        }
        let rows = rows.into_iter().map(|row| vec![row.recipient.to_string(), row.from]).collect();
        context.ui.table(&["RECIPIENT", "FROM"], rows)
    }
}

fn row(identity: &Identity, from: &str) -> IdentityView {
    IdentityView { recipient: identity.recipient(), from: from.to_owned() }
}

fn none() -> Failure {
    Failure::new(Code::NoIdentity, "there is no identity here")
        .hint("v-secure identity new")
        .hint("v-secure member request, in a vault's folder, which makes one if there is none")
}
