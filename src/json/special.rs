//! Where the plain part of a JSON string ends: at a quote or a backslash. Control characters may not stand in it.

/// Bytes that are looked at eight at a time.
const NEAR: usize = 32;

/// How many bytes come before the first quote or backslash.
#[inline]
pub(super) fn plain_bytes(bytes: &[u8]) -> usize {
    memchr::memchr2(b'"', b'\\', bytes).unwrap_or(bytes.len())
}

/// How many bytes come before a quote that is near, if neither a backslash nor a control character does. Most strings of
/// a record are that short, and calling for vector instructions costs more than they do.
#[inline(always)]
pub(super) fn near_quote(bytes: &[u8]) -> Option<usize> {
    let mut seen = 0;
    while seen < NEAR {
        let word = bytes.get(seen..)?.first_chunk()?;
        let found = specials(u64::from_le_bytes(*word));
        if found != 0 {
            let at = seen + (found.trailing_zeros() / 8) as usize;
            return (*bytes.get(at)? == b'"').then_some(at);
        }
        seen += 8;
    }
    None
}

/// The high bit of the first byte that is a quote, a backslash or a control character; what is set above it means
/// nothing.
#[inline]
fn specials(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    const HIGHS: u64 = ONES * 0x80;
    let below = |word: u64, bound: u64| word.wrapping_sub(ONES * bound) & !word;
    let quotes = below(word ^ (ONES * b'"' as u64), 1);
    let backslashes = below(word ^ (ONES * b'\\' as u64), 1);
    (quotes | backslashes | below(word, 0x20)) & HIGHS
}

/// Whether there is any control character.
#[inline]
pub(super) fn has_controls(bytes: &[u8]) -> bool {
    // Without an early end, so that compilers make vector instructions of it.
    let (blocks, rest) = bytes.as_chunks::<32>();
    let in_block = |block: &[u8; 32]| block.iter().fold(false, |found, byte| found | (*byte < 0x20));
    blocks.iter().any(in_block) || rest.iter().any(|byte| *byte < 0x20)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn slowly(bytes: &[u8]) -> usize {
        bytes.iter().position(|byte| matches!(byte, b'"' | b'\\')).unwrap_or(bytes.len())
    }

    fn near_slowly(bytes: &[u8]) -> Option<usize> {
        let at = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..0x20))?;
        (bytes.get(at) == Some(&b'"') && at < NEAR && at / 8 * 8 + 8 <= bytes.len()).then_some(at)
    }

    #[test]
    fn every_byte_in_every_place() {
        for byte in 0..=255 {
            for place in 0..40 {
                for other in [b'a', 0x1f, 0x20, 0x21, 0x23, 0x5b, 0x5d, 0x7f, 0x80, 0xff] {
                    let mut block = [other; 40];
                    block[place] = byte;
                    assert_eq!(plain_bytes(&block), slowly(&block), "{byte} in {place} of {other}");
                    assert_eq!(near_quote(&block), near_slowly(&block), "{byte} in {place} of {other}");
                    assert_eq!(has_controls(&block), byte < 0x20 || other < 0x20);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn texts_of_any_length(text in "[a-zé\"\\\\\u{1}\u{1f} \u{7f}]{0,60}", from in 0usize..60) {
            let bytes = &text.as_bytes()[from.min(text.len())..];
            prop_assert_eq!(plain_bytes(bytes), slowly(bytes));
            prop_assert_eq!(near_quote(bytes), near_slowly(bytes));
            prop_assert_eq!(has_controls(bytes), bytes.iter().any(|byte| *byte < 0x20));
        }
    }
}
