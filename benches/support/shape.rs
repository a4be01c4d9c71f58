//! What the records of a measurement look like: their columns, and values that follow from the record's number.
//!
//! Two shapes. [`Shape::contacts`] are contacts as warehouses hold them: 20 properties of seven kinds, about 400 bytes.
//! [`Shape::wide`] has as many columns as one likes; 150 of them are about 4.8 KB. One text in eight holds a letter of
//! two bytes, one in 64 an escaped quote, since what people type is not ASCII.

use std::io::Write;

use fastrand::Rng;
use hubspot_sandbox::PropertyDef;
use serde_json::{Map, Value, json};

/// The widest shape that an account has properties for.
pub(crate) const WIDEST: usize = 150;
/// Bytes that the data of a contact has, about.
const CONTACT_BYTES: usize = 400;
/// Bytes that the data of a record of [`WIDEST`] columns has, about.
const WIDEST_BYTES: usize = 4_800;

const PLANS: &[&str] = &["free", "team", "business", "enterprise"];
const LEAD_STATUSES: &[&str] = &["NEW", "OPEN", "IN_PROGRESS", "UNQUALIFIED", "CONNECTED"];

/// What a column holds.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// The matching key.
    Email,
    /// So many letters.
    Text(usize),
    Phone,
    Integer,
    Decimal,
    Boolean,
    Date,
    Moment,
    Choice(&'static [&'static str]),
}

/// The columns of a stream, the matching key first.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    columns: Vec<(String, Kind)>,
}

/// Columns of contacts that every account has.
const STANDARD: [(&str, Kind); 15] = [
    ("email", Kind::Email),
    ("firstname", Kind::Text(4)),
    ("lastname", Kind::Text(6)),
    ("phone", Kind::Phone),
    ("company", Kind::Text(6)),
    ("jobtitle", Kind::Text(6)),
    ("address", Kind::Text(6)),
    ("city", Kind::Text(4)),
    ("state", Kind::Text(2)),
    ("zip", Kind::Text(5)),
    ("country", Kind::Text(4)),
    ("website", Kind::Text(6)),
    ("annualrevenue", Kind::Decimal),
    ("numemployees", Kind::Integer),
    ("hs_lead_status", Kind::Choice(LEAD_STATUSES)),
];

/// Columns that an account was given.
const OWN: [(&str, Kind); 5] = [
    ("plan", Kind::Choice(PLANS)),
    ("seats", Kind::Integer),
    ("opt_in", Kind::Boolean),
    ("signed_on", Kind::Date),
    ("seen_at", Kind::Moment),
];

impl Shape {
    /// Contacts of 20 properties.
    #[must_use]
    pub(crate) fn contacts() -> Self {
        let columns = STANDARD.iter().chain(&OWN).map(|(name, kind)| ((*name).to_owned(), *kind));
        Self { columns: columns.collect() }
    }

    /// Contacts of so many properties, [`WIDEST`] at most.
    #[must_use]
    pub(crate) fn wide(columns: usize) -> Self {
        let email = ("email".to_owned(), Kind::Email);
        Self { columns: std::iter::once(email).chain(fields()).take(columns).collect() }
    }

    /// How many properties a record has.
    #[must_use]
    pub(crate) fn columns(&self) -> usize {
        self.columns.len()
    }

    /// The stream's schema, as a source declares it.
    #[must_use]
    pub(crate) fn json_schema(&self) -> Value {
        let properties: Map<String, Value> =
            self.columns.iter().map(|(name, kind)| (name.clone(), kind.schema())).collect();
        json!({"type": "object", "properties": properties})
    }

    /// HubSpot's definitions of the columns' properties, as far as they matter to one who writes them.
    #[must_use]
    pub(crate) fn definitions(&self) -> Value {
        self.columns.iter().map(|(name, kind)| kind.definition(name)).collect()
    }

