//! The shell of `write`: one thread reads stdin, one loop owns the engine and makes the calls.

pub mod calls;
pub mod dispatcher;
pub mod keeping;
pub mod making;
pub mod reader;
pub mod rehearsal;
pub mod signals;
pub mod summary;
pub mod whose;

#[cfg(test)]
mod simulation;
