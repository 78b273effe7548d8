//! The provider for PostgreSQL against a server that runs. `docs/postgres.md` makes each test's roles.

#![cfg(all(unix, feature = "postgres"))]

mod channel;
mod ending;
mod fence;
mod owners;
mod rotating;
mod support;
mod trouble;
