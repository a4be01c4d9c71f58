//! What the measurements of whole processes are made of.
//!
//! | module | what it is |
//! |---|---|
//! | `shape`, `job` | the records, and what a program is given to do with them |
//! | `http`, `sink`, `secure_sink`, `sink_process` | what the programs write to |
//! | `floor`, `contender` | the programs |
//! | `process`, `measure` | what a process took, and what a run of a program says |
//! | `compare`, `startup`, `curves` | what is measured |
//! | `table`, `chart`, `report` | medians, spreads, tables and pictures, and where they go |

pub(crate) mod chart;
pub(crate) mod compare;
pub(crate) mod contender;
pub(crate) mod curves;
pub(crate) mod floor;
pub(crate) mod http;
pub(crate) mod job;
pub(crate) mod measure;
pub(crate) mod process;
pub(crate) mod report;
mod secure_sink;
#[expect(dead_code, reason = "the bench of the core uses the rest")]
pub(crate) mod shape;
pub(crate) mod sink;
pub(crate) mod sink_process;
pub(crate) mod startup;
pub(crate) mod table;
