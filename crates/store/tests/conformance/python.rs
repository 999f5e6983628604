//! Sealed secrets and Python's `MultiFernet` read each other, with the three lines that `docs/SECRETS.md` prints.

use std::io::Write;
use std::process::{Command, Stdio};

use metricis_core::ids::StudyId;
use metricis_store::{Sealer, SecretField};
use secrecy::ExposeSecret;

const DERIVED: &str = "a passphrase of more than thirty-two characters";
const EXACT: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4";
const IMPORTS: &str = "import base64, hashlib, json, sys\nfrom cryptography.fernet import Fernet, MultiFernet\n";

fn python(program: &str, input: &str) -> String {
    let python = std::env::var("TEST_PYTHON").expect("TEST_PYTHON is not set: run the suite with `make test`");
    let mut child = Command::new(python)
        .args(["-c", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python starts");
    child.stdin.take().expect("its input").write_all(input.as_bytes()).expect("Python reads");
    let output = child.wait_with_output().expect("Python ends");
    assert!(output.status.success(), "Python failed");
    String::from_utf8(output.stdout).expect("UTF-8").trim_end().to_owned()
}

/// The reader as the document prints it.
fn reader() -> &'static str {
    let page = include_str!("../../../../docs/SECRETS.md");
    let block = page.split("```python\n").nth(1).and_then(|rest| rest.split("```").next()).expect("the reader");
    assert_eq!(block.lines().count(), 3);
    block
}

fn study() -> StudyId {
    StudyId(uuid::Uuid::from_u128(7))
}

#[test]
fn python_reads_what_we_seal() {
    for keys in [[EXACT, DERIVED], [DERIVED, EXACT]] {
        let sealer = Sealer::new(&keys[0].into(), None, false).expect("a key");
        let sealed = sealer.seal(study(), SecretField::ApiToken, &"Tökén\"42".into());
        let input = serde_json::json!({ "keys": [keys[1], keys[0]], "sealed": sealed }).to_string();
        let program = format!(
            "{IMPORTS}given = json.load(sys.stdin)\nkeys, sealed = given['keys'], given['sealed']\n{}",
            reader()
        );
        assert_eq!(python(&program, &input), "Tökén\"42");
    }
}

#[test]
fn we_read_what_python_seals() {
    let program = format!(
        "{IMPORTS}key = Fernet(base64.urlsafe_b64encode(hashlib.sha256(b'metricis-redcap-v2\\0' + b'{DERIVED}').digest()))\n\
         print('enc:v2:' + MultiFernet([key]).encrypt(sys.stdin.read().encode()).decode())"
    );
    let sealer = Sealer::new(&EXACT.into(), Some(&DERIVED.into()), false).expect("keys");
    let placed = serde_json::json!({ "study": study(), "field": "webhook_secret", "value": "s3cret" }).to_string();
    let opened = sealer.open(study(), SecretField::WebhookSecret, &python(&program, &placed)).expect("readable");
    assert_eq!((opened.value.expose_secret(), opened.needs_rotation), ("s3cret", true));
    let bare = sealer.open(study(), SecretField::ApiToken, &python(&program, "bare-token")).expect("readable");
    assert_eq!((bare.value.expose_secret(), bare.needs_rotation), ("bare-token", true));
}
