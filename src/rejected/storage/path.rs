//! What a file of rejected records is called: `<bucket path>/<path format><file name format>`.
//!
//! Placeholders are Airbyte's: `{namespace}` in file names, `${NAMESPACE}` in paths. Both spellings work in both
//! places, in any case; what is no placeholder stands as it is. Times are UTC, of the beginning of the sync, so that
//! one attempt's files stand together.
//! Source: <https://docs.airbyte.com/integrations/destinations/s3> (bucket path, file name).
//!
//! A name of a stream or a namespace that is too long for that is shortened, with a hash that tells it from others that
//! begin alike: the same name is shortened in the same way in every sync.
//!
//! **Invariant (unique).** Two parts of a sync never share a name: a file name format that leaves `{part_number}` out
//! gets it before its extension.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use super::identity::SyncId;
use crate::config::storage::{Compression, FileFormat, FileSettings};
use crate::error::{Failure, Kind};
use crate::protocol::StreamDescriptor;
use crate::rejected::line::hex;

/// Bytes of a key in an object store (documentation of Amazon S3 and Google Cloud Storage; of Azure Blob Storage
/// characters).
const LONGEST_KEY: usize = 1_024;
/// Bytes of a folder or a file: file systems have 255, and while a file is written its name is a little longer.
const LONGEST_SEGMENT: usize = 240;
/// Names are not shortened further than this.
const SHORTEST_NAME: usize = 40;
/// Bytes of the hash that a shortened name ends with, two characters each.
const HASH_BYTES: usize = 10;

/// Names the files of one sync.
#[derive(Clone, Debug)]
pub struct Naming {
    folder: String,
    path_format: String,
    file_name_format: String,
    extension: String,
    sync_id: String,
    began: DateTime,
    began_ms: i64,
}

impl Naming {
    /// Names below `folder` (the bucket path), for a sync that began at this time (milliseconds since 1970).
    ///
    /// # Errors
    /// A configuration failure when the settings make names that no storage takes: `.` or `..` as a folder, control
    /// characters.
    pub fn new(
        folder: &str,
        files: FileSettings<'_>,
        sync_id: &SyncId,
        began_ms: i64,
    ) -> Result<Self, Failure> {
        let extension = match files.format {
            FileFormat::Csv { .. } => ".csv",
            FileFormat::JsonLines { .. } => ".jsonl",
        };
        let packed = match files.compression {
            Compression::None => "",
            Compression::Gzip => ".gz",
        };
        let began = Timestamp::from_millisecond(began_ms).unwrap_or_default();
        let naming = Self {
            folder: folder.to_owned(),
            path_format: files.path_format.to_owned(),
            file_name_format: with_part_number(files.file_name_format),
            extension: format!("{extension}{packed}"),
            sync_id: encoded(sync_id.as_str()),
            began: began.to_zoned(TimeZone::UTC).datetime(),
            began_ms,
        };
        let sample = naming.key(&StreamDescriptor::new("stream", Some("namespace")), 0);
        let wrong =
            |segment: &str| segment == "." || segment == ".." || segment.contains(|c: char| c.is_control());
        if sample.split('/').any(wrong) {
            let message = "The settings bucket_path, path_format and file_name_format of object_storage_config must not \
                           hold \".\" or \"..\" as a folder, or control characters.";
            return Err(Failure::new(Kind::Configuration, message));
        }
        Ok(naming)
    }

    /// The name of a part of a stream's records.
    #[must_use]
    pub fn key(&self, stream: &StreamDescriptor, part: u64) -> String {
        let mut longest = LONGEST_SEGMENT;
        loop {
            let key = self.key_within(stream, part, longest);
            // Names that need not be shortened further are not what makes it too long.
            if fits(&key) || longest <= SHORTEST_NAME {
                return key;
            }
            longest = longest * 3 / 4;
        }
    }

    /// The name of a part, in which those of stream and namespace have at most so many bytes.
    fn key_within(&self, stream: &StreamDescriptor, part: u64, longest: usize) -> String {
        let value = |name: &str| self.value(name, stream, part, longest);
        let (path, file) = (filled(&self.path_format, &value), filled(&self.file_name_format, &value));
        plain(&format!("{}/{path}{file}", self.folder))
    }

    /// The folder that all names begin with; empty where there is none.
    #[must_use]
    pub fn folder(&self) -> String {
        plain(&self.folder)
    }

    /// The name of the file that a check writes and removes.
    #[must_use]
    pub fn check_key(&self) -> String {
        plain(&format!("{}/_check_test", self.folder))
    }