    /// Appends the record's data, an object.
    pub(crate) fn write_data(&self, number: u64, out: &mut Vec<u8>) {
        let mut random = Rng::with_seed(number);
        for (place, (name, kind)) in self.columns.iter().enumerate() {
            out.extend_from_slice(if place == 0 { b"{\"" } else { b",\"" });
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"\":");
            kind.write_value(number, &mut random, out);
        }
        out.push(b'}');
    }

    /// Appends the record as a line of an Airbyte source.
    pub(crate) fn write_line(&self, stream: &str, number: u64, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"type":"RECORD","record":{"stream":""#);
        out.extend_from_slice(stream.as_bytes());
        out.extend_from_slice(br#"","data":"#);
        self.write_data(number, out);
        out.extend_from_slice(b",\"emitted_at\":1795290302755}}\n");
    }
}

/// Makes sure that the shapes are as large as is said of them, within three percent.
///
/// # Panics
/// When they are not.
pub(crate) fn check_sizes() {
    for (shape, bytes) in [(Shape::contacts(), CONTACT_BYTES), (Shape::wide(WIDEST), WIDEST_BYTES)] {
        let mut data = Vec::new();
        (0..1_000).for_each(|number| shape.write_data(number, &mut data));
        let mean = data.len() / 1_000;
        assert!(mean.abs_diff(bytes) * 100 <= 3 * bytes, "records of {mean} bytes instead of {bytes}");
    }
}

/// The properties that contacts have beyond HubSpot's own, for every shape.
pub(crate) fn properties() -> impl Iterator<Item = PropertyDef> {
    let own = OWN.iter().map(|(name, kind)| ((*name).to_owned(), *kind));
    own.chain(fields()).map(|(name, kind)| kind.property(&name))
}

/// The columns of wide records, the matching key aside.
fn fields() -> impl Iterator<Item = (String, Kind)> {
    (1..WIDEST).map(|number| {
        let kind = match number % 10 {
            0 => Kind::Integer,
            1 => Kind::Moment,
            2 => Kind::Boolean,
            3 => Kind::Decimal,
            4 => Kind::Date,
            _ => Kind::Text(26),
        };
        (format!("field_{number:03}"), kind)
    })
}

impl Kind {
    fn property(self, name: &str) -> PropertyDef {
        match self {
            Self::Email | Self::Text(_) => PropertyDef::string(name),
            Self::Phone => PropertyDef::phone(name),
            Self::Integer | Self::Decimal => PropertyDef::number(name),
            Self::Boolean => PropertyDef::bool(name),
            Self::Date => PropertyDef::date(name),
            Self::Moment => PropertyDef::datetime(name),
            Self::Choice(options) => PropertyDef::select(name, options),
        }
    }

    fn definition(self, name: &str) -> Value {
        let (kind, field, options) = match self {
            Self::Email | Self::Text(_) => ("string", "text", &[][..]),
            Self::Phone => ("phone_number", "phonenumber", &[][..]),
            Self::Integer | Self::Decimal => ("number", "number", &[][..]),
            Self::Boolean => ("bool", "booleancheckbox", &["true", "false"][..]),
            Self::Date => ("date", "date", &[][..]),
            Self::Moment => ("datetime", "date", &[][..]),
            Self::Choice(options) => ("enumeration", "select", options),
        };
        let options: Vec<Value> =
            options.iter().map(|option| json!({"label": option, "value": option, "hidden": false})).collect();
        json!({"name": name, "type": kind, "fieldType": field, "options": options})
    }

    fn schema(self) -> Value {
        match self {
            Self::Email | Self::Text(_) | Self::Phone | Self::Choice(_) => {
                json!({"type": ["null", "string"]})
            }
            Self::Integer => json!({"type": ["null", "integer"]}),
            Self::Decimal => json!({"type": ["null", "number"]}),
            Self::Boolean => json!({"type": ["null", "boolean"]}),
            Self::Date => json!({"type": ["null", "string"], "format": "date"}),
            Self::Moment => json!({
                "type": ["null", "string"],
                "format": "date-time",
                "airbyte_type": "timestamp_with_timezone"
            }),
        }
    }

    fn write_value(self, number: u64, random: &mut Rng, out: &mut Vec<u8>) {
        // Writing to a vector cannot fail.
        let _infallible = match self {
            Self::Email => write!(out, r#""user{number}@example.com""#),
            Self::Text(letters) => return write_text(letters, random, out),
            Self::Phone => write!(out, r#""+47{:08}""#, random.u32(20_000_000..99_999_999)),
            Self::Integer => write!(out, "{}", random.u32(1..5_000)),
            Self::Decimal => write!(out, "{}.{:02}", random.u32(1..90_000), random.u8(1..100)),
            Self::Boolean => write!(out, "{}", random.bool()),
            Self::Date => write!(out, r#""{}""#, day(random)),
            Self::Moment => {
                let (hour, minute, second) = (random.u8(0..24), random.u8(0..60), random.u8(0..60));
                write!(out, r#""{}T{hour:02}:{minute:02}:{second:02}Z""#, day(random))
            }
            Self::Choice(options) => write!(out, r#""{}""#, options[random.usize(..options.len())]),
        };
    }
}

/// A day of the years 2020 to 2025, as ISO 8601 has it.
fn day(random: &mut Rng) -> String {
    format!("{}-{:02}-{:02}", random.u16(2020..2026), random.u8(1..13), random.u8(1..29))
}

fn write_text(letters: usize, random: &mut Rng, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut bits = random.u64(..);
    let special = bits % 64;
    for place in 0..letters {
        if place % 12 == 11 {
            bits = random.u64(..);
        }
        match special {
            0 if place == 1 => out.extend_from_slice(br#"\""#),
            1..=8 if place == 1 => out.extend_from_slice("é".as_bytes()),
            _ => out.push(b'a' + (bits & 15) as u8),
        }
        bits >>= 4;
    }
    out.push(b'"');
}
