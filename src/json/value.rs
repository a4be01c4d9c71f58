//! One raw value, with what the pass that cut it out of its text has seen of it.

/// A JSON value as it was written.
#[derive(Clone, Copy, Debug)]
pub struct Raw<'a> {
    text: &'a str,
    form: Form,
}

/// What has been seen of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A string without escapes.
    Plain,
    /// A string with an escape.
    Escaped,
    /// A value that is no string.
    Bare,
    /// Nothing: it may have white space around it, or be no JSON at all.
    Unseen,
}

impl<'a> Raw<'a> {
    /// A value that has been seen: well-formed, and without white space around it.
    #[inline]
    pub(super) fn seen(text: &'a str, form: Form) -> Self {
        Self { text, form }
    }

    /// Its text.
    #[must_use]
    #[inline]
    pub fn text(self) -> &'a str {
        self.text
    }

    /// What is known of it.
    #[must_use]
    #[inline]
    pub fn form(self) -> Form {
        self.form
    }

    /// Whether it is null.
    #[must_use]
    #[inline]
    pub fn is_null(self) -> bool {
        self.text == "null"
    }
}

impl<'a> From<&'a str> for Raw<'a> {
    /// A text that nobody has looked at.
    fn from(text: &'a str) -> Self {
        Self { text, form: Form::Unseen }
    }
}
