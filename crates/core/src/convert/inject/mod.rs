//! Builds the environment of the program that `v-secure exec` starts. Pure: the parent's variables
//! and the opened secrets come in, the child's complete environment or an error goes out.
//!
//! - Every variable that begins with `V_SECURE_` is left out: some hold credentials, and a child
//!   needs none. A secret can set none of them either, not even with consent.
//! - With `pristine` only [`PRISTINE`] is inherited.
//! - A secret becomes the variable of its own name, or the one it was given.
//! - A variable that steers other programs ([`guarded`]) needs the owners' signed consent, and in
//!   strict mode every variable does ([`consent`]).
//! - What the parent has already is never replaced in silence ([`Clash`]).

pub mod consent;
mod error;
pub mod guarded;

pub use consent::Consent;
pub use error::InjectError;

use crate::name::{Name, SecretName};
use crate::secret_value::SecretValue;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// The beginning of this program's own variables.
pub(crate) const OWN_PREFIX: &str = "V_SECURE_";

/// What `--pristine` inherits: what a program needs to find programs, its user, language, time
/// zone and temporary folder. `LC_*` is a prefix.
pub const PRISTINE: &[&str] =
    &["PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "LC_*", "TZ", "TMPDIR"];

/// What `--pristine` inherits on Windows besides: most programs do not start without these.
#[rustfmt::skip]
pub const PRISTINE_WINDOWS: &[&str] = &[
    "ALLUSERSPROFILE", "APPDATA", "COMMONPROGRAMFILES", "COMMONPROGRAMFILES(X86)",
    "COMMONPROGRAMW6432", "COMPUTERNAME", "COMSPEC", "HOMEDRIVE", "HOMEPATH", "LOCALAPPDATA",
    "NUMBER_OF_PROCESSORS", "OS", "PATHEXT", "PROCESSOR_ARCHITECTURE", "PROGRAMDATA",
    "PROGRAMFILES", "PROGRAMFILES(X86)", "PROGRAMW6432", "PSMODULEPATH", "PUBLIC", "SYSTEMDRIVE",
    "SYSTEMROOT", "TEMP", "TMP", "USERDOMAIN", "USERNAME", "USERPROFILE", "WINDIR",
];

/// The most bytes of `NAME=VALUE` and its closing NUL on Linux (`MAX_ARG_STRLEN`: 32 pages of
/// 4 KiB; larger pages would allow more, but a vault that works on one machine should on all).
pub const LINUX_LIMIT: usize = 32 * 4096;

/// The most UTF-16 units of `NAME=VALUE` and its closing NUL on Windows.
pub(crate) const WINDOWS_LIMIT: usize = 32_767;

/// Whose rules for names and sizes hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    Linux,
    /// No limit for one variable, only for all together.
    OtherUnix,
    /// Names are equal without regard to case; values are text.
    Windows,
}

impl System {
    /// The system that this program was built for.
    pub const fn current() -> Self {
        if cfg!(windows) {
            Self::Windows
        } else if cfg!(any(target_os = "linux", target_os = "android")) {
            Self::Linux
        } else {
            Self::OtherUnix
        }
    }

    /// What two spellings of one variable have in common.
    fn key<'a>(self, variable: &'a OsStr) -> Cow<'a, [u8]> {
        let key = variable.as_encoded_bytes();
        match self {
            Self::Windows => key.to_ascii_uppercase().into(),
            Self::Linux | Self::OtherUnix => key.into(),
        }
    }
}

/// What happens where the parent has a secret's variable with another value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Clash {
    #[default]
    Error,
    /// The secret wins.
    Override,
    /// The parent's value wins.
    Keep,
}

/// A secret that the child is to have.
#[derive(Debug)]
pub struct ChildVariable {
    pub secret: SecretName,
    /// The variable, where it is not the secret's own name.
    pub variable: Option<Name>,
    pub value: SecretValue,
}

/// How the environment is built.
#[derive(Debug, Clone, Copy)]
pub struct ChildOptions<'a> {
    /// Inherit only what [`PRISTINE`] lists.
    pub pristine: bool,
    pub clash: Clash,
    pub consent: &'a Consent,
    pub system: System,
}

