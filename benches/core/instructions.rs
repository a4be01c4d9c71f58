//! Instruction counts of the core's parts, by valgrind, beside those of the baseline.
//!
//! Each part is done a few times and many times in processes of their own; the difference is what the steps alone take,
//! without what makes them ready. Valgrind shows every program the same processor, so that counts of different
//! machines can be compared, as long as these are of one architecture.

use std::collections::BTreeMap;
use std::io::{Error, Result, Write};
use std::path::PathBuf;
use std::process::Command;

use crate::cases::{CASES, Case};

/// The first argument with which this bench is what valgrind looks at.
pub(crate) const ROLE: &str = "be-counted";

/// Steps of the two runs.
const FEW: u64 = 20;
const MANY: u64 = 120;
/// Changes beyond this, in percent, are told.
const TOLD: f64 = 5.0;

/// Instructions a record, by the name of the part.
type Counts = BTreeMap<String, f64>;

/// Does a part so many times.
///
/// # Panics
/// When there is no such part.
pub(crate) fn be_counted(name: &str, times: u64) {
    let case = CASES.iter().find(|case| case.name == name).expect("a part of that name");
    let mut step = (case.prepare)();
    (0..times).for_each(|_| step());
}

/// Prints the counts beside those of the baseline, and a line for every one that has changed by more than 5%.
///
/// # Errors
/// When the baseline cannot be read. That there is no valgrind, or no baseline, is no error; it is said.
pub(crate) fn compare() -> Result<()> {
    let mut out = std::io::stdout().lock();
    let Some(counts) = count()? else {
        return writeln!(out, "skipped: instructions are counted by valgrind, which is not installed");
    };
    let path = baseline();
    let before: Counts = match std::fs::read(&path) {
        Ok(text) => serde_json::from_slice(&text)?,
        Err(_) => {
            writeln!(out, "there is no baseline of this architecture ({})", path.display())?;
            Counts::new()
        }
    };
    writeln!(out, "| instructions a record | now | baseline | change |\n|---|---:|---:|---:|")?;
    let mut changed = Vec::new();
    for (name, now) in &counts {
        let Some(before) = before.get(name) else {
            writeln!(out, "| {name} | {now:.0} | – | – |")?;
            continue;
        };
        let change = 100.0 * (now - before) / before;
        writeln!(out, "| {name} | {now:.0} | {before:.0} | {change:+.1}% |")?;
        if change.abs() > TOLD {
            changed.push(format!("{name}: {before:.0} instructions a record before, {now:.0} now"));
        }
    }
    for line in &changed {
        writeln!(out, "changed by more than {TOLD}%: {line}")?;
    }
    if !changed.is_empty() {
        writeln!(out, "where that is as it should be: cargo bench --bench core -- --write-baseline")?;
    }
    Ok(())
}

/// Makes what is counted now the baseline.
///
/// # Errors
/// When there is no valgrind, or the file cannot be written.
pub(crate) fn write_baseline() -> Result<()> {
    let counts = count()?.ok_or_else(|| Error::other("valgrind is not installed"))?;
    let rounded: BTreeMap<String, u64> =
        counts.into_iter().map(|(name, count)| (name, count as u64)).collect();
    std::fs::write(baseline(), format!("{}\n", serde_json::to_string_pretty(&rounded)?))
}

fn baseline() -> PathBuf {
    let name = format!("instructions-{}.json", std::env::consts::ARCH);
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/baseline").join(name)
}

/// The counts of all parts; `None` where there is no valgrind.
fn count() -> Result<Option<Counts>> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        return Ok(None);
    }
    let mut counts = Counts::new();
    for case in &CASES {
        let difference = collected(case, MANY)? - collected(case, FEW)?;
        counts.insert(case.name.to_owned(), difference / ((MANY - FEW) * case.records) as f64);
    }
    Ok(Some(counts))
}

/// Instructions of a process that does the part so many times.
fn collected(case: &Case, times: u64) -> Result<f64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe()?)
        .args([ROLE, case.name, &times.to_string()])
        .output()?;
    let told = String::from_utf8_lossy(&output.stderr);
    let collected = told.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    match collected {
        Some(count) if output.status.success() => Ok(count),
        _ => Err(Error::other(format!("valgrind failed on \"{case}\": {told}"))),
    }
}
