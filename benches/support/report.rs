//! Where results go: to stdout, and into the document that shows them.
//!
//! The document has a place for each table, between `<!-- begin NAME -->` and `<!-- end NAME -->`; what a measurement
//! prints is put there as it is, so that a table of the document is one that was printed.

use std::io::{Error, Result, Write};
use std::path::PathBuf;

/// Takes results.
#[derive(Debug)]
pub(crate) struct Report {
    document: Option<PathBuf>,
}

impl Report {
    /// Prints results, and puts them into the document if there is one.
    pub(crate) fn new(document: Option<PathBuf>) -> Self {
        Self { document }
    }

    /// Takes the result of this name.
    ///
    /// # Errors
    /// When it cannot be written, or the document has no place for it.
    pub(crate) fn take(&self, name: &str, text: &str) -> Result<()> {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{text}")?;
        out.flush()?;
        let Some(path) = &self.document else { return Ok(()) };
        let page = std::fs::read_to_string(path)?;
        let (begin, end) = (format!("<!-- begin {name} -->\n"), format!("<!-- end {name} -->"));
        let place =
            page.split_once(&begin).and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)));
        let Some((before, after)) = place else {
            return Err(Error::other(format!("{} has no place for {name}", path.display())));
        };
        std::fs::write(path, format!("{before}{begin}{text}\n{end}{after}"))
    }

    /// Takes a picture, which stands beside the document under the same name.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn take_picture(&self, svg: &str) -> Result<()> {
        self.document.as_ref().map_or(Ok(()), |path| std::fs::write(path.with_extension("svg"), svg))
    }
}

/// What was measured on, and what else it had to do. Source: proc_cpuinfo(5), proc_loadavg(5).
pub(crate) fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or(std::env::consts::ARCH, |(_, model)| model);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split_whitespace().nth(1).unwrap_or("unknown");
    format!(
        "Measured on {cores} cores of {model}, on which sink, feeder and program run together. Its load average in the five \
         minutes before was {load}; anything near 0 is a machine that had nothing else to do.\n"
    )
}
