//! The checks of the fuzz targets, over inputs that are mutated from their corpus: the same ones every time.
//!
//! `FUZZ_INPUTS` sets how many each check gets; libFuzzer, which looks where it gets to, runs them with
//! `cargo +nightly fuzz run message` and `... coercion`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

#[path = "../fuzz/src/lib.rs"]
pub(crate) mod checks;

/// Inputs for each check, where nobody asks for more.
const INPUTS: usize = 20_000;
const SEED: u64 = 0x5EED;
/// Texts that mean something to a parser of messages or values.
const WORDS: [&str; 40] = [
    "{",
    "}",
    "[",
    "]",
    "\"",
    ":",
    ",",
    "\\",
    "\\u",
    "\\ud800",
    "\\u0000",
    "\n",
    "\r\n",
    " ",
    "null",
    "true",
    "false",
    "0",
    "-",
    "+",
    ".",
    "e",
    "E+",
    "1e999",
    "-0.0",
    "99999999999999999999",
    "\u{feff}",
    "\u{1f600}",
    "\u{85}",
    "@",
    ";",
    "\"type\":",
    "\"RECORD\"",
    "\"STATE\"",
    "\"stream\":",
    "\"data\":",
    "T",
    "Z",
    "2026-02-29",
    "+14:00",
];

/// An input on which a check panics, made as small as the driver can.
#[derive(Debug)]
struct Finding {
    number: usize,
    input: Vec<u8>,
}

/// Runs a check over the corpus and over `inputs` mutations of it, up to the first that panics.
fn drive(corpus: &[Vec<u8>], inputs: usize, check: impl Fn(&[u8])) -> Option<Finding> {
    let panics = |input: &[u8]| catch_unwind(AssertUnwindSafe(|| check(input))).is_err();
    let mut chance = fastrand::Rng::with_seed(SEED);
    let mutated = (0..inputs).map(|_| mutation(corpus, &mut chance));
    let mut all = corpus.iter().cloned().chain(mutated).enumerate();
    all.find(|(_, input)| panics(input))
        .map(|(number, input)| Finding { number, input: smaller(input, panics) })
}

/// One to eight changes of an input of the corpus.
fn mutation(corpus: &[Vec<u8>], chance: &mut fastrand::Rng) -> Vec<u8> {
    let mut input = corpus[chance.usize(..corpus.len())].clone();
    for _ in 0..chance.usize(1..=8) {
        let place = chance.usize(..=input.len());
        let piece = place..chance.usize(place..=input.len().min(place + 40));
        match chance.u8(..8) {
            0 => drop(input.splice(place..place, WORDS[chance.usize(..WORDS.len())].bytes())),
            1 => drop(input.splice(piece, WORDS[chance.usize(..WORDS.len())].bytes())),
            2 => drop(input.drain(piece)),
            3 if place < input.len() => input[place] ^= 1 << chance.u8(..8),
            4 => input.insert(place, chance.u8(..)),
            5 => {
                let again = input[piece].to_vec();
                drop(input.splice(place..place, again));
            }
            6 => {
                // Nesting, and digits without end.
                let again = WORDS[chance.usize(..WORDS.len())].repeat(chance.usize(1..400));
                drop(input.splice(place..place, again.into_bytes()));
            }
            _ => {
                let other = &corpus[chance.usize(..corpus.len())];
                // Whole inputs one behind the other, or a part of one and a part of another.
                let (to, from) =
                    if chance.bool() { (input.len(), 1) } else { (place, chance.usize(..=other.len())) };
                input.truncate(to);
                input.extend_from_slice(&other[from..]);
            }
        }
    }
    input
}

/// Leaves pieces out, ever smaller ones, for as long as what remains panics too.
fn smaller(mut input: Vec<u8>, panics: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let mut length = input.len() / 2;
    // Every attempt that panics is told on stderr: a few hundred have to do.
    let mut attempts = 0;
    while length > 0 && attempts < 300 {
        let mut place = 0;
        while place + length <= input.len() && attempts < 300 {
            attempts += 1;
            let mut without = input.clone();
            without.drain(place..place + length);
            if panics(&without) {
                input = without;
            } else {
                place += length;
            }
        }
        length /= 2;
    }
    input
}

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("a corpus").map(|entry| entry.expect("a file").path()).collect();
    // The order of a folder is no order.
    files.sort();
    assert!(!files.is_empty());
    files.into_iter().map(|file| std::fs::read(file).expect("an input")).collect()
}

fn inputs() -> usize {
    std::env::var("FUZZ_INPUTS").ok().and_then(|inputs| inputs.parse().ok()).unwrap_or(INPUTS)
}

fn holds(name: &str, check: impl Fn(&[u8])) {
    if let Some(Finding { number, input }) = drive(&corpus(name), inputs(), check) {
        let text = String::from_utf8_lossy(&input);
        panic!("input {number} of seed {SEED:#x} breaks {name}: {text:?}\n{input:?}");
    }
}

#[test]
fn no_line_breaks_the_message_parser() {
    holds("message", checks::message);
}

#[test]
fn no_value_breaks_a_coercion() {
    holds("coercion", checks::coercion);
}

/// Whether an input meets a fault.
type Hit = fn(&[u8]) -> bool;

/// Panics without a word on stderr.
fn fault() {
    std::panic::resume_unwind(Box::new("a fault put in"));
}

#[test]
fn a_fault_that_is_put_in_is_found_and_made_small() {
    // What a coercion might get wrong: a number with two signs in its exponent.
    let coercion = |input: &[u8]| {
        checks::coercion(input);
        let text = String::from_utf8_lossy(input);
        if text.contains("e--") || text.contains("e-+") || text.contains("e+-") || text.contains("e++") {
            fault();
        }
    };
    let Some(found) = drive(&corpus("coercion"), INPUTS, coercion) else { panic!("not found") };
    assert_eq!(found.input.len(), 3, "{found:?}");
    // What a parser might get wrong: a record with a name twice, deep nesting, a record after a broken line.
    let twice = |input: &[u8]| input.windows(8).filter(|piece| *piece == b"\"stream\"").count() > 1;
    let deep = |input: &[u8]| input.windows(64).any(|piece| piece.iter().all(|byte| *byte == b'['));
    let behind = |input: &[u8]| {
        let mut lines = input.split(|byte| *byte == b'\n');
        lines.any(|line| line.starts_with(b"{oops"))
            && lines.any(|line| line.starts_with(b"{\"type\":\"STATE\""))
    };
    let faults: [(&str, Hit); 3] = [("twice", twice), ("deep", deep), ("behind", behind)];
    for (name, is_hit) in faults {
        let clean = corpus("message").into_iter().filter(|input| !is_hit(input)).collect::<Vec<_>>();
        let check = |input: &[u8]| {
            if is_hit(input) {
                fault();
            }
        };
        let Some(found) = drive(&clean, INPUTS, check) else { panic!("{name} is not found") };
        assert!(found.number >= clean.len() && is_hit(&found.input), "{name}: {found:?}");
    }
}

#[test]
fn inputs_are_the_same_every_time_and_differ_from_each_other() {
    let corpus = corpus("message");
    let made = || {
        let mut chance = fastrand::Rng::with_seed(SEED);
        (0..500).map(|_| mutation(&corpus, &mut chance)).collect::<Vec<_>>()
    };
    let first = made();
    assert_eq!(first, made());
    let distinct: std::collections::HashSet<&Vec<u8>> = first.iter().collect();
    assert!(distinct.len() > 450, "{}", distinct.len());
}
