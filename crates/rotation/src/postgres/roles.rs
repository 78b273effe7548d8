//! The roles behind a secret: what must be so before a password is changed, and the change.

use super::failure::{before_commit, refused};
use super::quote::{identifier, literal};
use super::users::Users;
use crate::contract::CallError;
use postgres_protocol::password::scram_sha_256;
use tokio_postgres::{Client, Row};
use zeroize::Zeroizing;

/// Of each user: is it a member of the owner, does it work as the owner, does it own something itself?
const FACTS: &str = "
SELECT role.rolname::text, coalesce(pg_has_role(role.oid, owner.oid, 'MEMBER'), false),
    coalesce(role.rolconfig @> ARRAY['role=' || $2], false), EXISTS (SELECT FROM pg_shdepend
        WHERE refclassid = 'pg_authid'::regclass AND refobjid = role.oid AND deptype = 'o'
        AND classid <> 'pg_default_acl'::regclass
        AND dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database())))
FROM pg_roles AS role LEFT JOIN pg_roles AS owner ON owner.rolname = $2
WHERE role.rolname = ANY ($1)";

struct Facts {
    name: String,
    is_member: bool,
    works_as_owner: bool,
    owns: bool,
}

impl From<&Row> for Facts {
    fn from(row: &Row) -> Self {
        Self {
            name: row.get(0),
            is_member: row.get(1),
            works_as_owner: row.get(2),
            owns: row.get(3),
        }
    }
}

pub(super) struct Roles<'a> {
    pub client: &'a Client,
    pub users: &'a Users,
}

impl Roles<'_> {
    /// Gives a user a password, and makes the user of two that is not there yet.
    pub async fn give(&self, user: &str, password: &[u8]) -> Result<(), CallError> {
        let verifier = Zeroizing::new(scram_sha_256(password));
        let (name, password) = (identifier(user), Zeroizing::new(literal(&verifier)));
        let statement = match self.users {
            Users::One(_) => {
                self.must_exist(user).await?;
                format!("ALTER ROLE {name} WITH LOGIN PASSWORD{}", *password)
            }
            Users::Two { owner, .. } => {
                let verb = if self.check(user, owner).await? { "ALTER" } else { "CREATE" };
                let own = if verb == "CREATE" {
                    format!(" IN ROLE {}", identifier(owner))
                } else {
                    String::new()
                };
                let work = format!("ALTER ROLE {name} SET role ={}", literal(owner));
                format!("{verb} ROLE {name} WITH LOGIN PASSWORD{}{own}; {work}", *password)
            }
        };
        let statement = Zeroizing::new(statement);
        self.client.batch_execute(&statement).await.map_err(before_commit)
    }

    /// Lets nobody in as the user.
    pub async fn shut(&self, user: &str) -> Result<(), CallError> {
        if !self.exists(user).await? {
            return Ok(());
        }
        let statement = format!("ALTER ROLE {} WITH NOLOGIN PASSWORD NULL", identifier(user));
        self.client.batch_execute(&statement).await.map_err(before_commit)
    }

    async fn exists(&self, role: &str) -> Result<bool, CallError> {
        let select = "SELECT FROM pg_roles WHERE rolname = $1";
        let row = self.client.query_opt(select, &[&role]).await.map_err(before_commit)?;
        Ok(row.is_some())
    }

    async fn must_exist(&self, role: &str) -> Result<(), CallError> {
        if self.exists(role).await? {
            return Ok(());
        }
        let name = identifier(role);
        Err(refused(format!("there is no role {name}: CREATE ROLE {name}")))
    }

    /// Whether the user is there. Refuses what a rotation would leave apart: two users with objects or rights that the
    /// other one has not.
    async fn check(&self, user: &str, owner: &str) -> Result<bool, CallError> {
        self.must_exist(owner).await?;
        let names = self.users.names();
        let rows = self.client.query(FACTS, &[&names, &owner]).await.map_err(before_commit)?;
        let all: Vec<Facts> = rows.iter().map(Facts::from).collect();
        all.iter().try_for_each(|facts| facts.check(user, owner))?;
        Ok(all.iter().any(|facts| facts.name == user))
    }
}

impl Facts {
    fn check(&self, user: &str, owner: &str) -> Result<(), CallError> {
        let (name, owner) = (identifier(&self.name), identifier(owner));
        if !self.is_member {
            return Err(refused(format!(
                "{name} is no member of {owner}: GRANT {owner} TO {name}"
            )));
        }
        if self.owns {
            return Err(refused(format!(
                "{name} owns objects that the other user could not change: REASSIGN OWNED BY {name} TO {owner}"
            )));
        }
        // The user that is in use is not changed beneath its consumers.
        if !self.works_as_owner && self.name != user {
            return Err(refused(format!(
                "what {name} creates is its own: ALTER ROLE {name} SET role = {owner}"
            )));
        }
        Ok(())
    }
}
