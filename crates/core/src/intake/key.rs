//! The natural key of a DET: what makes two deliveries the same save as far as the wire can tell.

use sha2::{Digest, Sha256};

use super::DetForm;

/// Hex SHA-256 over (project, record, instrument, event, repeat instrument and instance, completion, DAG), each part
/// preceded by its length, so that no two different forms share a key. Scoped by study where it is stored.
#[must_use]
pub fn natural_key(det: &DetForm) -> String {
    let instance = det.repeat_instance.map(|number| number.to_string()).unwrap_or_default();
    let mut hasher = Sha256::new();
    for part in [
        det.project_id.as_str(),
        &det.record,
        &det.instrument,
        det.event.as_deref().unwrap_or_default(),
        det.repeat_instrument.as_deref().unwrap_or_default(),
        &instance,
        &det.complete.to_string(),
        det.dag.as_deref().unwrap_or_default(),
    ] {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hex::encode(hasher.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_of_the_key_tells_deliveries_apart() {
        let base = "project_id=1&redcap_url=u&username=a&record=7&instrument=f&f_complete=2&redcap_event_name=e_arm_1";
        let key = |body: &str| natural_key(&DetForm::parse(body.as_bytes()).expect("a valid form"));
        assert_eq!(key(base), key(&base.replace("username=a", "username=b")), "who saved does not matter");
        for (from, to) in [
            ("project_id=1", "project_id=2"),
            ("record=7", "record=8"),
            ("instrument=f&f_", "instrument=g&g_"),
            ("e_arm_1", "e_arm_2"),
            ("complete=2", "complete=1"),
            ("record=7", "record=7&redcap_data_access_group=north"),
            ("record=7", "record=7&redcap_repeat_instance=2"),
            ("record=7", "record=7&redcap_repeat_instrument=f"),
        ] {
            assert_ne!(key(base), key(&base.replace(from, to)), "{to}");
        }
    }
}
