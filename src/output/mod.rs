//! Stdout: one queue of lines, one thread that writes them.

pub mod clock;
pub mod emitter;
pub mod lines;
pub mod logging;
pub mod rotation;
