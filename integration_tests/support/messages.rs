//! Airbyte messages and catalogs, as sources and the platform make them.

use serde_json::{Value, json};

/// A RECORD of a stream without a namespace.
pub fn record(stream: &str, data: Value) -> Value {
    json!({"type": "RECORD", "record": {"stream": stream, "data": data, "emitted_at": 1_795_290_302_755_u64}})
}

/// A STREAM state that holds a number.
pub fn stream_state(stream: &str, number: u64) -> Value {
    json!({"type": "STATE", "state": {"type": "STREAM", "id": number, "stream": {
        "stream_descriptor": {"name": stream, "namespace": null}, "stream_state": {"number": number}}}})
}

/// A GLOBAL state that holds a number.
pub fn global_state(number: u64) -> Value {
    json!({"type": "STATE", "state": {"type": "GLOBAL", "id": number, "global": {
        "shared_state": {"number": number}, "stream_states": []}}})
}

/// A LEGACY state that holds a number.
pub fn legacy_state(number: u64) -> Value {
    json!({"type": "STATE", "state": {"data": {"number": number}}})
}

/// The end of a stream, as the platform announces it.
pub fn complete(stream: &str) -> Value {
    status(stream, "COMPLETE")
}

/// A stream status.
pub fn status(stream: &str, status: &str) -> Value {
    json!({"type": "TRACE", "trace": {"type": "STREAM_STATUS", "emitted_at": 1.79e12, "stream_status": {
        "stream_descriptor": {"name": stream, "namespace": null}, "status": status}}})
}

/// A catalog of these streams.
pub fn catalog(streams: &[Value]) -> Value {
    json!({"streams": streams})
}

/// A stream as plain ELT connections have it: no object, no generation.
pub fn elt_stream(name: &str, columns: &[&str]) -> Value {
    let properties: serde_json::Map<String, Value> =
        columns.iter().map(|column| ((*column).to_owned(), json!({"type": ["null", "string"]}))).collect();
    json!({
        "stream": {"name": name, "json_schema": {"type": "object", "properties": properties}, "supported_sync_modes": ["full_refresh", "incremental"]},
        "sync_mode": "incremental", "destination_sync_mode": "append",
    })
}

/// A stream as data-activation connections have it: the user chose object and key, the platform announces the end.
pub fn activation_stream(name: &str, object: &str, key: &str, columns: &[&str]) -> Value {
    let mut stream = elt_stream(name, columns);
    stream["destination_object_name"] = json!(object);
    stream["destination_sync_mode"] = json!("append_dedup");
    stream["primary_key"] = json!([[key]]);
    stream["generation_id"] = json!(1);
    stream["minimum_generation_id"] = json!(0);
    stream["sync_id"] = json!(7);
    stream
}
