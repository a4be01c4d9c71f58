//! Black-box tests: the built program over its command line, stdin and stdout, against the sandbox.
//!
//! One binary, so that there is one link. Where a new test belongs:
//!
//! | question | module |
//! |---|---|
//! | Does a sync end to end do what it should? | `demo_data`, `write` |
//! | What do `spec`, `check` and `discover` print? | `commands` |
//! | Are the rules of ARCHITECTURE.md kept? | `tidy` |

mod support;

mod demo_data;
mod tidy;
