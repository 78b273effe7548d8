//! `import`.

use crate::name::SecretName;
use crate::name::environment::EnvironmentName;
use crate::secret::import::Planned;
use serde::Serialize;
use std::path::PathBuf;

#[derive(Serialize)]
pub struct ImportView<'a> {
    pub environment: &'a EnvironmentName,
    pub dry_run: bool,
    pub secrets: Vec<ImportedSecretView>,
    pub deleted: Vec<PathBuf>,
}

#[derive(Serialize)]
pub struct ImportedSecretView {
    pub secret: SecretName,
    pub effect: &'static str,
}

impl From<&Planned> for ImportedSecretView {
    fn from(planned: &Planned) -> Self {
        Self { secret: planned.secret.clone(), effect: planned.effect.as_str() }
    }
}

#[cfg(test)]
pub(super) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::view::testing::{Examples, environment, hold, json, secret};
    use crate::secret::import::Effect;
    use crate::secret_value::SecretValue;
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[("import", imports)];

    #[test]
    fn they_meet_their_schema() {
        hold(VIEWS);
    }

    fn imports() -> Vec<Value> {
        let effects = [Effect::New, Effect::Changed, Effect::Unchanged, Effect::Unknown];
        let planned = effects.map(|effect| {
            let value = SecretValue::new(b"hush".to_vec());
            ImportedSecretView::from(&Planned { secret: secret(), value, effect })
        });
        let (environment, deleted) = (&environment("prod"), vec![PathBuf::from(".env")]);
        let secrets = planned.into();
        let view = json(&ImportView { environment, dry_run: false, secrets, deleted });
        assert!(!view.to_string().contains("hush"));
        vec![view]
    }
}
