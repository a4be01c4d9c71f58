//! How the account behaves: switches, limits, delays, the clock.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::operation::{Operation, shape};
use crate::clock::{Millis, millis};
use crate::http::{Answer, Shared, lock};
use crate::seed::{Delays, Limits};
use crate::switches::Readings;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "getSwitches",
        method: "GET",
        path: "/_sandbox/switches",
        about: "Which reading every switch follows.",
        query: &[],
        takes: None,
        gives: &[(200, "The readings.", Some(shape::<Readings>))],
        run: |shared, _| Ok(Answer::json(200, &lock(&shared.world).switches.readings())),
    },
    Operation {
        name: "setSwitches",
        method: "PATCH",
        path: "/_sandbox/switches",
        about: "Follows other readings from now on; switches that are left out stay as they are.",
        query: &[],
        takes: Some(shape::<Readings>),
        gives: &[(200, "The readings followed now.", Some(shape::<Readings>))],
        run: |shared, asked| {
            let readings = asked.body()?;
            let world = &mut *lock(&shared.world);
            world.switches.follow(readings);
            world.catalog.compare_unique_values(world.switches.unique_values);
            Ok(Answer::json(200, &world.switches.readings()))
        },
    },
    Operation {
        name: "getLimits",
        method: "GET",
        path: "/_sandbox/limits",
        about: "What the account takes.",
        query: &[],
        takes: None,
        gives: &[(200, "The limits.", Some(shape::<Limits>))],
        run: |shared, _| Ok(Answer::json(200, &lock(&shared.world).limits())),
    },
    Operation {
        name: "setLimits",
        method: "PATCH",
        path: "/_sandbox/limits",
        about: "Sets limits; those that are left out stay as they are, and so does what was counted.",
        query: &[],
        takes: Some(shape::<Limits>),
        gives: &[(200, "The limits now.", Some(shape::<Limits>))],
        run: |shared, asked| {
            let world = &mut *lock(&shared.world);
            world.set_limits(&asked.body()?)?;
            Ok(Answer::json(200, &world.limits()))
        },
    },
    Operation {
        name: "getDelays",
        method: "GET",
        path: "/_sandbox/delays",
        about: "How long things take.",
        query: &[],
        takes: None,
        gives: &[(200, "The delays.", Some(shape::<Delays>))],
        run: |shared, _| Ok(Answer::json(200, &delays(shared))),
    },
    Operation {
        name: "setDelays",
        method: "PATCH",
        path: "/_sandbox/delays",
        about: "Sets how long things take; what is left out stays as it is.",
        query: &[],
        takes: Some(shape::<Delays>),
        gives: &[(200, "The delays now.", Some(shape::<Delays>))],
        run: |shared, asked| {
            let wanted: Delays = asked.body()?;
            lock(&shared.world).set_delays(&wanted);
            lock(&shared.timing).set(&wanted);
            Ok(Answer::json(200, &delays(shared)))
        },
    },
    Operation {
        name: "getClock",
        method: "GET",
        path: "/_sandbox/clock",
        about: "The account's time.",
        query: &[],
        takes: None,
        gives: &[(200, "The time.", Some(shape::<Time>))],
        run: |shared, _| Ok(Answer::json(200, &time(shared))),
    },
    Operation {
        name: "setClock",
        method: "PUT",
        path: "/_sandbox/clock",
        about: "Sets the account's time, which goes on from there: what it stamps, when tokens expire, when a day ends. \
                Windows of limits stay as full as they are.",
        query: &[],
        takes: Some(shape::<Time>),
        gives: &[(200, "The time now.", Some(shape::<Time>))],
        run: |shared, asked| {
            let Time { now } = asked.body()?;
            lock(&shared.world).clock.set(now);
            Ok(Answer::json(200, &time(shared)))
        },
    },
    Operation {
        name: "advanceClock",
        method: "POST",
        path: "/_sandbox/clock/advance",
        about: "Moves all time forward: windows empty, tokens expire, days end.",
        query: &[],
        takes: Some(shape::<Advance>),
        gives: &[(200, "The time now.", Some(shape::<Time>))],
        run: |shared, asked| {
            let Advance { by } = asked.body()?;
            lock(&shared.world).clock.advance(by);
            Ok(Answer::json(200, &time(shared)))
        },
    },
];

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Time {
    now: Millis,
}

fn time(shared: &Shared) -> Time {
    Time { now: lock(&shared.world).clock.now() }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Advance {
    /// Milliseconds.
    #[serde(rename = "byMs", with = "millis")]
    #[schemars(with = "u64")]
    by: Duration,
}

fn delays(shared: &Shared) -> Delays {
    let mut delays = lock(&shared.world).delays();
    lock(&shared.timing).tell(&mut delays);
    delays
}
