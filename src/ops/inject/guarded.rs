//! The variables that a vault may set only with the owners' signed consent.
//!
//! Whoever may write one secret chooses the name of a variable in every reader's child process.
//! Most names only reach the application that asks for them; these steer the loader, the shell, an
//! interpreter, a tool or the network, and so turn the right to write a value into the right to run
//! a program on the reader's machine or to listen in. The list cannot be complete, since any
//! program may read any variable; it holds what common systems and tools read unasked.
//!
//! Names are compared without regard to case on every system: one vault serves Unix and Windows,
//! and some tools (npm, curl, pip) read either case on both.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

/// What setting a guarded variable can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Danger {
    /// Read by the dynamic loader or the C library of nearly every program.
    Loader,
    /// Runs or changes the commands of a shell.
    Shell,
    /// Gives an interpreter, a virtual machine or a build tool code or options.
    Interpreter,
    /// Names a program that another program starts, or a file that names one.
    Program,
    /// Says where programs, settings or temporary files are.
    Place,
    /// Sends network traffic elsewhere, or changes whom it trusts.
    Network,
    /// Makes a program write secrets to a file.
    Leak,
}

impl fmt::Display for Danger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loader => "steers the loader or the C library of every program",
            Self::Shell => "changes what shells run",
            Self::Interpreter => "gives an interpreter or a build tool code or options",
            Self::Program => "names a program that others start",
            Self::Place => "says where programs and settings are found",
            Self::Network => "redirects network traffic or changes whom it trusts",
            Self::Leak => "makes programs write secrets to a file",
        })
    }
}

