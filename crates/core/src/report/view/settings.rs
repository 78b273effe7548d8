//! `settings set`, `settings show`.

use super::effects::EffectsView;
use crate::policy::settings::{SET_BY, SETTINGS, Setting, SettingKey, Settings};
use serde::Serialize;

#[derive(Serialize)]
pub struct SettingsSetView<'a> {
    pub key: &'a str,
    pub value: Option<&'a str>,
    pub changed: bool,
    #[serde(flatten)]
    pub effects: &'a EffectsView,
}

#[derive(Serialize)]
pub struct SettingsShowView {
    pub settings: Vec<SettingView>,
}

#[derive(Serialize)]
pub struct SettingView {
    pub key: String,
    pub value: String,
    /// Whether the chain states it; otherwise it is the default.
    pub set: bool,
    pub default: &'static str,
    /// What it takes.
    pub values: &'static str,
    pub meaning: &'static str,
    /// The role whose members sign a change.
    pub set_by: &'static str,
}

impl From<&Settings> for SettingsShowView {
    /// What is set, and what is not with its default; of a setting that every environment has, the
    /// pattern of its key where no environment sets it.
    fn from(settings: &Settings) -> Self {
        let set = settings.iter().map(|(key, value)| match SettingKey::parse(key) {
            Ok(known) => SettingView::of(known.setting, key, value, true),
            Err(_) => SettingView::carried(key, value),
        });
        let mut rows: Vec<SettingView> = set.collect();
        let is_set = |setting: &Setting| {
            let mut keys = settings.iter().map(|(key, _)| SettingKey::parse(key));
            keys.any(|key| key.is_ok_and(|key| key.is(setting.key)))
        };
        let unset = SETTINGS.iter().filter(|setting| !is_set(setting));
        rows.extend(unset.map(|s| SettingView::of(s, s.key, s.default, false)));
        rows.sort_by(|a, b| a.key.cmp(&b.key));
        Self { settings: rows }
    }
}

impl SettingView {
    fn of(setting: &'static Setting, key: &str, value: &str, set: bool) -> Self {
        Self {
            key: key.to_owned(),
            value: value.to_owned(),
            set,
            default: setting.default,
            values: setting.values,
            meaning: setting.meaning,
            set_by: SET_BY,
        }
    }

    /// One that this version does not know: whoever reads is to see that it does nothing here.
    fn carried(key: &str, value: &str) -> Self {
        Self {
            key: key.to_owned(),
            value: value.to_owned(),
            set: true,
            default: "none",
            values: "what a later version of v-secure takes",
            meaning: "a setting of a later version, which this one keeps and does not use",
            set_by: SET_BY,
        }
    }
}

#[cfg(test)]
pub(super) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::view::effects;
    use crate::report::view::testing::{Examples, hold, json};
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[("settings-set", changed), ("settings-show", shown)];

    #[test]
    fn they_meet_their_schemas() {
        hold(VIEWS);
    }

    fn changed() -> Vec<Value> {
        let [all, none] = effects::examples();
        let view =
            |value, effects| json(&SettingsSetView { key: "reads", value, changed: true, effects });
        vec![view(Some("required"), &all), view(None, &none)]
    }

    fn shown() -> Vec<Value> {
        let view = SettingsShowView::from(&Settings::default());
        assert_eq!(view.settings.len(), SETTINGS.len());
        let mut later = Settings::default();
        later.set("sync.remote", "wss://vault").unwrap();
        vec![json(&view), json(&SettingsShowView::from(&later))]
    }
}
