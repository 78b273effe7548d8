//! TLS to a server: by the roots that this machine trusts, or by those of the caller.

use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;
use tokio_postgres_rustls::MakeRustlsConnect;

/// How a server is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// By a certificate for its host's name. On a Unix socket no TLS is spoken.
    Verify(Roots),
    /// By its proof that it knows the password (SCRAM), and nothing is encrypted.
    Off,
}

/// Who may issue a server's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Roots {
    /// Whom this machine trusts; `SSL_CERT_FILE` and `SSL_CERT_DIR` name others.
    Machine,
    /// These certificates, in DER.
    Given(Vec<Vec<u8>>),
}

/// TLS cannot be begun.
#[derive(Debug, thiserror::Error)]
pub(super) enum TlsError {
    #[error("no certificate of an issuer is found on this machine, so no server can be verified")]
    NoRoots,
    #[error("TLS cannot be set up: {0}")]
    Setup(#[from] rustls::Error),
}

impl Roots {
    fn store(&self) -> RootCertStore {
        let mut store = RootCertStore::empty();
        let certificates = match self {
            // What cannot be read vouches for nobody.
            Self::Machine => rustls_native_certs::load_native_certs().certs,
            Self::Given(all) => all.iter().cloned().map(CertificateDer::from).collect(),
        };
        store.add_parsable_certificates(certificates);
        store
    }

    pub(super) fn connector(&self) -> Result<MakeRustlsConnect, TlsError> {
        let store = self.store();
        if store.is_empty() {
            return Err(TlsError::NoRoots);
        }
        // Named, as another crate may have made another one the process's default.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(store)
            .with_no_client_auth();
        Ok(MakeRustlsConnect::new(config))
    }
}
