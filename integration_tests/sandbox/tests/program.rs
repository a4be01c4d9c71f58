//! The program `hubspot-sandbox`.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::support::Client;

#[test]
fn it_says_where_it_listens_and_stops_on_ctrl_c() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_hubspot-sandbox"))
        .args(["--token", "pat-na1-demo", "--rate-limit", "2", "--interval-ms", "60000", "--seed", "5"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(program.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!((words[0], words[2], words[3]), ("hubspot-sandbox", "token", "pat-na1-demo"));
    let mut client = Client::at(words[1], words[3]);
    let statuses: Vec<u16> = (0..3).map(|_| client.get("/crm/v3/owners").status).collect();
    assert_eq!(statuses, [200, 200, 429]);
    let stopped = Command::new("kill").args(["-INT", &program.id().to_string()]).status().unwrap();
    assert!(stopped.success());
    assert!(program.wait().unwrap().success());
}

#[test]
fn its_help_explains_itself() {
    let help = Command::new(env!("CARGO_BIN_EXE_hubspot-sandbox")).arg("--help").output().unwrap();
    let text = String::from_utf8(help.stdout).unwrap();
    for part in ["--port", "--rate-limit", "--interval-ms", "--latency-ms", "--seed", "--token", "Examples:"]
    {
        assert!(text.contains(part), "{part}");
    }
    let wrong =
        Command::new(env!("CARGO_BIN_EXE_hubspot-sandbox")).args(["--port", "many"]).output().unwrap();
    assert_eq!(wrong.status.code(), Some(2));
}
