//! Pieces of HTML. They are made of literals and of escaped text and of nothing else, so that no value of a record can
//! become markup.

use std::fmt::{Display, Write as _};

/// A piece of HTML.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Html(String);

impl Html {
    /// Markup of the program's own.
    pub(super) fn literal(markup: &'static str) -> Self {
        Self(markup.to_owned())
    }

    /// Text, escaped.
    pub(super) fn text(text: impl Display) -> Self {
        Self(escaped(&text.to_string()))
    }

    /// An element; the values of attributes are escaped.
    pub(super) fn tag(
        name: &'static str,
        attributes: &[(&'static str, &dyn Display)],
        children: impl IntoIterator<Item = Self>,
    ) -> Self {
        let mut markup = format!("<{name}");
        for (attribute, value) in attributes {
            // Writing to a String cannot fail.
            let _ = write!(markup, " {attribute}=\"{}\"", escaped(&value.to_string()));
        }
        markup.push('>');
        for child in children {
            markup.push_str(&child.0);
        }
        let _ = write!(markup, "</{name}>");
        Self(markup)
    }

    /// An element that holds nothing.
    pub(super) fn void(name: &'static str, attributes: &[(&'static str, &dyn Display)]) -> Self {
        let mut element = Self::tag(name, attributes, []);
        element.0.truncate(element.0.len() - name.len() - 3);
        element
    }

    /// The markup.
    pub(super) fn into_string(self) -> String {
        self.0
    }
}

impl FromIterator<Html> for Html {
    fn from_iter<I: IntoIterator<Item = Self>>(pieces: I) -> Self {
        Self(pieces.into_iter().map(|piece| piece.0).collect())
    }
}

/// Text as it has to be written in HTML.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(c),
        }
    }
    safe
}

/// A link to a page of the sandbox, given by the segments of its path.
pub(super) fn link(segments: &[&str], text: impl Display) -> Html {
    let href: String = segments.iter().map(|segment| format!("/{}", encoded(segment))).collect();
    Html::tag("a", &[("href", &href)], [Html::text(text)])
}

/// A path segment with everything percent-encoded that could end it.
fn encoded(segment: &str) -> String {
    let mut safe = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            safe.push(char::from(byte));
        } else {
            let _ = write!(safe, "%{byte:02X}");
        }
    }
    safe
}

/// A heading.
pub(super) fn heading(text: impl Display) -> Html {
    Html::tag("h2", &[], [Html::text(text)])
}

/// A paragraph.
pub(super) fn note(text: impl Display) -> Html {
    Html::tag("p", &[], [Html::text(text)])
}

/// A table, or a word where it has no rows.
pub(super) fn table(heads: &[&str], rows: impl IntoIterator<Item = Vec<Html>>) -> Html {
    let body: Vec<Html> = rows
        .into_iter()
        .map(|cells| Html::tag("tr", &[], cells.into_iter().map(|cell| Html::tag("td", &[], [cell]))))
        .collect();
    if body.is_empty() {
        return note("None yet.");
    }
    let heads = heads.iter().map(|head| Html::tag("th", &[], [Html::text(head)]));
    let head = Html::tag("thead", &[], [Html::tag("tr", &[], heads)]);
    let table = Html::tag("table", &[], [head, Html::tag("tbody", &[], body)]);
    Html::tag("div", &[("class", &"scroll")], [table])
}

/// Text for a table cell: long ones are cut.
pub(super) fn short(text: &str) -> Html {
    const MOST: usize = 120;
    match text.char_indices().nth(MOST) {
        None => Html::text(text),
        Some((end, _)) => Html::text(format_args!("{}…", &text[..end])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_literals_is_markup() {
        let evil = "<script>\"&'";
        let safe = "&lt;script&gt;&quot;&amp;&#39;";
        assert_eq!(Html::text(evil).into_string(), safe);
        let tag = Html::tag("td", &[("title", &evil)], [Html::text(evil)]);
        assert_eq!(tag.into_string(), format!("<td title=\"{safe}\">{safe}</td>"));
        assert_eq!(Html::void("input", &[("name", &"a")]).into_string(), "<input name=\"a\">");
        let href = link(&["objects", "a/b?c"], "x").into_string();
        assert_eq!(href, "<a href=\"/objects/a%2Fb%3Fc\">x</a>");
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        assert_eq!(short(&"é".repeat(121)).into_string(), format!("{}…", "é".repeat(120)));
        assert_eq!(short("é").into_string(), "é");
    }

    #[test]
    fn a_table_without_rows_says_so() {
        assert_eq!(table(&["a"], []).into_string(), "<p>None yet.</p>");
    }
}
