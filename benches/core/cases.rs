//! The parts of the core, each as something that can be done again and again.
//!
//! What a step takes and does not give back is cloned within it, which is said in its name.

use std::fmt::{Display, Formatter};
use std::hint::black_box;
use std::time::Duration;

use destination_hubspot::api::{BatchAnswer, RateHeaders};
use destination_hubspot::config::Config;
use destination_hubspot::crm::object::ObjectType;
use destination_hubspot::crm::property::Property;
use destination_hubspot::engine::Moment;
use destination_hubspot::engine::lane::Lane;
use destination_hubspot::engine::ledger::{Ledger, StreamIndex};
use destination_hubspot::engine::operation::Operation;
use destination_hubspot::engine::record::{Body, Record};
use destination_hubspot::engine::request;
use destination_hubspot::engine::sync::{Durability, Next, Outcome, Settings, Sync};
use destination_hubspot::json::Index;
use destination_hubspot::plan::stream::Groundwork;
use destination_hubspot::plan::{Plan, StreamPlan};
use destination_hubspot::protocol::catalog::ConfiguredCatalog;
use destination_hubspot::protocol::line::LineSplitter;
use destination_hubspot::protocol::message::{self, Message, RecordMessage};
use serde_json::{Value, json};

use crate::shape::{Shape, WIDEST};

/// Records of a full batch. Source: HubSpot's guide to contacts.
const BATCH: u64 = 100;

/// A part of the core.
#[derive(Debug)]
pub(crate) struct Case {
    /// Its name.
    pub(crate) name: &'static str,
    /// Records that a step is about.
    pub(crate) records: u64,
    /// Makes everything ready and returns the step.
    pub(crate) prepare: fn() -> Box<dyn FnMut()>,
}