/// The table: upper case; a `*` at the end or the beginning stands for any characters.
#[rustfmt::skip]
const GUARDED: &[(Danger, &[&str])] = &[
    (Danger::Loader, &[
        "LD_*", "DYLD_*", "LIBPATH", "SHLIB_PATH", "GLIBC_TUNABLES", "GCONV_PATH", "GETCONF_DIR",
        "LOCPATH", "NLSPATH", "TZDIR", "TERMINFO", "TERMINFO_DIRS", "TERMCAP", "TERMPATH",
        "GTK_MODULES", "GTK_PATH", "GIO_EXTRA_MODULES", "GIO_MODULE_DIR", "QT_PLUGIN_PATH",
        "LIBGL_DRIVERS_PATH", "__COMPAT_LAYER",
    ]),
    (Danger::Shell, &[
        "ENV", "BASH_*", "BASHOPTS", "SHELLOPTS", "IFS", "CDPATH", "GLOBIGNORE", "FPATH",
        "ZDOTDIR", "PS0", "PS1", "PS2", "PS3", "PS4", "PROMPT_COMMAND", "INPUTRC", "HISTFILE",
        "PSMODULEPATH", "POSIXLY_CORRECT",
    ]),
    (Danger::Interpreter, &[
        "PYTHON*", "PIP_*", "UV_INDEX*", "UV_EXTRA_INDEX_URL", "UV_DEFAULT_INDEX", "UV_PYTHON*",
        "PERL5*", "PERLLIB", "PERL_*", "RUBYOPT", "RUBYLIB", "RUBYPATH", "GEM_HOME", "GEM_PATH",
        "BUNDLE_GEMFILE", "BUNDLE_PATH", "BUNDLE_APP_CONFIG", "BUNDLE_BIN_PATH",
        "NODE_OPTIONS", "NODE_PATH", "NODE_REPL_*", "ELECTRON_RUN_AS_NODE", "BUN_OPTIONS",
        "NPM_CONFIG_*", "YARN_YARN_PATH", "YARN_RC_FILENAME", "YARN_PLUGINS", "COREPACK_*",
        "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "JAVA_OPTS", "JAVA_HOME",
        "JAVACMD", "CLASSPATH", "MAVEN_OPTS", "MAVEN_ARGS", "GRADLE_OPTS", "ANT_OPTS", "SBT_OPTS",
        "CATALINA_OPTS", "JRUBY_OPTS", "KOTLIN_*", "SCALA_HOME", "GROOVY_*",
        "LUA_INIT*", "LUA_PATH*", "LUA_CPATH*", "PHPRC", "PHP_INI_SCAN_DIR", "TCLLIBPATH",
        "R_PROFILE*", "R_ENVIRON*", "R_LIBS*", "R_HOME", "JULIA_*", "ERL_*", "ELIXIR_ERL_OPTIONS",
        "GHC_PACKAGE_PATH", "GHCRTS", "CAML_LD_LIBRARY_PATH", "OCAMLPATH", "GUILE_*", "AWKPATH",
        "AWKLIBPATH", "DOTNET_*", "COMPLUS_*", "CORECLR_*", "COR_*", "DEVPATH",
        "ASPNETCORE_HOSTINGSTARTUPASSEMBLIES", "MSBUILD*",
        "GOPATH", "GOROOT", "GOFLAGS", "GOENV", "GOTOOLCHAIN", "GOWORK", "GOPROXY", "GOSUMDB",
        "GONOSUMDB", "GOINSECURE", "GOAUTH", "CARGO_HOME", "CARGO_BUILD_*", "CARGO_TARGET_*",
        "CARGO_ALIAS_*", "RUSTC*", "RUSTFLAGS", "RUSTDOC*", "RUSTUP_*",
        "CC", "CXX", "LD", "AR", "CFLAGS", "CPPFLAGS", "CXXFLAGS", "LDFLAGS", "COMPILER_PATH",
        "GCC_EXEC_PREFIX", "LIBRARY_PATH", "CPATH", "*_INCLUDE_PATH", "PKG_CONFIG*", "CMAKE_*",
        "MAKEFLAGS", "GNUMAKEFLAGS", "MFLAGS", "MAKEFILES", "VIMINIT", "EXINIT", "VIMRUNTIME",
        "EMACSLOADPATH", "TF_CLI_*", "ANSIBLE_CONFIG", "ANSIBLE_LIBRARY", "ANSIBLE_*_PLUGINS",
    ]),
    (Danger::Program, &[
        "GIT_*", "EDITOR", "*_EDITOR", "HGEDITOR", "FCEDIT", "VISUAL", "PAGER", "*_PAGER",
        "MANPAGER", "BROWSER", "*_BROWSER", "*_ASKPASS", "SSH_ASKPASS_REQUIRE", "*_RSH", "SVN_SSH",
        "RSYNC_CONNECT_PROG", "HGRCPATH", "HGMERGE", "LESS", "LESSOPEN", "LESSCLOSE", "LESSKEY*",
        "LESSHISTFILE", "MANOPT", "PSQLRC", "KUBECONFIG", "KRB5_CONFIG", "SASL_PATH",
        "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "DOCKER_CONFIG", "DOCKER_CONTEXT",
        "OPENSSL_CONF*", "OPENSSL_ENGINES", "OPENSSL_MODULES", "ODBCINI", "ODBCSYSINI", "COMSPEC",
    ]),
    (Danger::Place, &[
        "PATH", "PATHEXT", "HOME", "USER", "LOGNAME", "USERNAME", "SHELL", "PWD", "OLDPWD",
        "TMPDIR", "TMP", "TEMP", "TEMPDIR", "XDG_*", "GNUPGHOME", "SSH_AUTH_SOCK",
        "GPG_AGENT_INFO", "CURL_HOME", "WGETRC", "NETRC", "NVM_DIR", "PYENV_ROOT", "RBENV_ROOT",
        "ASDF_*", "GRADLE_USER_HOME", "M2_HOME", "DBUS_*", "DISPLAY", "WAYLAND_DISPLAY",
        "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "USERPROFILE", "HOMEDRIVE", "HOMEPATH", "APPDATA",
        "LOCALAPPDATA", "PROGRAMDATA", "ALLUSERSPROFILE", "PROGRAMFILES*", "PROGRAMW6432",
        "COMMONPROGRAM*",
    ]),
    (Danger::Network, &[
        "*_PROXY", "HOSTALIASES", "LOCALDOMAIN", "RES_OPTIONS", "RESOLV_*", "DOCKER_HOST",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "CURL_SSL_BACKEND", "AWS_CA_BUNDLE",
        "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "NODE_TLS_REJECT_UNAUTHORIZED",
    ]),
    (Danger::Leak, &[
        "SSLKEYLOGFILE", "MALLOC_TRACE", "GODEBUG", "_NT_SYMBOL_PATH", "NODE_DEBUG*",
        "NODE_V8_COVERAGE",
    ]),
];

/// The table, for documents.
pub fn table() -> impl Iterator<Item = (Danger, &'static [&'static str])> {
    GUARDED.iter().copied()
}

