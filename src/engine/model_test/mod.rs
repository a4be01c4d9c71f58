//! The engine as a whole against a model of what it promises.
//!
//! A script of random events is played to [`Sync`](super::sync::Sync) and to a naive model beside it; after every
//! event both must agree on what has settled, what has been printed and what may be sent. The model is written
//! from the promises (records settle once, states wait for what they cover, keys keep their order), with vectors
//! and loops, and shares no code with the engine.
//!
//! | question | module |
//! |---|---|
//! | What happens in a script? | [`script`] |
//! | What arrived, what may go out? | [`oracle`] |
//! | What may be sent? | [`conversation`] |
//! | What follows from an answer? | [`judgement`], in the [`words`] of the model |
//! | What does HubSpot answer, and what does it hold? | [`hubspot`], [`errors`] |
//! | One script, played to both | [`driver`], [`ending`] |
//! | Does all of it hold of streams of every kind beside each other? | [`mixed`] |
//! | How many calls does a bad record cost? | [`isolation`] |

mod conversation;
mod driver;
mod ending;
mod errors;
mod hubspot;
mod isolation;
mod judgement;
mod mixed;
mod oracle;
mod script;
mod words;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

use driver::Driver;
use script::{Mix, Script, script};

/// The same cases every time, and no files left behind.
fn config(cases: u32) -> Config {
    Config { cases, failure_persistence: None, rng_seed: RngSeed::Fixed(0x5EED), ..Config::default() }
}

fn play(script: &Script) {
    Driver::new(&script.setup).play(&script.steps);
}

proptest! {
    #![proptest_config(config(1_500))]

    /// HubSpot answers every call at once and refuses only what is bad.
    #[test]
    fn ordinary_syncs(script in script(Mix::ORDINARY)) {
        play(&script);
    }

    /// Answers that leave records out, in every combination.
    #[test]
    fn answers_that_keep_silent(script in script(Mix::SILENT)) {
        play(&script);
    }

    /// Whole batches refused, with and without names, and batches that are too large.
    #[test]
    fn refused_batches(script in script(Mix::REFUSING)) {
        play(&script);
    }

    /// Calls that fail for reasons outside the records, with a retry budget that can run out.
    #[test]
    fn failing_calls(script in script(Mix::FAILING)) {
        play(&script);
    }

    /// Everything at once, with rejections that count only once storage has them.
    #[test]
    fn rejections_in_storage(script in script(Mix::STORED)) {
        play(&script);
    }

    /// Streams and syncs that end early, for every reason there is.
    #[test]
    fn early_ends(script in script(Mix::ENDING)) {
        play(&script);
    }
}
