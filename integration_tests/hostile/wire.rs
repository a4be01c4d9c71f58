//! An answer that is true, in a frame that is not: lengths, chunks, headers, encodings.

use std::io::Write;
use std::time::Duration;

use fastrand::Rng;
use flate2::write::GzEncoder;
use flate2::{Compress, Compression, FlushCompress};

use super::deed::Scene;
use super::http::Answer;
use super::reply::{Ending, Reply};

/// What a bomb becomes.
const BOMB_MEBIBYTES: usize = 160;

/// The answer with lengths, chunks or a first line that do not fit.
pub(super) fn misframed(answer: &Answer, dice: &mut Rng) -> Reply {
    let body = &answer.body;
    let framed = |frame: &str, body: &[u8]| {
        let mut bytes = answer.head();
        bytes.extend_from_slice(frame.as_bytes());
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(body);
        bytes
    };
    let length = body.len();
    let half = &body[..length / 2];
    let chunk = |size: &str, end: &[u8]| {
        let mut chunked = format!("{size}\r\n").into_bytes();
        chunked.extend_from_slice(body);
        chunked.extend_from_slice(end);
        framed("transfer-encoding: chunked\r\n", &chunked)
    };
    let size = format!("{length:x}");
    let with_first_line = |line: &str| {
        let whole = answer.bytes();
        let rest = whole.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        [format!("{line}\r\n").as_bytes(), &whole[rest..]].concat()
    };
    let (bytes, ending) = match dice.u8(..22) {
        0 => (framed(&format!("content-length: {length}\r\n"), half), Ending::Over),
        1 => (framed(&format!("content-length: {length}\r\n"), half), Ending::Reset),
        2 => (framed(&format!("content-length: {length}\r\n"), half), Ending::Silence),
        3 => (framed(&format!("content-length: {}\r\n", length / 2), body), Ending::Open),
        4 => (framed("content-length: 99999999999999999999\r\n", body), Ending::Over),
        5 => (framed("content-length: 4000000000\r\n", body), Ending::Silence),
        6 => (framed("content-length: -1\r\n", body), Ending::Over),
        7 => (framed("content-length: 1\r\ncontent-length: 2\r\n", body), Ending::Over),
        8 => (
            framed(&format!("content-length: {length}\r\ntransfer-encoding: chunked\r\n"), body),
            Ending::Over,
        ),
        9 => (chunk(&size, b"\r\n"), Ending::Over),
        10 => (chunk(&size, b"\r\n0\r\nx-trailer: y\r\n\r\n"), Ending::Open),
        11 => (chunk(&format!("{size};extension=\"{}\"", "x".repeat(2_000)), b"\r\n0\r\n\r\n"), Ending::Open),
        12 => (chunk("ffffffffffffffffff", b"\r\n0\r\n\r\n"), Ending::Over),
        13 => (chunk("zz", b"\r\n0\r\n\r\n"), Ending::Over),
        14 => (chunk(&format!("{:x}", length + 5), b"\r\n0\r\n\r\n"), Ending::Silence),
        15 => (framed("", body), Ending::Over),
        16 => (body.clone(), Ending::Over),
        17 => (with_first_line("HTTP/1.0 200 OK"), Ending::Over),
        18 => (
            with_first_line(["HTTP/2 200", "HTTP/1.1 20", "HTTP/1.1 abc", "ICY 200 OK", ""][dice.usize(..5)]),
            Ending::Over,
        ),
        19 => ([answer.bytes(), answer.bytes()].concat(), Ending::Open),
        20 => (b"\x15\x03\x01\x00\x02\x02\x28".to_vec(), Ending::Over),
        _ => (answer.head(), [Ending::Over, Ending::Reset, Ending::Silence][dice.usize(..3)]),
    };
    Reply::of(bytes, ending)
}

/// A body that goes on: until it is closed, as one chunk, or as blanks before a JSON text that never comes.
pub(super) fn endless(dice: &mut Rng) -> Reply {
    let status = [200, 200, 207, 400, 403, 404, 409, 429, 500, 503][dice.usize(..10)];
    let frame = ["", "transfer-encoding: chunked\r\n", "content-length: 9000000000\r\n"][dice.usize(..3)];
    let mut text = format!("HTTP/1.1 {status} Whatever\r\ncontent-type: application/json\r\n{frame}\r\n");
    if frame.contains("chunked") {
        text += "ffffffff\r\n";
    }
    text += ["", "{\"message\":\"", "[", "{\"results\":["][dice.usize(..4)];
    let flood = Ending::Flood([b' ', b'x', b'['][dice.usize(..3)], 192);
    Reply::of(text.into_bytes(), flood)
}

