//! `config check`: everything that is wrong with the environment, at once; else what applies, without secrets.

use crate::args::Args;
use crate::config::{Absent, Settings, VARIABLES};
use crate::output::{CliError, show, table};

pub fn check(args: &Args) -> Result<(), CliError> {
    let problems = Settings::from_environment(args.data.clone(), Absent::Imagined).err().unwrap_or_default();
    let shown: Vec<_> = VARIABLES
        .iter()
        .map(|variable| {
            let set = std::env::var(variable.name).ok().filter(|value| !value.trim().is_empty());
            let value = match (set, variable.secret) {
                (None, _) => format!("default: {}", variable.default),
                (Some(_), true) => "set".to_owned(),
                (Some(value), false) => value,
            };
            serde_json::json!({ "variable": variable.name, "value": value, "meaning": variable.meaning })
        })
        .collect();
    let report = serde_json::json!({ "ok": problems.is_empty(), "problems": problems, "variables": shown });
    show(args.json, &report, |_| {
        let cell = |value: &serde_json::Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let rows = shown.iter().map(|row| vec![cell(row, "variable"), cell(row, "value"), cell(row, "meaning")]);
        let mut text = table(&["variable", "value", "meaning"], rows);
        text.push_str("\n\n");
        match problems.len() {
            0 => text.push_str("The configuration is good."),
            n => text.push_str(&format!("{n} problem(s):\n")),
        }
        for problem in &problems {
            text.push_str(&format!("  {problem}\n"));
        }
        text
    })?;
    if problems.is_empty() { Ok(()) } else { Err(CliError::Usage(String::new())) }
}
