//! gzip, both ways.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

/// Answers shorter than this are not worth compressing.
const SHORT: usize = 512;

/// A request's body with its `Content-Encoding` undone: none if it is longer than the limit then. What is no gzip
/// stays as it is, and is refused where it is read.
pub(super) fn decoded(body: Vec<u8>, encoding: Option<&str>, limit: usize) -> Option<Vec<u8>> {
    if !encoding.is_some_and(|encoding| encoding.eq_ignore_ascii_case("gzip")) {
        return Some(body);
    }
    let mut plain = Vec::new();
    // One byte more than the limit tells that there is more.
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    match GzDecoder::new(body.as_slice()).take(most).read_to_end(&mut plain) {
        Ok(length) if length > limit => None,
        Ok(_) => Some(plain),
        Err(_) => Some(body),
    }
}

/// An answer's body as gzip, if the client takes that and it is worth it.
pub(super) fn encoded(body: &[u8], accepted: Option<&str>) -> Option<Vec<u8>> {
    let names = accepted.unwrap_or_default().split(',').map(|part| part.split(';').next().unwrap_or(part));
    if body.len() < SHORT || !names.into_iter().any(|name| name.trim().eq_ignore_ascii_case("gzip")) {
        return None;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).ok()?;
    encoder.finish().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_encoded_is_decoded() {
        let text = "x".repeat(2000).into_bytes();
        let small = encoded(&text, Some("br, GZIP;q=0.5")).unwrap();
        assert!(small.len() < 100);
        assert_eq!(decoded(small.clone(), Some("gzip"), 2000), Some(text.clone()));
        assert_eq!(decoded(small.clone(), Some("gzip"), 1999), None, "a small body can be too long");
        assert_eq!(decoded(small.clone(), None, 5), Some(small));
        assert_eq!(decoded(b"{}".to_vec(), Some("gzip"), 5), Some(b"{}".to_vec()));
        assert_eq!(encoded(&text, Some("br")), None);
        assert_eq!(encoded(b"short", Some("gzip")), None);
    }
}
