//! The deadline, and who waits for it.

use super::failure::{again, at_commit, before_commit, refused, unclear};
use super::session::Session;
use crate::contract::CallError;
use std::time::Duration;
use tokio::runtime::Builder;
use tokio::time::{Instant, timeout_at};
use tokio_postgres::Client;
use v_secure_core::time::UnixTime;

/// When a call is over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline(Instant);

impl Deadline {
    pub fn after(span: Duration) -> Self {
        Self(Instant::now() + span)
    }

    /// Waits for what changes nothing, or nothing yet.
    pub async fn bound<T>(
        self,
        work: impl Future<Output = Result<T, CallError>>,
    ) -> Result<T, CallError> {
        let late = |_| again("the server did not answer in time");
        timeout_at(self.0, work).await.map_err(late)?
    }

    /// The same, where no answer is an answer.
    pub async fn bound_or<T>(self, late: T, work: impl Future<Output = T>) -> T {
        timeout_at(self.0, work).await.unwrap_or(late)
    }

    /// Makes the changes of a transaction last.
    pub async fn commit(self, session: Session) -> Result<(), CallError> {
        let commit = timeout_at(self.0, session.client.batch_execute("COMMIT")).await;
        commit
            .map_err(|_| unclear("the server did not say in time that it is done"))?
            .map_err(at_commit)?;
        self.bound_or((), session.end()).await;
        Ok(())
    }

    /// Begins a transaction in which the server gives up before we do, so that no lock of ours outlives us by much. A
    /// name is looked up among the server's own, as anybody may have made others.
    pub async fn begin(self, client: &Client) -> Result<(), CallError> {
        let left = self.0.saturating_duration_since(Instant::now()).as_millis().max(8);
        let (lock, statement) = (left / 2, left * 3 / 4);
        let begin = format!(
            "START TRANSACTION ISOLATION LEVEL READ COMMITTED READ WRITE;
             SET LOCAL search_path = pg_catalog, pg_temp;
             SET LOCAL lock_timeout = {lock};
             SET LOCAL statement_timeout = {statement};
             SET LOCAL idle_in_transaction_session_timeout = {left};
             SELECT set_config('synchronous_commit', 'on', true)
                 WHERE current_setting('synchronous_commit') = 'off'"
        );
        client.batch_execute(&begin).await.map_err(before_commit)
    }
}

/// By the server's clock.
pub(super) async fn now(client: &Client) -> Result<Option<UnixTime>, CallError> {
    let select = "SELECT floor(extract(epoch FROM pg_catalog.clock_timestamp()))::bigint";
    let row = client.query_one(select, &[]).await.map_err(before_commit)?;
    Ok(u64::try_from(row.get::<_, i64>(0)).ok().map(UnixTime::from_secs))
}

/// Runs it to its end on this thread.
pub(super) fn wait<T>(work: impl Future<Output = Result<T, CallError>>) -> Result<T, CallError> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| refused(format!("no connection can be made: {error}")))?;
    let result = runtime.block_on(work);
    // A name that is still being looked up is not waited for.
    runtime.shutdown_background();
    result
}
