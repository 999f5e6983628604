//! Reads every record of a project at `URL`, page by page, and says how much memory that took at most: for `bench/sweep`.

use std::{env, fs, time::Duration};

use metricis_redcap::{ApiUrl, Ask, Client, RecordQuery, Sweep, http_client};

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let url = env::args().nth(1).ok_or("usage: sweep URL")?;
    let token = "0".repeat(32).into();
    let client = Client::new(http_client("metricis-bench")?, ApiUrl::parse(&url)?, token, Duration::from_secs(60));
    let fields = (0..200).map(|number| if number == 0 { "record_id".to_owned() } else { format!("field_{number}") });
    let mut sweep = Sweep::new(RecordQuery { fields: fields.collect(), ..RecordQuery::default() }, "record_id");
    let (mut calls, mut rows, mut cells) = (0, 0, 0);
    while let Some(ask) = sweep.next_ask()? {
        calls += 1;
        match ask {
            Ask::Ids => sweep.listed(client.record_ids("record_id").await?),
            Ask::Page(query) => match client.export_records(&query).await {
                Ok(page) => {
                    let page = sweep.accept(page)?;
                    rows += page.len();
                    cells += page.iter().map(metricis_redcap::wire::Row::len).sum::<usize>();
                }
                Err(failure) => sweep.give_way(failure)?,
            },
        }
    }
    let status = fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    println!("{calls} {rows} {cells} {}", peak.trim().trim_end_matches("kB").trim());
    Ok(())
}
