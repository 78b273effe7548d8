//! What a forgery is, and the list of them.

use crate::forgery::world::World;
use v_secure_core::file::format;
use v_secure_core::file::model::VaultFile;

pub struct Forgery {
    /// Names the fixture and, with underscores, the test.
    pub name: &'static str,
    /// One sentence: who does what.
    pub what: &'static str,
    /// The finding by which `audit verify` tells; empty where there is nothing to tell.
    pub code: &'static str,
    pub setup: Setup,
    /// What `get` of the touched secret does.
    pub get: Get,
    pub make: fn(&World) -> String,
}

/// What the verifier has to compare with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Setup {
    /// The file alone.
    File,
    /// `--base` with the genuine vault.
    Base,
    /// This device has used the genuine vault.
    Pinned,
    /// The same, with `--strict`.
    Strict,
    /// `V_SECURE_PIN` of the genuine vault.
    Carried,
    /// The file alone; nothing is wrong with it that shows without a key, and who opens the value refuses it.
    Opened,
    /// The file alone; it stays in order, and the finding is a warning or a notice, if there is one.
    Harmless,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Get {
    /// Refused, with [`Forgery::exit`].
    Refused(&'static str),
    /// The genuine value: what was forged is not on the way to it.
    Value(&'static str, &'static str),
    /// Nothing: the secret was removed. Exit code 5.
    Gone(&'static str),
    /// Nothing to ask for.
    Untouched,
}

impl Forgery {
    /// How a refusal ends: what git could have made of good copies is no forgery to speak of.
    pub fn exit(&self) -> i32 {
        if self.code == "merged-as-text" { 7 } else { 6 }
    }

    /// Whether verification finds nothing that it refuses.
    pub fn is_in_order(&self) -> bool {
        matches!(self.setup, Setup::Harmless | Setup::Opened)
    }

    /// What a command does that reads all of the file.
    pub fn whole(&self) -> Get {
        let (Get::Refused(name) | Get::Value(name, _) | Get::Gone(name)) = self.get else {
            return Get::Untouched;
        };
        match self.setup {
            Setup::File | Setup::Pinned | Setup::Carried => Get::Refused(name),
            Setup::Base | Setup::Strict | Setup::Harmless | Setup::Opened => self.get,
        }
    }
}

/// The file's text. What was changed in it is under other ids then, as whoever writes a text cannot choose them.
pub fn text(file: &VaultFile) -> String {
    format::write(&file.clone().rekeyed())
}

/// A copy of the genuine vault, changed.
pub fn changed(world: &World, change: impl FnOnce(&mut VaultFile)) -> String {
    let mut file = world.file.clone();
    change(&mut file);
    text(&file)
}

pub fn all() -> Vec<&'static Forgery> {
    let lists = [
        crate::forgery::access::ALL,
        crate::forgery::values::ALL,
        crate::forgery::versions::ALL,
        crate::forgery::rights::ALL,
        crate::forgery::entries::ALL,
        crate::forgery::policies::ALL,
        crate::forgery::states::ALL,
        crate::forgery::standing::ALL,
        crate::forgery::grantors::ALL,
        crate::forgery::signatures::ALL,
        crate::forgery::replays::ALL,
        crate::forgery::opened::ALL,
    ];
    lists.into_iter().flatten().collect()
}
