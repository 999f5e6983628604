//! The address of a record's page in REDCap, for a person to open.
//!
//! Invariant: nothing that REDCap or a record's name says becomes more than one segment or one value of the address.

use super::RedcapConfig;

impl RedcapConfig {
    /// `{base}/redcap_v{version}/DataEntry/record_home.php?pid=&id=`, without the version while it is not known; none before
    /// the study is connected.
    #[must_use]
    pub fn record_url(&self, version: Option<&str>, record: &str) -> Option<String> {
        let (base, project) = (self.api_url.as_deref()?, self.project_id.as_deref()?);
        let base = base.trim_end_matches('/').trim_end_matches("/api");
        let numbers = |text: &&str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let version = version.filter(numbers).map_or_else(String::new, |version| format!("/redcap_v{version}"));
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("pid", project)
            .append_pair("id", record)
            .finish();
        Some(format!("{base}{version}/DataEntry/record_home.php?{query}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_has_its_page_in_the_version_that_answered_last() {
        let mut redcap = RedcapConfig::default();
        assert_eq!(redcap.record_url(Some("14.9.1"), "1"), None, "not connected");
        redcap.api_url = Some("https://redcap.example.edu/sub/api/".to_owned());
        redcap.project_id = Some("18".to_owned());
        let page = "DataEntry/record_home.php?pid=18&id=";
        let url = |version, record| redcap.record_url(version, record).expect("an address");
        assert_eq!(url(Some("14.9.1"), "332-1"), format!("https://redcap.example.edu/sub/redcap_v14.9.1/{page}332-1"));
        assert_eq!(url(None, "1"), format!("https://redcap.example.edu/sub/{page}1"));
        assert_eq!(url(Some("1/../../evil"), "a&b=Ä"), format!("https://redcap.example.edu/sub/{page}a%26b%3D%C3%84"));
    }
}
