//! The prints of one vault as a device keeps them: sealed under its key, so that without it they are noise and
//! a number.

use super::print::{Print, ScanKey};
use crate::crypto::bytes::{Blob, Fixed, Id};
use crate::crypto::digest::{self, HashContext};
use crate::crypto::id::VaultId;
use crate::crypto::seal::{self, SealError, SealedContent};
use crate::host::Random;
use crate::secret_value::SecretValue;
use serde::{Deserialize, Serialize};

const FORMAT: u32 = 1;

/// The most prints of a vault; the oldest go first.
pub const MOST: usize = 16_384;

/// Why prints were not sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum PrintsError {
    #[error("the fingerprints of values are not in the form of format {FORMAT}")]
    Form(#[source] serde_json::Error),
    #[error("the fingerprints of values were written by a newer v-secure (format {format})")]
    Newer { format: u32 },
    #[error("the fingerprints of values are another key's or another vault's, or damaged")]
    Sealed(#[source] SealError),
}

/// What is in the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedPrints {
    format: u32,
    nonce: Fixed<24>,
    commitment: Fixed<32>,
    ciphertext: Blob,
}

impl SealedPrints {
    pub fn parse(text: &[u8]) -> Result<Self, PrintsError> {
        let sealed: Self = serde_json::from_slice(text).map_err(PrintsError::Form)?;
        match sealed.format {
            FORMAT => Ok(sealed),
            format => Err(PrintsError::Newer { format }),
        }
    }

    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl ScanKey {
    /// Seals the newest of a vault's prints.
    pub fn seal(
        &self,
        source: &dyn Random,
        vault: &VaultId,
        prints: &[Print],
    ) -> Result<SealedPrints, PrintsError> {
        let newest = &prints[prints.len().saturating_sub(MOST)..];
        let text = serde_json::to_vec(newest).map_err(PrintsError::Form)?;
        let (text, key) = (SecretValue::new(text), self.expose());
        let sealed = seal::seal_bytes(source, HashContext::Prints, key, &aad(vault), &text)
            .map_err(PrintsError::Sealed)?;
        let SealedContent { nonce, commitment, ciphertext } = sealed;
        Ok(SealedPrints { format: FORMAT, nonce, commitment, ciphertext })
    }

    pub fn open(&self, vault: &VaultId, sealed: SealedPrints) -> Result<Vec<Print>, PrintsError> {
        let SealedPrints { nonce, commitment, ciphertext, .. } = sealed;
        let sealed = SealedContent { nonce, commitment, ciphertext };
        let text = seal::open_bytes(HashContext::Prints, self.expose(), &aad(vault), &sealed)
            .map_err(PrintsError::Sealed)?;
        serde_json::from_slice(text.expose()).map_err(PrintsError::Form)
    }
}

fn aad(vault: &VaultId) -> Id {
    digest::hash(HashContext::PrintsAad, &[vault.as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::testing::TestHost;
    use crate::name::SecretName;

    fn print(number: u16) -> Print {
        let secret = SecretName::parse("prod/A").unwrap();
        Print { secret, mark: Fixed([3; 32]), rolling: number, check: 7, length: 20 }
    }

    #[test]
    fn prints_come_back_with_their_key_and_vault_alone() {
        let (key, vault) = (ScanKey::generate(&TestHost), VaultId([1; 32]));
        let prints = [print(1), print(2)];
        let text = key.seal(&TestHost, &vault, &prints).unwrap().to_json();
        assert!(!text.contains("prod"));
        let read = || SealedPrints::parse(text.as_bytes()).unwrap();
        assert!(key.open(&vault, read()).unwrap() == prints);
        assert!(key.open(&VaultId([2; 32]), read()).is_err());
        assert!(ScanKey::generate(&TestHost).open(&vault, read()).is_err());
        let newer = text.replace("\"format\":1", "\"format\":2");
        let error = SealedPrints::parse(newer.as_bytes()).unwrap_err();
        assert!(matches!(error, PrintsError::Newer { format: 2 }), "{error}");
    }

    #[test]
    fn the_oldest_go_first() {
        let (key, vault) = (ScanKey::generate(&TestHost), VaultId([1; 32]));
        let prints: Vec<Print> = (0..MOST as u16 + 3).map(print).collect();
        let sealed = key.seal(&TestHost, &vault, &prints).unwrap();
        assert!(key.open(&vault, sealed).unwrap() == prints[3..]);
    }
}
