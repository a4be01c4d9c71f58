//! Tracing events become LOG lines on stdout: the platform shows anything on stderr as an error.

use std::fmt::{self, Write};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Context, SubscriberExt};

use super::emitter::Emitter;
use super::lines::{self, Level};

/// Sends this program's events to stdout as LOG lines from now on.
///
/// The level comes from `LOG_LEVEL`, which the platform sets; `info` where it is absent or unknown. Events of
/// libraries are left out: they may hold what must not be printed.
pub fn install(emitter: Emitter) {
    let level = std::env::var("LOG_LEVEL").ok().and_then(|level| level.to_ascii_lowercase().parse().ok());
    let filter: LevelFilter = level.unwrap_or(LevelFilter::INFO);
    let subscriber = tracing_subscriber::registry().with(LogLines { emitter }.with_filter(filter));
    // A second command in one process (tests) keeps the first subscriber.
    let _already_installed = tracing::subscriber::set_global_default(subscriber);
}

struct LogLines {
    emitter: Emitter,
}

impl<S: Subscriber> Layer<S> for LogLines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if !event.metadata().target().starts_with(env!("CARGO_CRATE_NAME")) {
            return;
        }
        let mut text = Text::default();
        event.record(&mut text);
        let level = match *event.metadata().level() {
            tracing::Level::ERROR => Level::Error,
            tracing::Level::WARN => Level::Warn,
            tracing::Level::INFO => Level::Info,
            tracing::Level::DEBUG => Level::Debug,
            tracing::Level::TRACE => Level::Trace,
        };
        self.emitter.line(&lines::log(level, &text.finish()));
    }
}

/// The message of an event, with its other fields behind it.
#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Text {
    fn finish(self) -> String {
        if self.fields.is_empty() { self.message } else { format!("{} [{}]", self.message, self.fields) }
    }
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let target = if field.name() == "message" { &mut self.message } else { &mut self.fields };
        if field.name() == "message" {
            // Writing to a string cannot fail.
            let _infallible = write!(target, "{value:?}");
        } else {
            let space = if target.is_empty() { "" } else { " " };
            let _infallible = write!(target, "{space}{}={value:?}", field.name());
        }
    }
}