    fn value(&self, name: &str, stream: &StreamDescriptor, part: u64, longest: usize) -> Option<String> {
        let (word, pattern) = name.split_once(':').map_or((name, ""), |(word, pattern)| (word, pattern));
        let began = &self.began;
        let text = match word.to_ascii_lowercase().as_str() {
            "namespace" => {
                stream.namespace.as_deref().map(|name| shortened(name, longest)).unwrap_or_default()
            }
            "stream_name" => shortened(&stream.name, longest),
            "sync_id" => self.sync_id.clone(),
            "part_number" => part.to_string(),
            "format_extension" => self.extension.clone(),
            "date" => self.date(if pattern.is_empty() { "yyyy_MM_dd" } else { pattern }),
            "timestamp" if pattern.starts_with("micro") => format!("{}000", self.began_ms),
            "timestamp" | "epoch" => self.began_ms.to_string(),
            "year" => format!("{:04}", began.year()),
            "month" => format!("{:02}", began.month()),
            "day" => format!("{:02}", began.day()),
            "hour" => format!("{:02}", began.hour()),
            "minute" => format!("{:02}", began.minute()),
            "second" => format!("{:02}", began.second()),
            "millisecond" => format!("{:04}", began.millisecond()),
            _ => return None,
        };
        Some(text)
    }

    /// A date after a pattern of Java's, as far as such patterns make sense in a name.
    fn date(&self, pattern: &str) -> String {
        let began = &self.began;
        let two = |number: i8| format!("{number:02}");
        pattern
            .replace("yyyy", &format!("{:04}", began.year()))
            .replace("MM", &two(began.month()))
            .replace("dd", &two(began.day()))
            .replace("HH", &two(began.hour()))
            .replace("mm", &two(began.minute()))
            .replace("ss", &two(began.second()))
    }
}

fn with_part_number(format: &str) -> String {
    const EXTENSION: &str = "{format_extension}";
    if format.to_ascii_lowercase().contains("{part_number}") {
        return format.to_owned();
    }
    match format.to_ascii_lowercase().find(EXTENSION) {
        Some(at) => format!("{}_{{part_number}}{}", &format[..at], &format[at..]),
        None => format!("{format}_{{part_number}}"),
    }
}

/// The format with every placeholder replaced that has a value.
fn filled(format: &str, value: &impl Fn(&str) -> Option<String>) -> String {
    let mut text = String::with_capacity(format.len());
    let mut rest = format;
    while let Some(open) = rest.find('{') {
        let (before, after) = rest.split_at(open);
        let known = after.find('}').and_then(|close| Some((close, value(&after[1..close])?)));
        match known {
            Some((close, value)) => {
                text.push_str(before.strip_suffix('$').unwrap_or(before));
                text.push_str(&value);
                rest = &after[close + 1..];
            }
            None => {
                text.push_str(before);
                text.push('{');
                rest = &after[1..];
            }
        }
    }
    text + rest
}

/// A name with everything percent-encoded but letters, digits, `-`, `_`, `.` and `~`: the characters that RFC 3986 (2.3)
/// reserves for nothing. A name of dots alone would be a way up.
fn encoded(name: &str) -> String {
    let only_dots = name.bytes().all(|byte| byte == b'.');
    let mut text = String::with_capacity(name.len());
    for byte in name.bytes() {
        let plain =
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~') || byte == b'.' && !only_dots;
        if plain { text.push(char::from(byte)) } else { text.push_str(&format!("%{byte:02X}")) }
    }
    text
}

/// The same in at most so many bytes: a name that is longer ends with a hash of all of it.
fn shortened(name: &str, longest: usize) -> String {
    let text = encoded(name);
    if text.len() <= longest {
        return text;
    }
    let hash = hex(&Sha256::digest(name.as_bytes())[..HASH_BYTES]);
    let most = longest.saturating_sub(hash.len() + 1);
    // An encoded byte is not cut in two.
    let end =
        (most.saturating_sub(2)..most).find(|at| text.as_bytes().get(*at) == Some(&b'%')).unwrap_or(most);
    format!("{}-{hash}", &text[..end])
}

/// Whether a storage can have a file of this name.
fn fits(key: &str) -> bool {
    key.len() <= LONGEST_KEY && key.split('/').all(|segment| segment.len() <= LONGEST_SEGMENT)
}

