//! `cargo bench --bench memory`: resident memory of the release binary over syncs of different shapes, and as what it is
//! given to remember grows. `... -- shapes` prints the table that stands in the README, `... -- growth` the one in
//! `docs/limits.md`, `... -- growth keys` a part of it.
//!
//! The sandbox answers in this process; only the connector's own process is measured.

mod connector;
mod growth;
mod shapes;

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test` runs benches without this flag, to see that they start; `cargo bench` passes it.
    let whole = arguments.iter().any(|argument| argument == "--bench");
    arguments.retain(|argument| !argument.starts_with("--"));
    let mut out = std::io::stdout().lock();
    let (task, wanted) = (arguments.first(), arguments.get(1));
    if task.is_none_or(|task| task == "shapes") {
        shapes::tell(&mut out, whole)?;
    }
    if task.is_none_or(|task| task == "growth") {
        growth::tell(&mut out, wanted.map_or("", String::as_str), whole)?;
    }
    Ok(())
}
