//! The name of an audience. What it says is [`crate::policy::audience`]'s.

super::stated_text::stated_text! {
    /// The name of an audience as a record states it: `dev+owner`. Whether it is one is judged by
    /// [`crate::policy::audience::parse`].
    AudienceName
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_name_is_written_and_found_as_its_text() {
        let name = AudienceName::new("dev+owner");
        assert_eq!(
            (name.to_string(), format!("{name:?}")),
            ("dev+owner".into(), "\"dev+owner\"".into())
        );
        let json = serde_json::to_string(&name).unwrap();
        assert_eq!(json, "\"dev+owner\"");
        assert_eq!(serde_json::from_str::<AudienceName>(&json).unwrap(), name);
        assert_eq!(BTreeMap::from([(name.clone(), 1)]).get("dev+owner"), Some(&1));
        assert!(AudienceName::new("a+b") < AudienceName::new("aa") && name == "dev+owner");
    }

    #[test]
    fn a_name_is_not_judged_when_it_is_read() {
        assert!(serde_json::from_str::<AudienceName>("\"owner+dev\"").is_ok());
        let wrong = serde_json::from_str::<AudienceName>("7").unwrap_err().to_string();
        assert_eq!(wrong, serde_json::from_str::<String>("7").unwrap_err().to_string());
    }
}
