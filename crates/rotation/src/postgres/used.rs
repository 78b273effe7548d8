//! Whether a credential is in use. PostgreSQL writes no logins down: only sessions of now are seen.

use super::failure::before_commit;
use super::marker;
use crate::contract::CallError;
use tokio_postgres::Client;

const SESSIONS: &str = "SELECT EXISTS (SELECT FROM pg_catalog.pg_stat_activity WHERE usename = $1)";
const VERSION: &str = "SELECT version FROM v_secure.holder WHERE role = $1";
const END: &str = "
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = $1";

/// Whether the user is logged in with the password of this version, as far as that can be told.
pub(super) async fn is_used(client: &Client, user: &str, id: &str) -> Result<bool, CallError> {
    if marker::are_there(client).await?.1 {
        let row = client.query_opt(VERSION, &[&user]).await.map_err(before_commit)?;
        // A session of the user is another version's.
        if row.is_some_and(|row| row.get::<_, Option<String>>(0).as_deref() != Some(id)) {
            return Ok(false);
        }
    }
    let row = client.query_one(SESSIONS, &[&user]).await.map_err(before_commit)?;
    Ok(row.get(0))
}

/// Ends the sessions that a user has, and says how many.
pub(super) async fn end_sessions(client: &Client, user: &str) -> Result<i64, CallError> {
    let row = client.query_one(END, &[&user]).await.map_err(before_commit)?;
    Ok(row.get(0))
}
