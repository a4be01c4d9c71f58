//! Stdout: one queue of lines, one thread that writes them. Beside it a line on stderr for a person who watches.

pub mod clock;
pub mod emitter;
pub mod lines;
pub mod logging;
pub mod progress;
pub mod rotation;
