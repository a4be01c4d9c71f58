//! SIGTERM and SIGINT: noticed here, obeyed at the end.

use std::io;
use std::process::ExitCode;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that ask this program to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// `SIGTERM`
    Terminate,
    /// `SIGINT`
    Interrupt,
}

impl Ask {
    fn number(self) -> i32 {
        match self {
            Self::Terminate => SignalKind::terminate().as_raw_value(),
            Self::Interrupt => SignalKind::interrupt().as_raw_value(),
        }
    }

    /// Ends this process the way the signal would have: its parent sees the signal, not an exit code of our own
    /// (PyAirbyte takes the one as clean and the other as a failure). The first process of a container cannot
    /// die of a signal; it exits with 128 plus the signal's number.
    #[must_use]
    pub fn die(self) -> ExitCode {
        if std::process::id() != 1 {
            // Returns only where the signal cannot be raised; the exit code then says the same.
            let _not_raised = signal_hook::low_level::emulate_default_handler(self.number());
        }
        ExitCode::from(u8::try_from(128 + self.number()).unwrap_or(u8::MAX))
    }
}

/// Waits for either signal.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Takes the signals over from their default, which ends the process at once.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub fn install() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Completes when one of them arrives.
    pub async fn next(&mut self) -> Ask {
        tokio::select! {
            _ = self.terminate.recv() => Ask::Terminate,
            _ = self.interrupt.recv() => Ask::Interrupt,
        }
    }
}
