//! `export`, where it writes a file: of values it tells the names alone.

use serde::Serialize;
use std::path::Path;

#[derive(Serialize)]
pub struct ExportView<'a> {
    pub format: &'static str,
    pub file: &'a Path,
    pub names: &'a [String],
}

#[cfg(test)]
pub(super) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::export::Format;
    use crate::report::view::testing::{Examples, hold, json};
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[("export", exports)];

    #[test]
    fn they_meet_their_schema() {
        hold(VIEWS);
    }

    fn exports() -> Vec<Value> {
        let (format, file) = (Format::Json.as_str(), Path::new("prod.json"));
        vec![json(&ExportView { format, file, names: &["API_KEY".to_owned()] })]
    }
}
