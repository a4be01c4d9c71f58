//! One run of the program from its start to its end, watched.

use std::io::{Read, Write};
use std::process::{Child, ExitStatus};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How often a run is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// When a run is to be over, and what it is told before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// No run takes longer.
    pub(crate) patience: Duration,
    /// When it is asked to end, if it is.
    pub(crate) terminated_after: Option<Duration>,
}

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// `None`: it did not end and was killed.
    pub(crate) status: Option<ExitStatus>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    /// When it was asked to end, where it was.
    pub(crate) asked: Option<Instant>,
    /// When it ended.
    pub(crate) ended: Instant,
    /// The most that was resident beside code, in bytes; 0 where the system does not tell.
    pub(crate) peak: u64,
}

/// Feeds a program and waits for its end.
pub(crate) fn watch(mut child: Child, input: Vec<u8>, terms: Terms) -> Outcome {
    let mut stdin = child.stdin.take().expect("a stdin");
    // A program that has ended takes no more.
    let feeding = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let stdout = collected(child.stdout.take().expect("a stdout"));
    let stderr = collected(child.stderr.take().expect("a stderr"));
    let (began, mut peak, mut asked) = (Instant::now(), 0, None);
    let status = loop {
        peak = peak.max(memory(child.id()).unwrap_or(0));
        match child.try_wait().expect("a program to wait for") {
            Some(status) => break Some(status),
            None if began.elapsed() > terms.patience => {
                child.kill().and_then(|()| child.wait()).expect("a program to kill");
                break None;
            }
            None => {}
        }
        if asked.is_none() && terms.terminated_after.is_some_and(|after| began.elapsed() >= after) {
            asked = Some(Instant::now());
            let _ended_already = kill_process(Pid::from_child(&child), Signal::TERM);
        }
        std::thread::sleep(LOOK_EVERY);
    };
    let ended = Instant::now();
    let _fed = feeding.join();
    Outcome {
        status,
        stdout: stdout.join().unwrap_or_default(),
        stderr: stderr.join().unwrap_or_default(),
        asked,
        ended,
        peak,
    }
}

fn collected(mut from: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _broken = from.read_to_end(&mut bytes);
        bytes
    })
}

/// The most memory a process has had resident, in bytes without its code.
fn memory(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let field = |name: &str| -> Option<u64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.trim().strip_suffix(" kB")?.parse().ok()
    };
    Some(field("VmHWM")?.saturating_sub(field("RssFile")?) << 10)
}
