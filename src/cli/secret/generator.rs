//! The generator that a secret's metadata names.

use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use v_secure_core::convert::generate;
use v_secure_core::name::SecretName;

/// The generator in a secret's metadata, which another program may have written.
pub fn stored(secret: &SecretName, text: &str) -> Outcome<generate::Spec> {
    text.parse().map_err(|error: generate::SpecError| {
        let message = format!("the generator that {secret} has is not understood");
        Failure::new(Code::BadGenerator, message)
            .because(&error)
            .hint(format!("v-secure set {secret} --generate=KIND, which replaces it"))
    })
}
