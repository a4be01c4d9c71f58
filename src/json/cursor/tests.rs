//! The cursor beside serde_json, on texts of every kind.

use proptest::prelude::*;
use serde_json::value::RawValue;

use super::*;

fn whole(text: &str) -> Result<&str, Malformed> {
    let mut cursor = Cursor::new(text);
    let value = cursor.value()?;
    cursor.end().map(|()| value)
}

fn by_serde(text: &str) -> Option<&str> {
    serde_json::from_str::<&RawValue>(text).ok().map(RawValue::get)
}

#[test]
fn what_serde_json_takes_is_taken_and_nothing_else() {
    for text in [
        "",
        " ",
        "1",
        "-1",
        "-",
        "01",
        "-0",
        "0.",
        "0.5",
        ".5",
        "1e",
        "1e+",
        "1E-7",
        "1.5e400",
        "tru",
        "true",
        "truex",
        "nul",
        "null",
        "nil",
        "\"",
        "\"a",
        "\"a\"",
        "\"\\",
        "\"\\u12",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\ud800\"",
        "\"\\x\"",
        "\"\u{1}\"",
        "\"\u{7f}é😀\"",
        "[",
        "[]",
        "[1",
        "[1,",
        "[1,]",
        "[1 2]",
        "[[],{}]",
        "[}",
        "{",
        "{}",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{\"a\" : [ 1 , {\"b\":null} ] }",
        "{a:1}",
        "{1:1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":1}x",
        " \t\r\n[ \"x\" ] \n",
        "\u{a0}1",
        "{\"\\ud800\":1}",
    ] {
        assert_eq!(whole(text).ok(), by_serde(text), "{text:?}");
    }
}

#[test]
fn depth_is_no_danger() {
    let deep = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    assert_eq!(whole(&deep), Ok(&*deep));
    assert_eq!(whole(&deep[..1_500_000]), Err(Malformed::Truncated));
    for depth in [63, 64, 65, 128, 129, 200] {
        let open: Vec<_> = (0..depth).map(|level| if level % 3 == 0 { "{\"a\":" } else { "[" }).collect();
        let close: String = (0..depth).rev().map(|level| if level % 3 == 0 { '}' } else { ']' }).collect();
        let text = format!("{}1{close}", open.concat());
        assert_eq!(whole(&text), Ok(&*text), "{depth}");
        let wrong = text.replacen("]]", "]}", 1);
        assert_eq!(whole(&wrong), Err(Malformed::NotJson), "{depth}");
    }
}

#[test]
fn a_text_that_was_cut_is_told_from_one_that_is_wrong() {
    let text = r#"{"a":[1.5e3,true,"x\u00e9\n",{"b":null}],"c":-7}"#;
    for end in 0..text.len() {
        assert_eq!(whole(&text[..end]), Err(Malformed::Truncated), "{}", &text[..end]);
    }
    for text in ["{\"a\":]", "[1,}", "nulL", "\"\\q\""] {
        assert_eq!(whole(text), Err(Malformed::NotJson), "{text}");
    }
}

#[test]
fn walks_give_names_and_leave_values_to_the_caller() {
    let mut cursor = Cursor::new(r#" {"a\n":[1, "x" ,[]],"b":null,"c":"\u0041","b":7} "#);
    let mut seen = Vec::new();
    let walked = cursor.object(|cursor, name| {
        match &*name {
            "a\n" => cursor.array(|cursor| cursor.value().map(|value| seen.push(value.to_owned())))?,
            "c" => seen.push(cursor.text()?.into_owned()),
            _ if cursor.null()? => seen.push("nothing".to_owned()),
            _ => seen.push(cursor.value()?.to_owned()),
        }
        Ok(())
    });
    assert_eq!((walked, cursor.end()), (Ok(()), Ok(())));
    assert_eq!(seen, ["1", "\"x\"", "[]", "nothing", "A", "7"]);
    assert_eq!(Cursor::new("[1]").object(|_, _| Ok(())), Err(Malformed::OtherShape));
    assert_eq!(Cursor::new("7").text(), Err(Malformed::OtherShape));
    assert_eq!(Cursor::new(r#"{"\ud800":1}"#).object(|_, _| Ok(())), Err(Malformed::NotJson));
}

fn json() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|flag| flag.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| serde_json::to_string(&number).unwrap()),
        ".{0,20}".prop_map(|text| serde_json::to_string(&text).unwrap()),
    ];
    scalar.prop_recursive(4, 40, 6, |inner| {
        let pair = (".{0,12}".prop_map(|text| serde_json::to_string(&text).unwrap()), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..6).prop_map(|items| format!("[{}]", items.join(" ,"))),
            prop::collection::vec(pair, 0..6).prop_map(|members| {
                let members: Vec<_> =
                    members.iter().map(|(name, value)| format!("{name}: {value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn it_agrees_with_serde_json(
        text in json(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), "[\\[\\]{}\",:\\\\0-9eE.+\\-tfnu \u{1}é]?"), 0..3),
    ) {
        let mut characters: Vec<String> = text.chars().map(String::from).collect();
        for (at, edit) in edits {
            let place = at.index(characters.len());
            characters[place] = edit;
        }
        let text = characters.concat();
        prop_assert_eq!(whole(&text).ok(), by_serde(&text), "{}", text);
    }
}
