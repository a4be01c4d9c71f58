//! One rejected record as one line of a file: CSV or JSON Lines, with the columns of Airbyte's raw tables.
//!
//! The record's data stands as received, digit for digit, whatever it is. Flattening *adds* the fields of the record
//! to that: in JSON Lines each line those it has, in CSV, whose columns have to be known before the first row, those
//! the stream's schema declares. Nothing is lost by either.
//! Source: <https://docs.airbyte.com/integrations/destinations/s3> (output schema).

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use serde_json::json;

use super::csv;
use super::identity::SyncId;
use crate::config::storage::{FileFormat, Flattening, Stringify};
use crate::engine::record::Body;
use crate::engine::rejection::Rejection;
use crate::json;
use crate::protocol::emitted_at;
use crate::rejected::line;

/// The columns every line has, in order.
pub const COLUMNS: [&str; 5] =
    ["_airbyte_raw_id", "_airbyte_extracted_at", "_airbyte_generation_id", "_airbyte_meta", "_airbyte_data"];

/// A rejected record and what its line says of it.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// The line's own id.
    pub raw_id: &'a str,
    /// The stream's generation; 0 where the platform knows none.
    pub generation_id: i64,
    /// The sync that rejected it.
    pub sync_id: &'a SyncId,
    /// The record.
    pub body: &'a Body,
    /// Why it was rejected, in HubSpot's own words where it gave any.
    pub rejection: &'a Rejection,
}

/// The columns that a CSV file has beside [`COLUMNS`], of those the stream declares.
#[must_use]
pub fn flattened_columns<'a>(format: &FileFormat, declared: impl Iterator<Item = &'a str>) -> Vec<String> {
    match format {
        FileFormat::Csv { flattening: Flattening::RootLevel } => {
            declared.filter(|name| !COLUMNS.contains(name)).map(str::to_owned).collect()
        }
        FileFormat::Csv { flattening: Flattening::None } | FileFormat::JsonLines { .. } => Vec::new(),
    }
}

/// Appends what a file begins with: the names of the columns, or nothing.
pub fn append_header(file: &mut Vec<u8>, format: &FileFormat, flattened: &[String]) {
    if matches!(format, FileFormat::Csv { .. }) {
        csv::append_row(file, COLUMNS.into_iter().chain(flattened.iter().map(String::as_str)));
    }
}

/// Appends the record's line; `flattened` are the columns of [`flattened_columns`].
pub fn append(file: &mut Vec<u8>, format: &FileFormat, flattened: &[String], entry: Entry<'_>) {
    match *format {
        FileFormat::Csv { .. } => append_csv(file, flattened, entry),
        FileFormat::JsonLines { flattening, stringify } => append_json(file, flattening, stringify, entry),
    }
}

fn append_csv(file: &mut Vec<u8>, flattened: &[String], entry: Entry<'_>) {
    let mut fields: HashMap<Cow<'_, str>, &str> = HashMap::new();
    if !flattened.is_empty() {
        // Data that is no object has no fields; it stands in its own column.
        let _not_an_object = json::members(entry.body.data(), |name, value| {
            fields.insert(name, value);
        });
    }
    let fixed = [
        Cow::Borrowed(entry.raw_id),
        extracted_at(entry.body),
        Cow::Owned(entry.generation_id.to_string()),
        Cow::Owned(meta(entry)),
        Cow::Borrowed(data(entry.body)),
    ];
    let fields = flattened.iter().map(|name| cell(fields.get(name.as_str()).copied().unwrap_or("null")));
    csv::append_row(file, fixed.into_iter().chain(fields));
}

/// A field in a column of its own: texts without their quotes, nothing for null, JSON for the rest.
fn cell(raw: &str) -> Cow<'_, str> {
    match json::type_name(raw) {
        "null" => Cow::Borrowed(""),
        // A text that holds half a character cannot be taken out of its escapes.
        "string" => serde_json::from_str::<String>(raw).map_or(Cow::Borrowed(raw), Cow::Owned),
        _ => Cow::Borrowed(raw),
    }
}

