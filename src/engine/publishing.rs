//! STUB
use super::door::{Door, Purpose};
use super::session::Session;
use super::writing::{self, Wrote};
use v_secure_core::policy::settings::Via;
use v_secure_core::vault::author::Ctx;
use v_secure_core::vault::change::Change;
use v_secure_core::vault::unlock::{Signer, Unlocked};
use v_secure_core::vault::{Depth, Vault};

pub struct Refreshed {
    pub vault: Vault,
}

pub fn refresh<D: Door>(door: &D, session: &Session, _via: &Via) -> Result<Refreshed, D::Error> {
    let opened = super::judging::open(door, session, Purpose::Use, Depth::Everything)?;
    Ok(Refreshed { vault: opened.vault })
}

pub fn retried<D: Door, T>(
    door: &D,
    session: &Session,
    _via: &Via,
    why: (Purpose, &str),
    unlock: impl Fn(&Vault) -> Result<(Unlocked, Signer), D::Error>,
    mut make: impl FnMut(&Vault, &Ctx<'_>) -> Result<(T, Option<Change>), D::Error>,
) -> Result<Wrote<T>, D::Error> {
    writing::write(door, session, why, unlock, |vault, ctx| make(vault, ctx))
}
