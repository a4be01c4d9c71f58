//! What production speaks: HubSpot is reached over TLS and HTTP/2, and edges end connections, limit streams and refuse some.
//!
//! The groups about what answers mean run here once more, their files being modules of this one: the `account` they start
//! with is that of the module above them.

use hubspot_sandbox::{Builder, Endpoint, Fault, When};
use serde_json::Value;

use crate::support::certificate::certificate;
use crate::support::connector::Finished;
use crate::support::delivery::{self, contact, for_streams, people, stats};
use crate::support::messages::{activation_stream, complete, record, stream_state};

#[expect(clippy::duplicate_mod, reason = "the same tests over another wire")]
#[path = "faults.rs"]
mod faults;
#[expect(clippy::duplicate_mod, reason = "the same tests over another wire")]
#[path = "insert.rs"]
mod insert;
#[expect(clippy::duplicate_mod, reason = "the same tests over another wire")]
#[path = "order.rs"]
mod order;
#[expect(clippy::duplicate_mod, reason = "the same tests over another wire")]
#[path = "settlement.rs"]
mod settlement;

/// The tests' account behind TLS and HTTP/2.
fn account() -> Builder {
    delivery::account().tls(certificate())
}

/// A stream that inserts contacts.
fn inserting() -> Value {
    let mut stream = activation_stream("new", "CONTACT", "unused", &["email", "firstname"]);
    stream["destination_sync_mode"] = "append".into();
    stream["primary_key"] = Value::Array(Vec::new());
    stream
}

/// Upserts some contacts and inserts others, and checks that each of them arrives once.
fn each_arrives_once(builder: Builder) -> Finished {
    const UPSERTED: usize = 3_000;
    const INSERTED: usize = 1_000;
    let sandbox = builder.start();
    let mut input = people(0..UPSERTED);
    input.push(stream_state("contacts", 1));
    input.extend(
        (UPSERTED..UPSERTED + INSERTED)
            .map(|number| record("new", contact(number)["record"]["data"].clone())),
    );
    input.extend([stream_state("new", 1), complete("new")]);
    let run = for_streams(&sandbox, &[delivery::contacts(), inserting()]).write(&input).succeeded();
    assert!(run.rejected().is_empty());
    assert_eq!((run.states().len(), run.stats()), (2, ((UPSERTED + INSERTED) as f64, 0.0)));
    assert_eq!(sandbox.counts("contacts").created, (UPSERTED + INSERTED) as u64);
    assert_eq!(sandbox.count("contacts"), UPSERTED + INSERTED, "nobody is there twice");
    run
}

#[test]
fn connections_that_end_streams_that_are_few_and_windows_that_are_small_lose_and_double_nothing() {
    let edge = || account().requests_per_connection(3).streams_per_connection(4);
    each_arrives_once(edge());
    each_arrives_once(edge().stream_window(4_096));
}

#[test]
fn streams_that_are_refused_did_nothing_and_are_sent_again_without_a_word() {
    for endpoint in [Endpoint::Upsert, Endpoint::Create] {
        // The HTTP client repeats such a call by itself, twice at most: with one refusal no call can come to that.
        let run = each_arrives_once(account().fault(Fault::on(endpoint).nth(4).refuse_stream()));
        let told = run.logs().iter().any(|log| log.contains("calls are failing"));
        assert!(!told, "{endpoint:?}: HTTP itself says that nothing was done: {:?}", run.logs());
        each_arrives_once(account().fault(Fault::on(endpoint).every(4).refuse_stream()));
    }
}

#[test]
fn a_connection_that_goes_away_or_is_cut_takes_nothing_with_it() {
    each_arrives_once(account().fault(Fault::anywhere().every(5).go_away()));
    for when in [When::BeforeEffect, When::AfterEffect] {
        each_arrives_once(account().fault(Fault::on(Endpoint::Upsert).every(7).cut(when)));
        each_arrives_once(account().fault(Fault::on(Endpoint::Create).nth(2).cut(when)));
    }
}

#[test]
fn http_2_is_what_is_spoken_and_one_connection_carries_it() {
    // Over HTTP/1.1 a reset ends the connection, and whatever else is under way is on others.
    let sandbox = account().fault(Fault::on(Endpoint::Upsert).nth(1).close(When::AfterEffect)).start();
    let run = for_streams(&sandbox, &[delivery::contacts()])
        .write(&[contact(1), stream_state("contacts", 1)])
        .succeeded();
    assert_eq!(stats(&run), [(1.0, 0.0)]);
    assert_eq!(sandbox.connections(), 1, "a reset of a stream leaves the connection as it is");
}