/// The answer behind others that only announce it.
pub(super) fn after_interim_answers(answer: &Answer, dice: &mut Rng) -> Reply {
    let interim = match dice.u8(..5) {
        0 => "HTTP/1.1 100 Continue\r\n\r\n".to_owned(),
        1 => "HTTP/1.1 102 Processing\r\n\r\n".to_owned(),
        2 => "HTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\n".to_owned(),
        3 => "HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n".to_owned(),
        _ => "HTTP/1.1 199 Odd\r\ncontent-length: 3\r\n\r\n".to_owned(),
    };
    let interim = interim.repeat(dice.usize(1..200));
    Reply::of([interim.as_bytes(), &answer.bytes()].concat(), Ending::Open)
}

/// The answer with headers that are too many, too long, or none.
pub(super) fn with_odd_headers(answer: &Answer, scene: &Scene<'_>, dice: &mut Rng) -> Reply {
    let secret = scene.secrets.first().map_or("", String::as_str);
    let odd = match dice.u8(..11) {
        0 => "x-many: 1\r\n".repeat(dice.usize(50..3_000)),
        1 => format!("x-long: {}\r\n", "x".repeat(dice.usize(1_000..500_000))),
        2 => "no colon here\r\n".to_owned(),
        3 => "x-folded: a\r\n b\r\n".to_owned(),
        4 => "x-null: a\0b\r\n".to_owned(),
        5 => format!("x-hubspot-correlation-id: {}\r\n", "c".repeat(50_000)),
        6 => format!("x-hubspot-correlation-id: {secret}\r\n"),
        7 => "x-hubspot-correlation-id: \u{1b}[2J\u{e9}\r\n".to_owned(),
        8 => format!("set-cookie: t={secret}; path=/\r\nwww-authenticate: Bearer\r\n"),
        9 => "connection: close, keep-alive\r\nkeep-alive: timeout=0, max=-1\r\n".to_owned(),
        _ => "proxy-connection: x\r\nupgrade: h2c, websocket\r\nalt-svc: h3=\":1\"\r\nstrict-transport-security: max-age=1\r\n".to_owned(),
    };
    let whole = answer.bytes();
    let first = whole.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    Reply::of([&whole[..first], odd.as_bytes(), &whole[first..]].concat(), Ending::Open)
}

/// The answer in an encoding that it does not have, or that does not end well.
pub(super) fn oddly_encoded(mut answer: Answer, dice: &mut Rng) -> Reply {
    let gzipped = gzip(|encoder| encoder.write_all(&answer.body));
    let (encoding, body) = match dice.u8(..10) {
        0 => ("gzip", answer.body.clone()),
        1 => ("gzip", gzipped),
        2 => ("gzip", gzipped[..gzipped.len() / 2].to_vec()),
        3 => ("gzip", gzip(|encoder| encoder.write_all(&gzipped))),
        4 => ("gzip, gzip", gzip(|encoder| encoder.write_all(&gzipped))),
        5 => ("gzip", [gzipped.as_slice(), b"trailing"].concat()),
        6 => (["br", "deflate", "zstd", "x-gzip", "identity", "☃"][dice.usize(..6)], gzipped),
        7 => ("gzip", bomb(b' ')),
        8 => ("gzip", bomb(b'[')),
        _ => ("gzip", Vec::new()),
    };
    answer.set("content-encoding", encoding);
    answer.body = body;
    let slowly = dice.u8(..8) == 0;
    if slowly { Reply::dripped(&answer, 5, Duration::from_millis(100)) } else { Reply::whole(&answer) }
}

fn gzip(write: impl FnOnce(&mut GzEncoder<Vec<u8>>) -> std::io::Result<()>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    write(&mut encoder).and_then(|()| encoder.finish()).expect("memory takes what is written")
}

/// Little that becomes much: a block of one mebibyte, over and over, and an end whose sums are wrong.
fn bomb(of: u8) -> Vec<u8> {
    let mut block = Vec::with_capacity(1 << 14);
    let flushed = Compress::new(Compression::fast(), false).compress_vec(
        &vec![of; 1 << 20],
        &mut block,
        FlushCompress::Full,
    );
    flushed.expect("memory takes what is written");
    let head = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff";
    let end = b"\x01\x00\x00\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00";
    [head.as_slice(), &block.repeat(BOMB_MEBIBYTES), end].concat()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn a_bomb_is_small_and_becomes_large() {
        let bomb = bomb(b' ');
        let mut plain = Vec::new();
        let _wrong_sums = flate2::read::GzDecoder::new(bomb.as_slice()).read_to_end(&mut plain);
        assert_eq!(plain.len(), BOMB_MEBIBYTES << 20);
        assert!(bomb.len() < plain.len() / 100, "{}", bomb.len());
    }
}
