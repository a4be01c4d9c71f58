//! What reached the sandbox: the calls that change something there, and the inputs in them.

use hubspot_sandbox::{Endpoint, RequestRecord, Sandbox};
use serde_json::Value;

/// Every call about records and definitions that is more than a GET, in the order of arrival: searches and batch reads
/// too, whatever became of them.
pub(crate) fn but_gets(sandbox: &Sandbox) -> Vec<RequestRecord> {
    let mut requests = sandbox.requests();
    requests.retain(|request| {
        let about_the_token = [Endpoint::OAuthToken, Endpoint::PrivateTokenInfo];
        request.method != "GET" && !about_the_token.contains(&request.endpoint)
    });
    requests
}

/// Every call that can change records or definitions, in the order of arrival, whatever became of it.
pub(crate) fn writes(sandbox: &Sandbox) -> Vec<RequestRecord> {
    let mut requests = but_gets(sandbox);
    let reads = [Endpoint::Read, Endpoint::Search, Endpoint::ListSearch, Endpoint::PropertyBatchRead];
    requests.retain(|request| !reads.contains(&request.endpoint));
    requests
}

/// The inputs of these calls, in order.
pub(crate) fn inputs_of(calls: &[RequestRecord]) -> Vec<Value> {
    calls
        .iter()
        .flat_map(|call| {
            let body = call.body().expect("a write has a body");
            body["inputs"].as_array().expect("a batch has inputs").clone()
        })
        .collect()
}

/// The inputs of every batch write, in the order of arrival.
pub(crate) fn inputs(sandbox: &Sandbox) -> Vec<Value> {
    inputs_of(&writes(sandbox))
}

/// The `properties` of every input, in the order of arrival.
pub(crate) fn properties(sandbox: &Sandbox) -> Vec<Value> {
    inputs(sandbox).into_iter().map(|mut input| input["properties"].take()).collect()
}

/// Panics where any call could have changed something.
pub(crate) fn assert_nothing_written(sandbox: &Sandbox) {
    let writes: Vec<String> = writes(sandbox).into_iter().map(|call| call.path).collect();
    assert!(writes.is_empty(), "{writes:?}");
    assert_eq!(sandbox.writes(), 0);
}