fn append_json(file: &mut Vec<u8>, flattening: Flattening, stringify: Stringify, entry: Entry<'_>) {
    let [raw_id, extracted, generation, meta_name, data_name] = COLUMNS;
    let head = format!(
        r#"{{"{raw_id}":{},"{extracted}":{},"{generation}":{},"{meta_name}":"#,
        json!(entry.raw_id),
        extracted_at(entry.body),
        entry.generation_id
    );
    file.extend_from_slice(head.as_bytes());
    append_value(file, &meta(entry), stringify);
    file.extend_from_slice(format!(r#","{data_name}":"#).as_bytes());
    append_value(file, data(entry.body), stringify);
    if flattening == Flattening::RootLevel {
        let mut seen: HashSet<String> = COLUMNS.into_iter().map(str::to_owned).collect();
        // Data that is no object has no fields; it stands under its own key.
        let _not_an_object = json::members(entry.body.data(), |name, value| {
            if !seen.contains(&*name) {
                file.extend_from_slice(format!(",{}:", json!(name)).as_bytes());
                append_value(file, value, stringify);
                seen.insert(name.into_owned());
            }
        });
    }
    file.extend_from_slice(b"}\n");
}

fn append_value(file: &mut Vec<u8>, raw: &str, stringify: Stringify) {
    let nested = matches!(json::type_name(raw), "object" | "array");
    if nested && stringify == Stringify::Stringify {
        file.extend_from_slice(json!(raw).to_string().as_bytes());
    } else {
        file.extend_from_slice(raw.as_bytes());
    }
}

/// The record's data; a record that came without any has none.
fn data(body: &Body) -> &str {
    match body.data() {
        "" => "null",
        data => data,
    }
}

/// Milliseconds since 1970; a time that cannot be one stands as it came.
fn extracted_at(body: &Body) -> Cow<'_, str> {
    match body.emitted_at().and_then(emitted_at::milliseconds) {
        Some(milliseconds) => Cow::Owned(milliseconds.to_string()),
        None => Cow::Borrowed(line::whole_number(body.emitted_at())),
    }
}

/// What came as `meta`, with the sync and the reason.
fn meta(entry: Entry<'_>) -> String {
    let mut changes = "[]".to_owned();
    let mut others = String::new();
    // A meta that is no object says nothing that could be kept.
    let _not_an_object = json::members(entry.body.meta().unwrap_or("{}"), |name, value| match &*name {
        "changes" => value.clone_into(&mut changes),
        "rejection" | "sync_id" => {}
        _ => others.push_str(&format!("{}:{value},", json!(name))),
    });
    let reason = line::reason(entry.body, entry.rejection, false);
    format!(r#"{{"changes":{changes},"sync_id":{},{others}"rejection":{reason}}}"#, entry.sync_id.to_json())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::engine::record::BodyParts;

    const DATA: &str = r#"{"n":12345678901234567890.10,"t":"a,\"b\"\n","half":"\ud800","list":[1,{}],"none":null,"_airbyte_meta":1}"#;
    const META: &str = r#"{"sync_id":1,"changes":[{"field":"x"}],"other":1.10,"rejection":"old"}"#;

    fn stored(format: &FileFormat, columns: &[&str], data: &str, meta: &str) -> String {
        let body = Body::new(
            BodyParts {
                key: None,
                properties: b"",
                sequel: b"",
                links: b"",
                data,
                meta,
                emitted_at: "1795290302755.5",
                operation: None,
            },
            |_| 0,
        );
        let rejection =
            Rejection::by_connector("INVALID_EMAIL", Some("email"), "Email address \"x\" is invalid");
        let sync_id = SyncId::new(Some(42), None);
        let flattened = flattened_columns(format, columns.iter().copied());
        let mut file = Vec::new();
        append_header(&mut file, format, &flattened);
        let entry =
            Entry { raw_id: "id", generation_id: 3, sync_id: &sync_id, body: &body, rejection: &rejection };
        append(&mut file, format, &flattened, entry);
        String::from_utf8(file).unwrap()
    }

    fn rows(file: &str) -> Vec<Vec<String>> {
        let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(file.as_bytes());
        reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
    }

    fn assert_meta(meta: &Value) {
        let names: Vec<&String> = meta.as_object().unwrap().keys().collect();
        assert_eq!(names, ["changes", "sync_id", "other", "rejection"]);
        assert_eq!((&meta["sync_id"], &meta["changes"]), (&json!(42), &json!([{"field": "x"}])));
        assert_eq!(meta["rejection"]["message"], "Email address \"x\" is invalid");
        assert_eq!(meta["rejection"]["code"], "INVALID_EMAIL");
    }

    #[test]
    fn a_csv_row_holds_the_record_as_it_came() {
        let rows = rows(&stored(&FileFormat::Csv { flattening: Flattening::None }, &["t"], DATA, META));
        assert_eq!(rows[0], COLUMNS);
        assert_eq!(rows[1][..3], ["id", "1795290302755", "3"]);
        assert_meta(&serde_json::from_str(&rows[1][3]).unwrap());
        assert_eq!(rows[1][4], DATA);
    }

    #[test]
    fn a_flattened_csv_row_adds_the_declared_fields() {
        let format = FileFormat::Csv { flattening: Flattening::RootLevel };
        let columns = ["n", "t", "half", "list", "none", "missing", "_airbyte_data"];
        let rows = rows(&stored(&format, &columns, DATA, META));
        assert_eq!(rows[0][5..], columns[..6]);
        assert_eq!(rows[1][4], DATA);
        assert_eq!(rows[1][5..], ["12345678901234567890.10", "a,\"b\"\n", r#""\ud800""#, "[1,{}]", "", ""]);
        let no_object = self::rows(&stored(&format, &["n"], "[1]", ""));
        assert_eq!(no_object[1][4..], ["[1]", ""]);
    }

    #[test]
    fn a_json_line_holds_the_record_as_it_came() {
        let format = FileFormat::JsonLines { flattening: Flattening::None, stringify: Stringify::Default };
        let line = stored(&format, &[], DATA, META);
        assert!(line.ends_with("}\n") && line.matches('\n').count() == 1);
        assert!(line.contains(&format!(r#","_airbyte_data":{DATA}}}"#)), "{line}");
        let head =
            r#"{"_airbyte_raw_id":"id","_airbyte_extracted_at":1795290302755,"_airbyte_generation_id":3,"#;
        assert!(line.starts_with(head), "{line}");
        assert!(line.contains(r#""other":1.10,"#), "{line}");
        let bare: Value = serde_json::from_str(&stored(&format, &[], "", "7")).unwrap();
        assert_eq!((&bare["_airbyte_data"], &bare["_airbyte_meta"]["changes"]), (&Value::Null, &json!([])));
    }

    #[test]
    fn a_stringified_json_line_nests_nothing_and_a_flat_one_adds_the_fields() {
        let format =
            FileFormat::JsonLines { flattening: Flattening::RootLevel, stringify: Stringify::Stringify };
        let data = r#"{"n":1.10,"list":[1],"n":2,"_airbyte_meta":1,"none":null}"#;
        let line = stored(&format, &[], data, META);
        let read: Value = serde_json::from_str(&line).unwrap();
        let text = |name: &str| read[name].as_str().unwrap().to_owned();
        assert_eq!(text("_airbyte_data"), data);
        assert_meta(&serde_json::from_str(&text("_airbyte_meta")).unwrap());
        assert_eq!(text("list"), "[1]");
        assert_eq!(read["none"], Value::Null);
        assert!(line.contains(r#","n":1.10,"#) && !line.contains(r#""n":2,"none""#), "{line}");
    }
}
