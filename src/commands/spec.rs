//! `spec`: the specification of the configuration.

use crate::config::spec::specification;
use crate::output::emitter::Emitter;
use crate::output::lines;

/// Prints the SPEC line.
pub fn run(emitter: &Emitter) {
    emitter.line(&lines::spec(&specification()));
}
