//! `secret`, by what its commands tell: of values, versions and metadata.

pub mod diff;
pub mod get;
pub mod list;
pub mod metadata;
pub mod removal;
pub mod revealed;
pub mod rotation;
pub mod row;
pub mod show;
pub mod value;
pub mod versions;