/// What setting `variable` can do, if it is guarded.
pub fn danger(variable: &str) -> Option<Danger> {
    let variable = variable.to_ascii_uppercase();
    // First those that may begin with anything, then those that begin as the variable does.
    let initial = variable.bytes().next().unwrap_or(ANY);
    let mut candidates =
        [ANY, initial].into_iter().filter_map(|byte| BY_INITIAL.get(&byte)).flatten();
    candidates.find(|(pattern, _)| pattern.covers(&variable)).map(|(_, danger)| *danger)
}

/// Stands for the first byte of patterns that begin with the star; no variable has it.
const ANY: u8 = b'*';

/// The table, divided once by first bytes and at the star: `exec` asks for every secret.
static BY_INITIAL: LazyLock<HashMap<u8, Vec<(Divided<'static>, Danger)>>> = LazyLock::new(|| {
    let mut table: HashMap<u8, Vec<_>> = HashMap::new();
    for (danger, patterns) in GUARDED {
        for pattern in *patterns {
            let initial = pattern.bytes().next().unwrap_or(ANY);
            table.entry(initial).or_default().push((Divided::of(pattern), *danger));
        }
    }
    table
});

/// A pattern with at most one `*`.
enum Divided<'a> {
    Exactly(&'a str),
    Around(&'a str, &'a str),
}

impl<'a> Divided<'a> {
    fn of(pattern: &'a str) -> Self {
        match pattern.split_once('*') {
            Some((start, end)) => Self::Around(start, end),
            None => Self::Exactly(pattern),
        }
    }

    /// Both must be in the same case.
    fn covers(&self, variable: &str) -> bool {
        match self {
            Self::Exactly(pattern) => *pattern == variable,
            Self::Around(start, end) => {
                let rest = variable.strip_prefix(start);
                rest.is_some_and(|rest| rest.ends_with(end) && !end.contains('*'))
            }
        }
    }
}

/// Whether `pattern`, with at most one `*`, covers `variable`; both in the same case.
pub(super) fn covers(pattern: &str, variable: &str) -> bool {
    Divided::of(pattern).covers(variable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn variables_that_run_code_or_listen_in_are_guarded() {
        for (variable, expected) in [
            ("LD_PRELOAD", Danger::Loader),
            ("DYLD_INSERT_LIBRARIES", Danger::Loader),
            ("BASH_ENV", Danger::Shell),
            ("ENV", Danger::Shell),
            ("PYTHONSTARTUP", Danger::Interpreter),
            ("PERL5OPT", Danger::Interpreter),
            ("npm_config_registry", Danger::Interpreter),
            ("ANSIBLE_CALLBACK_PLUGINS", Danger::Interpreter),
            ("GIT_SSH_COMMAND", Danger::Program),
            ("SUDO_ASKPASS", Danger::Program),
            ("PATH", Danger::Place),
            ("Path", Danger::Place),
            ("https_proxy", Danger::Network),
            ("SSLKEYLOGFILE", Danger::Leak),
        ] {
            assert_eq!(danger(variable), Some(expected), "{variable}");
        }
    }

    #[test]
    fn names_that_applications_give_their_secrets_are_free() {
        for variable in [
            "DATABASE_URL",
            "PGPASSWORD",
            "AWS_SECRET_ACCESS_KEY",
            "CARGO_REGISTRY_TOKEN",
            "NPM_TOKEN",
            "YARN_NPM_AUTH_TOKEN",
            "GITHUB_TOKEN",
            "DOCKER_PASSWORD",
            "TF_VAR_password",
            "VAULT_TOKEN",
            "JWT_SECRET",
            "SMTP_PASSWORD",
            "ENVIRONMENT",
            "PATHS",
            "EDITOR_KEY",
            "BUNDLE_GITHUB__COM",
        ] {
            assert_eq!(danger(variable), None, "{variable}");
        }
    }

    #[test]
    fn the_table_is_upper_case_without_repeats_and_with_one_star_at_most() {
        let mut seen = BTreeSet::new();
        for pattern in GUARDED.iter().flat_map(|(_, patterns)| *patterns) {
            assert_eq!(**pattern, pattern.to_ascii_uppercase());
            assert!(pattern.matches('*').count() <= 1, "{pattern}");
            assert!(pattern.len() > 1, "{pattern} covers everything");
            assert!(seen.insert(*pattern), "{pattern} stands twice");
        }
    }
}
