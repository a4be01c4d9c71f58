//! A process from its start to its end: what it took of CPU, of memory and of time.

use std::fs::File;
use std::io::{Error, Read, Result, Seek, SeekFrom};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

/// How often the peak of memory is looked at; the kernel keeps it, so that only its last growth can be missed.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// How much of what a program says of its failure is told.
const LAST_WORDS: u64 = 2_000;

/// What a process took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// Of all processors, in user and kernel mode, in steps of the kernel's clock (10 ms).
    pub(crate) cpu: Duration,
    /// Most memory that was resident.
    pub(crate) peak_kib: u64,
}

/// What a program reads.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Input<'a> {
    /// Nothing: stdin is at its end.
    Empty,
    /// A file, so many times, through a pipe.
    File(&'a Path, u64),
}

/// Runs a program to its end, which has to be a good one. Its stdout goes nowhere.
///
/// # Errors
/// When it cannot be run, or fails.
pub(crate) fn run(mut command: Command, input: Input<'_>) -> Result<Cost> {
    let mut stderr = tempfile::tempfile()?;
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(stderr.try_clone()?);
    let mut child = command.spawn()?;
    let stdin = child.stdin.take().ok_or(std::io::ErrorKind::BrokenPipe)?;
    let feeding = feed(stdin, input)?;
    let peak_kib = watch(&child)?;
    // It has ended and is still there to be asked.
    let cpu = cpu_of(child.id())?;
    let status = child.wait()?;
    if !status.success() {
        let length = stderr.seek(SeekFrom::End(0))?;
        stderr.seek(SeekFrom::Start(length.saturating_sub(LAST_WORDS)))?;
        let mut words = String::new();
        stderr.read_to_string(&mut words)?;
        return Err(Error::other(format!("{command:?} ended with {status}: {words}")));
    }
    feeding.join().map_err(|_| Error::other("the input could not be fed"))??;
    Ok(Cost { cpu, peak_kib })
}

/// How long a program takes that is given nothing to read, from its start to its end.
///
/// # Errors
/// When it cannot be run, or fails.
pub(crate) fn time(mut command: Command) -> Result<Duration> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let began = Instant::now();
    let status = command.status()?;
    let took = began.elapsed();
    if status.success() { Ok(took) } else { Err(Error::other(format!("{command:?} ended with {status}"))) }
}

/// CPU that a process has used so far, in user and kernel mode. Source: proc_pid_stat(5), fields 14 and 15.
///
/// # Errors
/// When there is no such process.
pub(crate) fn cpu_of(process: u32) -> Result<Duration> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The second field is a name in parentheses, which may hold spaces.
    let fields = text.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Ok(Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64))
}

/// Feeds a program on a thread of its own; pages go from the file to the pipe without being copied.
fn feed(
    mut stdin: std::process::ChildStdin,
    input: Input<'_>,
) -> Result<std::thread::JoinHandle<Result<()>>> {
    let files = match input {
        Input::Empty => Vec::new(),
        Input::File(path, times) => (0..times).map(|_| File::open(path)).collect::<Result<_>>()?,
    };
    Ok(std::thread::spawn(move || {
        for mut file in files {
            std::io::copy(&mut file, &mut stdin)?;
        }
        Ok(())
    }))
}

/// The peak of the process's resident memory in KiB; returns when the process has ended, and leaves it to be waited
/// for.
fn watch(child: &Child) -> Result<u64> {
    let path = format!("/proc/{}/status", child.id());
    let ended = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    let mut peak = 0;
    loop {
        let status = std::fs::read_to_string(&path)?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().next()).and_then(|kib| kib.parse().ok());
        peak = peak.max(kib.unwrap_or(0));
        if waitid(WaitId::Pid(Pid::from_child(child)), ended)?.is_some() {
            return Ok(peak);
        }
        std::thread::sleep(LOOK_EVERY);
    }
}
