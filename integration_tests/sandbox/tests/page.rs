//! The sandbox in a browser.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use hubspot_sandbox::{Control, Endpoint, EventDef, Fault, ListDef, PropertyDef, RateLimit, Sandbox};
use serde_json::json;

use crate::support::{Client, UPSERT, by_email, inputs};

const EVIL: &str = "<img src=x onerror=alert(1)>\"'&";

/// A client without a token, which pages need not.
fn browser(sandbox: &Sandbox) -> Client {
    let mut client = Client::new(sandbox);
    client.token = None;
    client
}

fn page(sandbox: &Sandbox, path: &str) -> String {
    let reply = browser(sandbox).get(path);
    assert_eq!(
        (reply.status, reply.header("content-type")),
        (200, Some("text/html;charset=utf-8")),
        "{path}"
    );
    String::from_utf8(reply.body).unwrap()
}

/// An account in which everything holds markup, and the contact's id.
fn account() -> (Sandbox, String) {
    let sandbox = Sandbox::builder()
        .portal_id(42)
        .rate_limit(RateLimit::per_ten_seconds(20))
        .list(ListDef::manual(EVIL, "contacts").id(5))
        .event_definition(EventDef::new("signed_up").property(PropertyDef::string("plan")))
        .start();
    let mut client = Client::new(&sandbox);
    let contact = by_email(0, "ann@b.io", json!({ "firstname": EVIL, "city": "Bonn" }));
    assert_eq!(client.post(UPSERT, &inputs(vec![contact])).status, 200);
    assert_eq!(
        client.post(UPSERT, &inputs(vec![by_email(0, "ann@b.io", json!({ "city": "Rome" }))])).status,
        200
    );
    let id = sandbox.records("contacts")[0].id.clone();
    let company = sandbox.insert("companies", &[("name", EVIL)]);
    sandbox.associate(("contacts", &id), ("companies", &company), &["Primary"]);
    assert_eq!(client.call("PUT", "/crm/v3/lists/5/memberships/add", &json!([id])).status, 200);
    let event = json!({ "eventName": "pe42_signed_up", "email": EVIL, "properties": { "plan": EVIL } });
    assert_eq!(client.post("/events/v3/send", &event).status, 204);
    assert_eq!(client.get("/crm/v3/objects/contacts/5?properties='&b").status, 404);
    (sandbox, id)
}

#[test]
fn pages_show_what_the_account_holds_and_was_asked() {
    let (sandbox, id) = account();
    let asked = sandbox.totals().arrived;
    for (path, parts) in [
        (
            "/",
            vec![
                "Account 42",
                "<svg",
                "contacts",
                "/lists/5",
                "pe42_signed_up",
                "/crm/v3/objects/contacts/5",
            ],
        ),
        ("/objects/contacts", vec!["ann@b.io", "Rome", "Bonn"][..2].to_vec()),
        ("/objects/0-1", vec!["ann@b.io"]),
        (
            &format!("/objects/contacts/{id}"),
            vec![
                "ann@b.io",
                "city=Bonn",
                "city=Rome",
                "changed",
                "made",
                "Primary",
                "/lists/5",
                "/requests/2",
            ],
        ),
        ("/lists", vec!["MANUAL", "/lists/5"]),
        ("/lists/5", vec![id.as_str(), "MANUAL"]),
        ("/events", vec!["pe42_signed_up", "plan="]),
        ("/requests", vec![UPSERT, "404", "204", "<svg"]),
        (
            "/requests/1",
            vec!["&quot;id&quot;: &quot;ann@b.io&quot;", "Upsert", "Answer", "&quot;new&quot;: true"],
        ),
        ("/control", vec!["without --control", "None yet."]),
    ] {
        let page = page(&sandbox, path);
        for part in parts {
            assert!(page.contains(part), "{path}: {part}\n{page}");
        }
    }
    assert_eq!(sandbox.totals().arrived, asked, "pages are no requests");
    assert_eq!(sandbox.page_views(), 10);
}