/// A child's complete environment. Wiped on drop; `Debug` shows names only.
///
/// The first of the variables, as many as the number says, are the secrets'.
pub struct ChildEnvironment(Vec<(OsString, OsString)>, usize);

impl ChildEnvironment {
    /// Sets a variable that the user named on the command line, whatever the parent has there.
    ///
    /// # Errors
    /// [`InjectError::OwnVariable`]; [`InjectError::Taken`] where a secret has it already.
    pub fn set_path(
        &mut self,
        secret: &SecretName,
        variable: &str,
        path: OsString,
        options: &ChildOptions<'_>,
    ) -> Result<(), InjectError> {
        let own = || (secret.clone(), variable.to_owned());
        if variable.to_ascii_uppercase().starts_with(OWN_PREFIX) {
            let (secret, variable) = own();
            return Err(InjectError::OwnVariable { secret, variable });
        }
        let key = options.system.key(OsStr::new(variable));
        if self.0[..self.1].iter().any(|(name, _)| options.system.key(name) == key) {
            let (secret, variable) = own();
            return Err(InjectError::Taken { secret, variable });
        }
        self.0.retain(|(name, _)| options.system.key(name) != key);
        self.0.push((variable.into(), path));
        Ok(())
    }

    /// The variables, each name once.
    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.0.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }
}

impl Drop for ChildEnvironment {
    fn drop(&mut self) {
        for (_, value) in &mut self.0 {
            std::mem::take(value).into_encoded_bytes().zeroize();
        }
    }
}

impl fmt::Debug for ChildEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

/// Builds the child's environment from the `parent`'s variables and the `wanted` secrets, whose
/// values move there.
///
/// # Errors
/// The first secret that cannot be given, see [`InjectError`]; all that the settings do not let pass.
pub fn environment(
    parent: Vec<(OsString, OsString)>,
    wanted: Vec<ChildVariable>,
    options: &ChildOptions<'_>,
) -> Result<ChildEnvironment, InjectError> {
    let variables = variables(&wanted, options)?;
    let mut parents = inherited(parent, options);
    let mut child = ChildEnvironment(Vec::with_capacity(wanted.len() + parents.len()), 0);
    for (wanted, variable) in wanted.into_iter().zip(variables) {
        check_value(&wanted, &variable, options.system)?;
        let key = options.system.key(OsStr::new(&variable));
        if !keeps_parents(parents.get(&*key), &wanted, &variable, options.clash)? {
            parents.remove(&*key);
            let value = os_value(wanted.value);
            let value = value.ok_or(InjectError::NotText { secret: wanted.secret })?;
            child.0.push((variable.into(), value));
            child.1 += 1;
        }
    }
    child.0.extend(parents.into_values());
    Ok(child)
}

/// The variable of each secret: no two have one.
fn variables(
    wanted: &[ChildVariable],
    options: &ChildOptions<'_>,
) -> Result<Vec<String>, InjectError> {
    let mut given = HashMap::with_capacity(wanted.len());
    let mut variables = Vec::with_capacity(wanted.len());
    let named = consent::together(wanted.iter().map(|wanted| named(wanted, options.consent)))?;
    for (wanted, variable) in wanted.iter().zip(named) {
        let key = options.system.key(OsStr::new(variable));
        if let Some(first) = given.insert(key, &wanted.secret) {
            return Err(InjectError::SharedVariable {
                variable: variable.to_owned(),
                first: first.clone(),
                second: wanted.secret.clone(),
            });
        }
        variables.push(variable.to_owned());
    }
    Ok(variables)
}

fn named<'a>(wanted: &'a ChildVariable, consent: &Consent) -> Result<&'a str, InjectError> {
    variable(&wanted.secret, wanted.variable.as_ref(), consent)
}

type Variables = BTreeMap<Vec<u8>, (OsString, OsString)>;

