//! An answer that gets lost: `cargo run -p hubspot-sandbox --example lost_answer`.
//!
//! The request takes effect, the client sees a broken connection, tries again, and nothing is made twice.

use std::io::{self, Read, Write};
use std::net::TcpStream;

use hubspot_sandbox::{Endpoint, Fault, Sandbox, When};

const CONTACT: &str =
    r#"{"inputs":[{"id":"ann@example.com","idProperty":"email","properties":{"city":"Bonn"}}]}"#;

/// The client under test: one upsert, in as few lines as that takes.
fn upsert(sandbox: &Sandbox) -> io::Result<String> {
    let host = sandbox.url().replace("http://", "");
    let mut stream = TcpStream::connect(&host)?;
    write!(
        stream,
        "POST /crm/v3/objects/contacts/batch/upsert HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\nauthorization: Bearer \
         {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{CONTACT}",
        sandbox.default_token(),
        CONTACT.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    answer.lines().next().map(str::to_owned).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

fn main() -> io::Result<()> {
    let sandbox = Sandbox::builder().seed(7).start();
    let fault = sandbox.add_fault(Fault::on(Endpoint::Upsert).nth(1).close(When::AfterEffect));
    let mut out = io::stdout();
    match upsert(&sandbox) {
        Ok(answer) => writeln!(out, "first: {answer}")?,
        Err(error) => writeln!(out, "first: {error}")?,
    }
    writeln!(out, "again: {}", upsert(&sandbox)?)?;
    let (lost, contacts, writes) = (sandbox.fault_fired(fault), sandbox.count("contacts"), sandbox.writes());
    writeln!(out, "{lost} answer lost, {contacts} contact made, {writes} writes")?;
    Ok(())
}
