//! What is told of the streams before the first record: where each goes, what of its settings leads nowhere.

use crate::config::{Config, StreamSettings};
use crate::plan::entries::Entries;
use crate::plan::meant::of_stream;
use crate::plan::object::name_of;
use crate::plan::target::TargetName;
use crate::plan::{Plan, idle};
use crate::protocol::StreamDescriptor;
use crate::protocol::catalog::ConfiguredStream;

/// Tells where a stream goes and which entry of the configuration says so, and what the user should know of it.
pub fn stream(config: &Config, stream: &ConfiguredStream, plan: &Plan) {
    let descriptor = &stream.descriptor;
    let entry = config.entry(descriptor.namespace.as_deref(), &descriptor.name);
    let by = match (entry, &stream.destination_object_name) {
        (Some(number), _) => format!("streams[{number}]"),
        (None, Some(_)) => "by the connection".to_owned(),
        (None, None) => "by its name".to_owned(),
    };
    tracing::info!("{descriptor} -> {} ({by})", plan.course);
    let settings = entry.and_then(|number| config.streams.get(number));
    let target = TargetName::of(name_of(stream, settings));
    let idle = settings.and_then(|settings| idle_settings(target, settings, descriptor));
    for notice in plan.notices.iter().chain(&idle) {
        tracing::warn!("{notice}");
    }
}

/// Settings of a stream that have no effect where it goes, in a sentence.
#[must_use]
pub fn idle_settings(
    target: TargetName<'_>,
    settings: &StreamSettings,
    stream: &StreamDescriptor,
) -> Option<String> {
    idle::of(target, settings).map(|line| of_stream(stream, &line))
}

/// Tells which entries of the configuration are for other connections.
pub fn entries(entries: &Entries) {
    if let Some(line) = &entries.unmet {
        tracing::info!("{line}");
    }
}