fn inherited(parent: Vec<(OsString, OsString)>, options: &ChildOptions<'_>) -> Variables {
    let mut child = Variables::new();
    for (name, value) in parent {
        let key = options.system.key(&name).into_owned();
        if key.starts_with(OWN_PREFIX.as_bytes()) || options.pristine && !is_pristine(&key, options)
        {
            continue;
        }
        // A name that stands twice: `getenv` finds the first, so that is what the parent meant.
        child.entry(key).or_insert((name, value));
    }
    child
}

fn is_pristine(key: &[u8], options: &ChildOptions<'_>) -> bool {
    let windows = if options.system == System::Windows { PRISTINE_WINDOWS } else { &[] };
    std::str::from_utf8(key)
        .is_ok_and(|key| PRISTINE.iter().chain(windows).any(|listed| guarded::covers(listed, key)))
}

/// Whether a variable is one of this program's own.
pub fn is_own_variable(name: &OsStr) -> bool {
    name.as_encoded_bytes().to_ascii_uppercase().starts_with(OWN_PREFIX.as_bytes())
}

/// Whether a variable can have this name: `[A-Za-z_][A-Za-z0-9_]*`.
pub fn is_identifier(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && text.bytes().next().is_some_and(|b| !b.is_ascii_digit())
}

/// The variable that a secret sets, if it may: the `given` one, or that of its own name.
///
/// # Errors
/// [`InjectError::NoVariable`], [`InjectError::NotAVariable`], [`InjectError::OwnVariable`]; those of
/// [`Consent::judge`].
pub fn variable<'a>(
    secret: &'a SecretName,
    given: Option<&'a Name>,
    consent: &Consent,
) -> Result<&'a str, InjectError> {
    let name = given.map_or(secret.name(), Name::as_str);
    let secret = || secret.clone();
    if !is_identifier(name) {
        return Err(match given {
            Some(name) => InjectError::NotAVariable { secret: secret(), variable: name.clone() },
            None => InjectError::NoVariable { secret: secret() },
        });
    }
    // Without regard to case, as for guarded variables: the vault may be used on Windows.
    if name.to_ascii_uppercase().starts_with(OWN_PREFIX) {
        return Err(InjectError::OwnVariable { secret: secret(), variable: name.to_owned() });
    }
    consent.judge(&secret(), name).map(|()| name)
}

/// Whether the system takes the value in a variable.
fn check_value(wanted: &ChildVariable, variable: &str, system: System) -> Result<(), InjectError> {
    let secret = || wanted.secret.clone();
    if memchr::memchr(0, wanted.value.expose()).is_some() {
        return Err(InjectError::Nul { secret: secret() });
    }
    let (length, limit) = match system {
        System::Linux => (wanted.value.len(), LINUX_LIMIT),
        System::OtherUnix => (wanted.value.len(), usize::MAX),
        System::Windows => {
            let text = wanted.value.expose_str();
            let text = text.ok_or_else(|| InjectError::NotText { secret: secret() })?;
            (text.encode_utf16().count(), WINDOWS_LIMIT)
        }
    };
    let size = variable.len() + "=\0".len() + length;
    if size > limit {
        return Err(InjectError::TooLong { secret: secret(), size, limit });
    }
    Ok(())
}

/// The value as the system takes it; [`ChildEnvironment`] wipes it in turn.
#[cfg(unix)]
fn os_value(value: SecretValue) -> Option<OsString> {
    Some(std::os::unix::ffi::OsStringExt::from_vec(value.into_bytes()))
}

#[cfg(not(unix))]
fn os_value(value: SecretValue) -> Option<OsString> {
    value.expose_str().map(OsString::from)
}

/// Whether the parent's variable stays as it is.
fn keeps_parents(
    parents: Option<&(OsString, OsString)>,
    wanted: &ChildVariable,
    variable: &str,
    clash: Clash,
) -> Result<bool, InjectError> {
    let Some((_, value)) = parents else { return Ok(false) };
    let same: bool = value.as_encoded_bytes().ct_eq(wanted.value.expose()).into();
    match clash {
        _ if same => Ok(true),
        Clash::Keep => Ok(true),
        Clash::Override => Ok(false),
        Clash::Error => {
            Err(InjectError::Clash { secret: wanted.secret.clone(), variable: variable.to_owned() })
        }
    }
}

#[cfg(test)]
mod tests;
