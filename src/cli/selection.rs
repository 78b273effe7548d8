//! Which secrets `exec` and `export` take.

use super::error::{Failure, Outcome};
use crate::name::Name;
use crate::ops::wanted::Selection;
use clap::Args;

#[derive(Debug, Args)]
pub struct SelectionArgs {
    /// Only these secrets; a missing one is an error
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    #[arg(add = clap_complete::engine::ArgValueCompleter::new(super::complete::secrets))]
    only: Vec<String>,

    /// Only secrets with this tag; may be given several times
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,

    /// Only secrets whose names begin with this
    #[arg(long, value_name = "PREFIX")]
    prefix: Option<String>,
}

impl SelectionArgs {
    pub fn selection(&self) -> Outcome<Selection> {
        let only = self.only.iter().map(|text| {
            Name::new(text.as_str()).map_err(|error| {
                Failure::usage("bad-name", "--only takes names of secrets").because(&error)
            })
        });
        Ok(Selection {
            only: only.collect::<Outcome<_>>()?,
            tags: self.tags.clone(),
            prefix: self.prefix.clone(),
        })
    }
}
