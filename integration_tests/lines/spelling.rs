//! JSON as no serialiser writes it: escapes where none are needed, blanks everywhere, members twice, odd numbers.

use fastrand::Rng;

/// A value, with everything that its text may have and a tree could not hold.
#[derive(Clone, Debug)]
pub(super) enum Tree {
    /// This text.
    Raw(String),
    Text(String),
    List(Vec<Self>),
    /// Members in their order; a name may come twice.
    Members(Vec<(String, Self)>),
}

impl Tree {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    pub(super) fn members<const N: usize>(members: [(&str, Self); N]) -> Self {
        Self::Members(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }
}

/// Numbers that are JSON.
const NUMBERS: [&str; 14] = [
    "0",
    "-0",
    "-0.0",
    "1",
    "1.0",
    "0.1",
    "1e2",
    "1E+2",
    "1e-7",
    "123456789012345678901234567890",
    "0.30000000000000004",
    "9007199254740993",
    "5e-324",
    "1.7976931348623157e308",
];
const BLANKS: [&str; 5] = [" ", "  ", "\t", " \t ", ""];

/// Any number.
pub(super) fn number(dice: &mut Rng) -> Tree {
    Tree::Raw(NUMBERS[dice.usize(..NUMBERS.len())].to_owned())
}

/// A text of any length and of any characters.
pub(super) fn words(dice: &mut Rng) -> String {
    const PIECES: [&str; 20] = [
        "a", "Lisbon", " ", "\u{0}", "\u{1f}", "\"", "\\", "/", "é", "☃", "𝄞", "\u{feff}", "\u{200b}",
        "\u{2028}", "\u{202e}", "\u{7f}", "{", "RECORD", "\n", "=1+1",
    ];
    let length = [0, 1, 3, 8, 40][dice.usize(..5)];
    (0..length).map(|_| PIECES[dice.usize(..PIECES.len())]).collect()
}

/// Any value, nested at most so deep.
pub(super) fn any(dice: &mut Rng, depth: usize) -> Tree {
    match dice.u8(..if depth == 0 { 7 } else { 10 }) {
        0 => Tree::Raw("null".to_owned()),
        1 => Tree::Raw(["true", "false"][dice.usize(..2)].to_owned()),
        2 | 3 => number(dice),
        4 | 5 => Tree::Text(words(dice)),
        6 => Tree::Raw("\"\\ud800\"".to_owned()),
        7 => Tree::List((0..dice.usize(..4)).map(|_| any(dice, depth - 1)).collect()),
        8 => Tree::Members((0..dice.usize(..4)).map(|_| (words(dice), any(dice, depth - 1))).collect()),
        _ => nested([5, 60, 100][dice.usize(..3)]),
    }
}

fn nested(depth: usize) -> Tree {
    Tree::Raw(["[".repeat(depth), "]".repeat(depth)].concat())
}

/// A value that is JSON and that few readers take: for where it does not come back, since these tests are such readers.
pub(super) fn wild(dice: &mut Rng) -> Tree {
    match dice.u8(..4) {
        0 => nested([127, 200, 3_000, 100_000][dice.usize(..4)]),
        1 => Tree::Raw(["1e999", "-1e999", "0.1e-99999"][dice.usize(..3)].to_owned()),
        2 => Tree::Raw("9".repeat(dice.usize(1..50_000))),
        _ => any(dice, 3),
    }
}

/// The text of a value.
pub(super) fn spelled(tree: &Tree, dice: &mut Rng) -> String {
    // A line is spelled with few oddities or with many.
    let oddity = [0, 3, 40][dice.usize(..3)];
    let mut text = String::new();
    spell(tree, oddity, dice, &mut text);
    text
}

fn blank(oddity: u8, dice: &mut Rng, text: &mut String) {
    if dice.u8(..100) < oddity {
        text.push_str(BLANKS[dice.usize(..BLANKS.len())]);
    }
}

fn spell(tree: &Tree, oddity: u8, dice: &mut Rng, text: &mut String) {
    blank(oddity, dice, text);
    match tree {
        Tree::Raw(raw) => text.push_str(raw),
        Tree::Text(words) => quote(words, oddity, dice, text),
        Tree::List(items) => {
            text.push('[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                spell(item, oddity, dice, text);
            }
            blank(oddity, dice, text);
            text.push(']');
        }
        Tree::Members(members) => {
            text.push('{');
            for (place, (name, value)) in members.iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                blank(oddity, dice, text);
                quote(name, oddity, dice, text);
                blank(oddity, dice, text);
                text.push(':');
                spell(value, oddity, dice, text);
            }
            blank(oddity, dice, text);
            text.push('}');
        }
    }
    blank(oddity, dice, text);
}

/// A JSON string; what need not be escaped may be.
fn quote(words: &str, oddity: u8, dice: &mut Rng, text: &mut String) {
    text.push('"');
    for character in words.chars() {
        let escaped = dice.u8(..100) < oddity;
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            '/' if escaped => text.push_str("\\/"),
            '\n' if escaped => text.push_str("\\n"),
            character if escaped || character < ' ' => {
                let mut units = [0; 2];
                for unit in character.encode_utf16(&mut units) {
                    let upper = dice.bool();
                    text.push_str(&if upper { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") });
                }
            }
            character => text.push(character),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn however_it_is_spelled_it_means_the_same() {
        let tree = Tree::members([
            ("a/b", Tree::text("\u{0}é𝄞\"\\\n")),
            ("list", Tree::List(vec![Tree::Raw("1e2".to_owned()), Tree::members([])])),
        ]);
        let expected = json!({"a/b": "\u{0}é𝄞\"\\\n", "list": [100.0, {}]});
        let mut dice = Rng::with_seed(1);
        let texts: Vec<String> = (0..200).map(|_| spelled(&tree, &mut dice)).collect();
        for text in &texts {
            assert_eq!(serde_json::from_str::<Value>(text).ok().as_ref(), Some(&expected), "{text}");
        }
        assert!(texts.iter().any(|text| *text != texts[0]));
    }
}
