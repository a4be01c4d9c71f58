//! A body that was true, with parts of it changed.

use fastrand::Rng;
use serde_json::{Value, json};

use super::bodies;
use super::deed::Scene;

/// What stands around raw text that no tree can hold, until the tree has become text.
const RAW: (&str, &str) = ("\"<raw:", ":raw>\"");

/// The body with one to four changes.
pub(super) fn mutated(body: &[u8], scene: &Scene<'_>, dice: &mut Rng) -> Vec<u8> {
    let Ok(mut tree) = serde_json::from_slice::<Value>(body) else { return bodies::nonsense(scene, dice) };
    for _ in 0..dice.usize(1..=4) {
        let mut nodes = 0;
        visit(&mut tree, &mut |_| nodes += 1);
        let chosen = dice.usize(..nodes);
        let mut place = 0;
        visit(&mut tree, &mut |node| {
            if place == chosen {
                change(node, scene, dice);
            }
            place += 1;
        });
    }
    let mut bytes = text_of(&tree).into_bytes();
    match dice.u8(..12) {
        0 => bytes.splice(0..0, *b"\xEF\xBB\xBF").for_each(drop),
        1 => bytes.extend_from_slice(b" trailing"),
        2 => bytes.truncate(dice.usize(..=bytes.len())),
        3 if !bytes.is_empty() => {
            let place = dice.usize(..bytes.len());
            bytes[place] = 0xFF;
        }
        4 => bytes.extend(std::iter::repeat_n(b' ', 300_000)),
        _ => {}
    }
    bytes
}

/// The body with a cursor for another page: the same one every time, or one that never repeats.
pub(super) fn with_a_next_page(body: &[u8], dice: &mut Rng) -> Vec<u8> {
    let Ok(Value::Object(mut tree)) = serde_json::from_slice::<Value>(body) else { return body.to_vec() };
    let cursor = match dice.u8(..4) {
        0 => "again".to_owned(),
        1 => "a+b&limit=1#c%2F ☃".to_owned(),
        2 => "x".repeat(20_000),
        _ => format!("{}", dice.u64(..)),
    };
    tree.insert(
        "paging".to_owned(),
        json!({"next": {"after": cursor, "link": "https://elsewhere.example/"}}),
    );
    tree.insert("hasMore".to_owned(), json!(true));
    tree.insert("offset".to_owned(), json!(dice.u32(..)));
    tree.insert("total".to_owned(), json!(u64::MAX));
    Value::Object(tree).to_string().into_bytes()
}

fn text_of(tree: &Value) -> String {
    let text = tree.to_string();
    if !text.contains(RAW.0) {
        return text;
    }
    text.replace(RAW.0, "").replace(RAW.1, "")
}

fn visit(node: &mut Value, with: &mut impl FnMut(&mut Value)) {
    with(node);
    match node {
        Value::Array(items) => items.iter_mut().for_each(|item| visit(item, with)),
        Value::Object(members) => members.values_mut().for_each(|member| visit(member, with)),
        _ => {}
    }
}

fn change(node: &mut Value, scene: &Scene<'_>, dice: &mut Rng) {
    match node {
        Value::Array(items) if dice.u8(..4) > 0 => match dice.u8(..6) {
            0 => items.clear(),
            1 => items.reverse(),
            2 => items.extend(items.clone()),
            3 => drop(items.pop()),
            4 => items.insert(0, junk(scene, dice)),
            _ => {
                let again = items.first().cloned().unwrap_or_default();
                items.extend(std::iter::repeat_n(again, dice.usize(1..300)));
            }
        },
        Value::Object(members) if dice.u8(..4) > 0 => {
            let names: Vec<String> = members.keys().cloned().collect();
            let name = names.get(dice.usize(..names.len().max(1))).cloned().unwrap_or_default();
            match dice.u8(..4) {
                0 => drop(members.remove(&name)),
                1 => drop(members.insert(name, junk(scene, dice))),
                2 => drop(members.insert("errors".to_owned(), json!([bodies::error(scene, dice)]))),
                _ => {
                    let value = members.remove(&name).unwrap_or_default();
                    members.insert(name + "\u{0}", value);
                }
            }
        }
        Value::Number(_) => *node = raw(bodies::absurd_number(dice)),
        node => *node = junk(scene, dice),
    }
}

fn raw(text: &str) -> Value {
    json!(format!("<raw:{text}:raw>"))
}

fn junk(scene: &Scene<'_>, dice: &mut Rng) -> Value {
    match dice.u8(..12) {
        0 => Value::Null,
        1 => json!({}),
        2 => json!([]),
        3 => json!(""),
        4 => json!("x".repeat(dice.usize(..100_000))),
        5 => raw(bodies::absurd_number(dice)),
        6 => json!(scene.secrets.first()),
        7 => json!([[[[[[{"a": [{}]}]]]]]]),
        8 => json!(true),
        9 => json!("☃\u{0}\"\\"),
        10 => json!("no such thing"),
        _ => bodies::error(scene, dice),
    }
}
