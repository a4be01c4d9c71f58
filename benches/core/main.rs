//! `cargo bench --bench core`: the parts of the core, alone and without IO, timed by divan.
//!
//! `cargo bench --bench core -- --instructions` counts the instructions of each part under valgrind instead and prints
//! what has changed by more than 5% since `benches/baseline`: the counts hardly depend on the machine and not at all on
//! what else it does. `--write-baseline` puts them there.

mod cases;
mod instructions;
#[path = "../support/shape.rs"]
#[expect(dead_code, reason = "the sandbox's properties are for the bench of whole processes")]
mod shape;

use std::error::Error;

use cases::CASES;
use divan::Bencher;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [instructions::ROLE, case, times] => {
            instructions::be_counted(case, times.parse()?);
            Ok(())
        }
        _ if arguments.contains(&"--write-baseline") => Ok(instructions::write_baseline()?),
        _ if arguments.contains(&"--instructions") => Ok(instructions::compare()?),
        _ => {
            divan::main();
            Ok(())
        }
    }
}

#[divan::bench(args = CASES)]
fn core(bencher: Bencher<'_, '_>, case: &cases::Case) {
    let step = (case.prepare)();
    bencher.counter(divan::counter::ItemsCount::new(case.records)).bench_local(step);
}