impl Display for Case {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

/// All of them.
pub(crate) const CASES: [Case; 11] = [
    Case { name: "cut 100 lines", records: BATCH, prepare: cut_lines },
    Case { name: "parse 100 lines of 20 properties", records: BATCH, prepare: || parse(Shape::contacts()) },
    Case {
        name: "parse 100 lines of 150 properties",
        records: BATCH,
        prepare: || parse(Shape::wide(WIDEST)),
    },
    Case { name: "shape 100 records of 20 properties", records: BATCH, prepare: || shape(Shape::contacts()) },
    Case {
        name: "shape 100 records of 150 properties",
        records: BATCH,
        prepare: || shape(Shape::wide(WIDEST)),
    },
    Case { name: "clone 100 records of 20 properties", records: BATCH, prepare: clone },
    Case { name: "clone 100 records, through ledger and lane", records: BATCH, prepare: through_the_lane },
    Case { name: "enter and accept 100 records, release a state", records: BATCH, prepare: settle },
    Case { name: "write a request of 100 records", records: BATCH, prepare: write_request },
    Case { name: "read an answer about 100 records", records: BATCH, prepare: read_answer },
    Case {
        name: "clone 100 records and an answer, through the whole engine",
        records: BATCH,
        prepare: through_the_engine,
    },
];

fn lines(shape: &Shape) -> Vec<Vec<u8>> {
    let line = |number| {
        let mut line = Vec::new();
        shape.write_line("contacts", number, &mut line);
        line.pop();
        line
    };
    (0..BATCH).map(line).collect()
}

fn record<'a>(line: &'a [u8], index: &'a mut Index) -> RecordMessage<'a> {
    match message::parse(line, index) {
        Ok(Message::Record(record)) => record,
        other => unreachable!("a record was written, and read as {other:?}"),
    }
}

fn plan(shape: &Shape) -> Plan {
    let config = json!({"credentials": {"type": "AccessToken", "access_token": "t"}});
    let stream = json!({
        "stream": {"name": "contacts", "json_schema": shape.json_schema()},
        "sync_mode": "incremental",
        "destination_sync_mode": "append_dedup",
        "primary_key": [["email"]],
    });
    let config = Config::from_json(config.to_string()).expect("a configuration");
    let catalog = ConfiguredCatalog::from_json(&json!({"streams": [stream]}).to_string()).expect("a catalog");
    let properties: Vec<Property> = serde_json::from_value(shape.definitions()).expect("definitions");
    let groundwork = Groundwork {
        config: &config,
        stream: &catalog.streams[0],
        object: &ObjectType::by_type_id("0-1"),
        properties: &properties,
        owners: None,
        required: &[],
        associations: &[],
    };
    Plan::from(StreamPlan::new(groundwork).expect("a plan"))
}

/// Records as they are sent.
fn bodies() -> Vec<Body> {
    let shape = Shape::contacts();
    let (mut shaping, mut index) = (plan(&shape).shaping, Index::default());
    let shaped = lines(&shape).into_iter().map(|line| {
        let shaped = shaping.shape(&record(&line, &mut index)).expect("a shape");
        assert!(shaped.rejection.is_none(), "a record was refused: {:?}", shaped.rejection);
        shaped.body
    });
    shaped.collect()
}

fn cut_lines() -> Box<dyn FnMut()> {
    let input: Vec<u8> = lines(&Shape::contacts()).join(&b'\n');
    let mut splitter = LineSplitter::default();
    Box::new(move || {
        let fed = splitter.feed(black_box(&input), |line| {
            black_box(line);
        });
        // The last line has no end, and begins the next step's.
        fed.expect("short lines");
    })
}

fn parse(shape: Shape) -> Box<dyn FnMut()> {
    let (lines, mut index) = (lines(&shape), Index::default());
    Box::new(move || {
        for line in &lines {
            black_box(record(black_box(line), &mut index));
        }
    })
}

fn shape(shape: Shape) -> Box<dyn FnMut()> {
    let mut shaping = plan(&shape).shaping;
    // Messages borrow their lines and what was found in them, and these are used until the process ends.
    let lines: &'static [Vec<u8>] = lines(&shape).leak();
    let indexes: &'static mut [Index] = lines.iter().map(|_| Index::default()).collect::<Vec<_>>().leak();
    let records: Vec<RecordMessage<'_>> =
        lines.iter().zip(indexes).map(|(line, index)| record(line, index)).collect();
    Box::new(move || {
        for record in &records {
            black_box(shaping.shape(black_box(record)).expect("a shape"));
        }
    })
}

fn clone() -> Box<dyn FnMut()> {
    let bodies = bodies();
    Box::new(move || drop(black_box(bodies.clone())))
}

fn through_the_lane() -> Box<dyn FnMut()> {
    let bodies = bodies();
    let mut ledger = Ledger::default();
    let stream = ledger.add_stream();
    let mut lane = Lane::new(Operation::Upsert.batch_limits(), Operation::Upsert.merging());
    Box::new(move || {
        for body in &bodies {
            lane.push(Moment::ZERO, Record { ticket: ledger.enter(stream), body: body.clone() });
        }
        for input in lane.take_ready().expect("a full batch") {
            lane.settled(Moment::ZERO, input.head.body.key_hash());
            ledger.accept(input.head.ticket);
        }
    })
}

fn settle() -> Box<dyn FnMut()> {
    let mut ledger = Ledger::default();
    let stream = ledger.add_stream();
    Box::new(move || {
        let tickets: Vec<_> = (0..BATCH).map(|_| ledger.enter(stream)).collect();
        ledger.hold_stream_state(stream, "{}".into());
        tickets.into_iter().for_each(|ticket| ledger.accept(ticket));
        assert_eq!(black_box(ledger.release()).len(), 1, "the state is free");
    })
}

fn sync() -> (Sync, StreamIndex) {
    let mut sync = Sync::new(Settings {
        buffer_bytes: 12 << 20,
        flush_interval: Duration::from_secs(5),
        retry_budget: Duration::from_secs(60),
        rate_limit_share: 100,
        daily_reserve_percent: 5,
        seed: 1,
        durability: Durability::Printed,
        rejection_limit: None,
        began_at: 0,
    });
    let operation = Operation::Upsert;
    let stream = sync.add_stream(operation, operation.batch_limits(), operation.merging());
    (sync, stream)
}

fn write_request() -> Box<dyn FnMut()> {
    let target = plan(&Shape::contacts()).target;
    let (mut sync, stream) = sync();
    bodies().into_iter().for_each(|body| sync.received(Moment::ZERO, stream, body));
    let Next::Call(id) = sync.next(Moment::ZERO) else { unreachable!("a full batch is sent") };
    Box::new(move || {
        let send = sync.call(id).expect("a call under way");
        black_box(request::of(black_box(send), &target));
    })
}

/// HubSpot's answer to an upsert that went well.
fn answer(send: u64) -> Vec<u8> {
    let result = |place: u64| {
        let id = (230_000_000_000 + place).to_string();
        json!({
            "id": id,
            "properties": {
                "createdate": "2026-06-24T18:50:46.088Z",
                "hs_object_id": id,
                "lastmodifieddate": "2026-06-24T19:50:45.926Z",
            },
            "createdAt": "2026-06-24T18:50:46.088Z",
            "updatedAt": "2026-06-24T19:50:45.926Z",
            "archived": false,
            "new": false,
            "objectWriteTraceId": format!("{send}-{place}"),
        })
    };
    let results: Vec<Value> = (0..BATCH).map(result).collect();
    json!({
        "status": "COMPLETE",
        "startedAt": "2026-06-24T19:50:45.876Z",
        "completedAt": "2026-06-24T19:50:46.045Z",
        "results": results,
    })
    .to_string()
    .into_bytes()
}

fn read_answer() -> Box<dyn FnMut()> {
    let text = answer(0);
    Box::new(move || {
        black_box(BatchAnswer::parse(black_box(&text), Some("email")).expect("an answer"));
    })
}

fn through_the_engine() -> Box<dyn FnMut()> {
    let bodies = bodies();
    let answer = BatchAnswer::parse(&answer(0), Some("email")).expect("an answer");
    let (mut sync, stream) = sync();
    let headers = RateHeaders::default();
    let mut now = Moment::ZERO;
    Box::new(move || {
        for body in &bodies {
            sync.received(now, stream, body.clone());
        }
        sync.received_stream_state(stream, "{}".into());
        let Next::Call(id) = sync.next(now) else { unreachable!("a full batch is sent") };
        let mut answer = answer.clone();
        for (place, stored) in answer.results.iter_mut().enumerate() {
            stored.trace_id = Some(format!("{}-{place}", id.0));
        }
        now += Duration::from_millis(100);
        sync.answered(now, id, Outcome::Itemised(answer, None), Some(&headers));
        assert_eq!(sync.take_effects().count(), 1, "every record settled, so that the state is free");
    })
}
