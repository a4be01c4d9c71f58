//! Where the plain part of a JSON string ends: at a quote or a backslash. (Control characters, which may not stand in a
//! string either, are rare enough to be looked for in the whole text at once.)

/// How many bytes come before the first quote or backslash.
#[inline]
pub(super) fn plain_bytes(bytes: &[u8]) -> usize {
    // Most strings of a record end within these; calling for vector instructions pays from there on.
    let (words, _rest) = bytes.as_chunks::<8>();
    for (place, word) in words.iter().take(2).enumerate() {
        let found = quotes_and_backslashes(u64::from_le_bytes(*word));
        if found != 0 {
            return place * 8 + (found.trailing_zeros() / 8) as usize;
        }
    }
    let seen = words.len().min(2) * 8;
    memchr::memchr2(b'"', b'\\', &bytes[seen..]).map_or(bytes.len(), |at| seen + at)
}

/// The high bit of the first byte that is one of them; what is set above it means nothing.
#[inline]
fn quotes_and_backslashes(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    const HIGHS: u64 = ONES * 0x80;
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word;
    (zeros(word ^ (ONES * b'"' as u64)) | zeros(word ^ (ONES * b'\\' as u64))) & HIGHS
}

/// Whether there is any control character, white space between tokens included.
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

    #[test]
    fn every_byte_in_every_place() {
        for byte in 0..=255 {
            for place in 0..40 {
                for other in [b'a', 0x1f, 0x20, 0x21, 0x23, 0x5b, 0x5d, 0x7f, 0x80, 0xff] {
                    let mut block = [other; 40];
                    block[place] = byte;
                    assert_eq!(plain_bytes(&block), slowly(&block), "{byte} in {place} of {other}");
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
            prop_assert_eq!(has_controls(bytes), bytes.iter().any(|byte| *byte < 0x20));
        }
    }
}
