//! The program `hubspot-sandbox`.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::support::Client;

#[test]
fn it_says_where_it_listens_and_stops_on_ctrl_c() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_hubspot-sandbox"))
        .args([
            "--token",
            "pat-na1-demo",
            "--rate-limit",
            "2",
            "--interval-ms",
            "60000",
            "--random-seed",
            "5",
        ])
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

/// The text between two marks of a page.
fn marked<'p>(page: &'p str, mark: &str) -> &'p str {
    let (_, rest) = page.split_once(&format!("<!-- {mark} -->\n")).unwrap();
    rest.split_once(&format!("<!-- end of {mark} -->")).unwrap().0
}

fn printed(word: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_hubspot-sandbox")).arg(word).output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn its_pages_hold_what_it_prints() {
    let file =
        |name: &str| std::fs::read_to_string(format!("{}/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let readme = file("README.md");
    assert_eq!(marked(&readme, "hubspot-sandbox coverage").trim(), printed("coverage").trim());
    let switches = file("SWITCHES.md");
    assert_eq!(marked(&switches, "hubspot-sandbox switches").trim(), printed("switches").trim());
    let openapi: serde_json::Value = serde_json::from_str(&file("openapi.json")).unwrap();
    let now: serde_json::Value = serde_json::from_str(&printed("openapi")).unwrap();
    assert!(openapi == now, "openapi.json is not what `hubspot-sandbox openapi` prints");
}

#[test]
fn a_seed_file_makes_the_account_or_says_what_is_wrong() {
    let folder = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let start = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_hubspot-sandbox"));
        command.args(["--control", "--seed"]).arg(path).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let seed = "records: { companies: [{ id: '7', properties: { name: Acme } }] }";
    let mut program = start("seed.yaml", seed);
    let mut line = String::new();
    BufReader::new(program.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut client = Client::at(words[1], words[3]);
    assert_eq!(client.get("/crm/v3/objects/companies/7").json()["properties"]["name"], "Acme");
    assert_eq!(client.get("/_sandbox/seed").json()["records"]["companies"][0]["id"], "7");
    program.kill().unwrap();
    program.wait().unwrap();
    for (name, text, word) in [
        ("typo.json", r#"{ "recrods": {} }"#, "recrods"),
        ("unknown.yaml", "records: { cats: [{}] }", "cats"),
    ] {
        let output = start(name, text).wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains(word), "{said}");
    }
}

#[test]
fn its_help_explains_itself() {
    let help = Command::new(env!("CARGO_BIN_EXE_hubspot-sandbox")).arg("--help").output().unwrap();
    let text = String::from_utf8(help.stdout).unwrap();
    for part in [
        "--port",
        "--rate-limit",
        "--interval-ms",
        "--latency-ms",
        "--seed",
        "--random-seed",
        "--control",
        "--listen",
        "--token",
        "coverage",
        "switches",
        "openapi",
        "Examples:",
    ] {
        assert!(text.contains(part), "{part}");
    }
    let wrong =
        Command::new(env!("CARGO_BIN_EXE_hubspot-sandbox")).args(["--port", "many"]).output().unwrap();
    assert_eq!(wrong.status.code(), Some(2));
}