/// A path without empty segments.
fn plain(path: &str) -> String {
    path.split('/').filter(|segment| !segment.is_empty()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::storage::Flattening;

    const FORMAT: FileFormat = FileFormat::Csv { flattening: Flattening::None };

    fn naming(folder: &str, path: &str, file: &str) -> Result<Naming, Failure> {
        let files = FileSettings {
            format: &FORMAT,
            compression: Compression::Gzip,
            path_format: path,
            file_name_format: file,
        };
        Naming::new(folder, files, &SyncId::new(Some(17), None), 1_795_290_302_755)
    }

    fn key(path: &str, file: &str) -> String {
        naming("/base//folder/", path, file).unwrap().key(&StreamDescriptor::new("st re/am", Some("ns")), 4)
    }

    #[test]
    fn the_defaults_make_the_platform_s_folders() {
        let (path, file) =
            ("{sync_id}/{namespace}/{stream_name}/", "{date}_{timestamp}_{part_number}{format_extension}");
        assert_eq!(key(path, file), "base/folder/17/ns/st%20re%2Fam/2026_11_21_1795290302755_4.csv.gz");
        let naming = naming("", path, file).unwrap();
        let key = naming.key(&StreamDescriptor::new("..", None), 0);
        assert_eq!(key, "17/%2E%2E/2026_11_21_1795290302755_0.csv.gz");
        assert_eq!((naming.folder(), naming.check_key()), (String::new(), "_check_test".to_owned()));
    }

    #[test]
    fn every_placeholder_in_both_spellings() {
        let path = "${NAMESPACE}/${STREAM_NAME}/${YEAR}_${MONTH}_${DAY}_${HOUR}_${MINUTE}_${SECOND}_${MILLISECOND}_${EPOCH}_";
        let time = "2026_11_21_19_45_02_0755_1795290302755_";
        assert_eq!(key(path, "{part_number}"), format!("base/folder/ns/st%20re%2Fam/{time}4"));
        assert_eq!(
            key("", "{date:yyyy-MM-dd HH.mm.ss}_{timestamp:micros}_{timestamp:millis}_${Part_Number}"),
            "base/folder/2026-11-21 19.45.02_1795290302755000_1795290302755_4"
        );
        assert_eq!(key("a{b/{unknown}/$", "{part_number}"), "base/folder/a{b/{unknown}/$4");
    }

    #[test]
    fn names_without_a_part_number_get_one() {
        assert_eq!(key("", "{sync_id}{format_extension}"), "base/folder/17_4.csv.gz");
        assert_eq!(key("", "rejected"), "base/folder/rejected_4");
    }

    #[test]
    fn names_too_long_for_a_file_are_shortened_in_the_same_way_each_time_and_never_to_the_same() {
        let default = "{sync_id}/{namespace}/{stream_name}/";
        let named = |path: &str, file: &str, folder: &str, name: &str| {
            let naming = naming(folder, path, file).unwrap();
            naming.key(&StreamDescriptor::new(name, Some(name)), 4)
        };
        let file = "{date}_{timestamp}_{part_number}{format_extension}";
        let tab = "\u{9867}\u{5ba2}".repeat(15);
        let longer = |end: &str| format!("{tab}{end}");
        let keys = ["", "a", "b", &tab].map(|end| named(default, file, "base", &longer(end)));
        for (place, key) in keys.iter().enumerate() {
            assert!(fits(key), "{key}");
            assert!(key.starts_with("base/17/%E9%A1%A7%E5%AE%A2") && key.ends_with("_4.csv.gz"), "{key}");
            assert!(!keys[..place].contains(key), "{key}");
            let escapes = key.split('%').skip(1);
            assert!(
                escapes.clone().all(|rest| rest[..2].bytes().all(|byte| byte.is_ascii_hexdigit())),
                "{key}"
            );
        }
        assert_eq!(keys[0], named(default, file, "base", &tab));
        // What fits stays as it is.
        let fitting = "x".repeat(240);
        assert_eq!(named("{stream_name}/", "{part_number}", "", &fitting), format!("{fitting}/4"));
        let long = "x".repeat(2_000);
        for (path, file, folder) in [
            ("{stream_name}/", "{stream_name}_{part_number}{format_extension}", String::new()),
            (
                "{stream_name}_{namespace}_{stream_name}/",
                "{namespace}-{stream_name}-{part_number}",
                String::new(),
            ),
            ("{namespace}/{stream_name}/{stream_name}/{namespace}/", file, "folder/".repeat(90)),
        ] {
            let key = named(path, file, &folder, &long);
            assert!(fits(&key), "{}: {key}", key.len());
        }
        assert_eq!(shortened(&long, 40).len(), 40);
    }

    #[test]
    fn what_no_storage_takes_is_refused() {
        for (folder, path, file) in
            [("a/../b", "", "f"), ("", "./", "f"), ("", "a\n/", "f"), ("", "", "../f")]
        {
            assert_eq!(naming(folder, path, file).unwrap_err().kind, Kind::Configuration);
        }
    }
}
