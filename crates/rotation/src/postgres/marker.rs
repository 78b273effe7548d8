//! What the database remembers of rotations: which version each secret was set to last, which is the fence, and which
//! version each user's password is. Both are rows of two tables that change in the transaction in which a password does.

use super::failure::{before_commit, refused};
use super::quote::identifier;
use crate::contract::CallError;
use tokio_postgres::Client;

/// For making the tables: `v_secure` as a number, so that it is nobody else's by chance.
const LOCK: i64 = i64::from_be_bytes(*b"v_secure");

/// Whoever owns a table can have its writers run what he likes, by a trigger. The administrator's right to set
/// passwords is only for tables of its own or of who may everything.
const STRANGER: &str = "
SELECT role.rolname::text FROM (
    SELECT nspowner AS oid FROM pg_namespace WHERE nspname = 'v_secure'
    UNION SELECT relowner FROM pg_class
        WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'v_secure')
) AS owner JOIN pg_roles AS role USING (oid)
WHERE NOT role.rolsuper AND role.rolname <> current_user LIMIT 1";

const IS_THERE: &str = "
SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'v_secure'), (SELECT count(*) = 2 FROM pg_class
    WHERE relname IN ('rotation', 'holder') AND relkind = 'r'
    AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'v_secure'))";

const SCHEMA: &str = "CREATE SCHEMA v_secure; REVOKE ALL ON SCHEMA v_secure FROM PUBLIC";

const TABLES: &str = "
CREATE TABLE v_secure.rotation (
    secret text PRIMARY KEY,
    marker text,
    previous text,
    rotation text,
    aborted text[] NOT NULL DEFAULT '{}',
    set_at timestamptz
);
CREATE TABLE v_secure.holder (
    role text PRIMARY KEY,
    secret text NOT NULL,
    version text,
    set_at timestamptz NOT NULL
);
REVOKE ALL ON v_secure.rotation, v_secure.holder FROM PUBLIC";

/// What a secret was set to.
#[derive(Debug, Default)]
pub(super) struct Marker {
    pub id: Option<String>,
    /// Versions that were revoked. Who slept meanwhile does not bring them again.
    pub aborted: Vec<String>,
}

/// Whose password a user has.
#[derive(Debug)]
pub(super) struct Holder {
    pub secret: String,
    /// `None`: it was revoked, and there is none since.
    pub version: Option<String>,
}

/// The tables, in a transaction.
pub(super) struct Markers<'a> {
    pub client: &'a Client,
    pub secret: &'a str,
}

impl<'a> Markers<'a> {
    /// Makes them where they are not there.
    pub async fn open(client: &'a Client, secret: &'a str) -> Result<Self, CallError> {
        if !are_there(client).await?.1 {
            make(client).await?;
        }
        Ok(Self { client, secret })
    }

    /// The secret's, held until the transaction ends.
    pub async fn lock(&self) -> Result<Marker, CallError> {
        let insert = "INSERT INTO v_secure.rotation (secret) VALUES ($1) ON CONFLICT DO NOTHING";
        self.client.execute(insert, &[&self.secret]).await.map_err(before_commit)?;
        let select = "SELECT marker, aborted FROM v_secure.rotation WHERE secret = $1 FOR UPDATE";
        let row = self.client.query_one(select, &[&self.secret]).await.map_err(before_commit)?;
        Ok(Marker { id: row.get(0), aborted: row.get(1) })
    }

    /// A user's, which serves this secret alone.
    pub async fn holder(&self, user: &str) -> Result<Option<Holder>, CallError> {
        let select = "SELECT secret, version FROM v_secure.holder WHERE role = $1 FOR UPDATE";
        let row = self.client.query_opt(select, &[&user]).await.map_err(before_commit)?;
        let holder = row.map(|row| Holder { secret: row.get(0), version: row.get(1) });
        match holder {
            Some(holder) if holder.secret != self.secret => Err(refused(format!(
                "the user {} has the password of {}",
                identifier(user),
                holder.secret
            ))),
            holder => Ok(holder),
        }
    }

    pub async fn set(&self, id: &str, rotation: Option<&str>) -> Result<(), CallError> {
        let update = "UPDATE v_secure.rotation SET
            previous = CASE WHEN marker IS DISTINCT FROM $2 THEN marker ELSE previous END,
            marker = $2, rotation = $3, aborted = array_remove(aborted, $2), set_at = now()
            WHERE secret = $1";
        let done = self.client.execute(update, &[&self.secret, &id, &rotation]).await;
        done.map(drop).map_err(before_commit)
    }

    /// To what it was before.
    pub async fn take_back(&self) -> Result<(), CallError> {
        let update = "UPDATE v_secure.rotation
            SET marker = previous, previous = NULL, set_at = now() WHERE secret = $1";
        let done = self.client.execute(update, &[&self.secret]).await;
        done.map(drop).map_err(before_commit)
    }

    /// That a version is not to be set any more, also where it never was. Who slept through this many does not come.
    pub async fn leave(&self, id: &str) -> Result<(), CallError> {
        let update = "UPDATE v_secure.rotation SET aborted =
            (array_remove(aborted, $2) || $2)[cardinality(array_remove(aborted, $2)) - 998 :]
            WHERE secret = $1";
        let done = self.client.execute(update, &[&self.secret, &id]).await;
        done.map(drop).map_err(before_commit)
    }

    pub async fn hold(&self, user: &str, version: Option<&str>) -> Result<(), CallError> {
        let upsert = "INSERT INTO v_secure.holder (role, secret, version, set_at)
            VALUES ($1, $2, $3, now()) ON CONFLICT (role) DO UPDATE
            SET secret = excluded.secret, version = excluded.version, set_at = excluded.set_at";
        let done = self.client.execute(upsert, &[&user, &self.secret, &version]).await;
        done.map(drop).map_err(before_commit)
    }
}

/// Whether the schema is there, and whether the tables are.
pub(super) async fn are_there(client: &Client) -> Result<(bool, bool), CallError> {
    let stranger = client.query_opt(STRANGER, &[]).await.map_err(before_commit)?;
    if let Some(row) = stranger {
        return Err(refused(format!(
            "the schema v_secure, or what is in it, belongs to {}, who could have anything done by \
             the administrator: drop it, or make the administrator the owner",
            identifier(row.get(0))
        )));
    }
    let row = client.query_one(IS_THERE, &[]).await.map_err(before_commit)?;
    Ok((row.get(0), row.get(1)))
}

/// One at a time. Whoever waited finds them made.
async fn make(client: &Client) -> Result<(), CallError> {
    let lock = client.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await;
    lock.map_err(before_commit)?;
    let (has_schema, has_tables) = are_there(client).await?;
    if !has_schema {
        client.batch_execute(SCHEMA).await.map_err(before_commit)?;
    }
    if !has_tables {
        client.batch_execute(TABLES).await.map_err(before_commit)?;
    }
    Ok(())
}