#[test]
fn faults_limits_and_switches_are_on_the_page() {
    let fault = Fault::on(Endpoint::Upsert).object(EVIL).nth(2).status(503);
    let sandbox = Sandbox::builder()
        .control(Control::On)
        .rate_limit(RateLimit::per_ten_seconds(77))
        .fault(fault)
        .start();
    let page = page(&sandbox, "/control");
    for part in [
        "{&quot;nth&quot;:2}",
        "&quot;status&quot;:503",
        "DELETE /_sandbox/faults/1",
        "name=\"calls\" value=\"77\"",
        "<option value=\"always\" selected=\"\">",
        "name=\"echoTraceIds\"",
        "&lt;img src=x",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    assert!(!page.contains("<img"));
}

#[test]
fn no_value_becomes_markup() {
    let (sandbox, id) = account();
    for path in [
        "/",
        "/objects/contacts",
        "/objects/companies",
        &format!("/objects/contacts/{id}"),
        "/lists",
        "/lists/5",
        "/events",
        "/requests",
        "/requests/1",
    ] {
        let page = page(&sandbox, path);
        assert!(!page.contains("<img"), "{path}: {page}");
        assert_eq!(page.matches("<script").count(), 1, "{path}: only the page's own");
    }
    assert!(page(&sandbox, &format!("/objects/contacts/{id}")).contains("&lt;img src=x"));
}

#[test]
fn tables_go_back_in_time_and_unknown_pages_are_hubspots() {
    let sandbox = Sandbox::builder().start();
    let ids: Vec<String> = (0..60)
        .map(|number| sandbox.insert("deals", &[("dealname", &format!("deal {number:02}"))]))
        .collect();
    let newest = page(&sandbox, "/objects/deals");
    assert!(newest.contains("deal 59") && newest.contains("deal 10") && !newest.contains("deal 09"));
    let next = format!("?before={}", ids[10]);
    assert!(newest.contains(&format!("href=\"{next}\"")));
    let oldest = page(&sandbox, &format!("/objects/deals{next}"));
    assert!(oldest.contains("deal 09") && oldest.contains("deal 00") && !oldest.contains("deal 10"));
    for path in [
        "/objects/nothing",
        "/objects/deals/7",
        "/objects/deals/x",
        "/lists/7",
        "/requests/7",
        "/nothing",
        "/lists/5/members",
    ] {
        let reply = browser(&sandbox).get(path);
        assert_eq!(
            (reply.status, reply.header("content-type")),
            (404, Some("text/html;charset=utf-8")),
            "{path}"
        );
        assert!(String::from_utf8(reply.body).unwrap().contains("404 Not Found"));
    }
    assert_eq!(browser(&sandbox).call("POST", "/", &json!({})).status, 404);
    let light = Sandbox::builder().light().start();
    assert!(page(&light, "/requests").contains("there is no log"));
}

/// The browser of this machine, if it has one.
fn chromium() -> Option<PathBuf> {
    let paths = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    std::env::split_paths(&paths)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|program| program.is_file())
}

/// Opens a page in a headless browser and gives what it printed.
fn open(program: &PathBuf, profile: &str, more: &[&str], url: &str) -> Vec<u8> {
    let profile = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(profile);
    let output = Command::new(program)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"])
        .args(["--no-proxy-server", "--window-size=1100,900"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .args(more)
        .arg(url)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn a_browser_shows_records_and_requests_live() {
    let Some(program) = chromium() else {
        println!("skipped: there is no chromium on this machine");
        return;
    };
    let (sandbox, _) = account();
    let url = sandbox.url();
    // What changes after the page was loaded is shown too: the page asks for itself again.
    let document = std::thread::scope(|scope| {
        scope.spawn(|| {
            assert!(sandbox.wait_until(Duration::from_secs(60), |_| sandbox.page_views() > 0));
            sandbox.add_fault(Fault::on(Endpoint::OwnerList).status(503));
            Client::new(&sandbox).get("/crm/v3/owners?live=yes");
        });
        open(&program, "live", &["--dump-dom", "--virtual-time-budget=20000"], &url)
    });
    let document = String::from_utf8(document).unwrap();
    assert!(sandbox.page_views() > 1, "it asked again");
    for part in ["Overview", UPSERT, "live=yes", "503", "<rect", "polyline"] {
        assert!(document.contains(part), "{part}: {document}");
    }
    let record = sandbox.records("contacts")[0].id.clone();
    let picture = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("page.png");
    // A picture of before would prove nothing.
    let _ = std::fs::remove_file(&picture);
    let shot = format!("--screenshot={}", picture.display());
    open(&program, "picture", &[&shot], &format!("{url}/objects/contacts/{record}"));
    let picture = std::fs::read(picture).unwrap();
    assert!(picture.starts_with(b"\x89PNG") && picture.len() > 5_000, "{} bytes", picture.len());
}
