//! Bodies of requests about records, borrowed from the bytes received.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A JSON text, number or truth value as the text HubSpot stores; numbers keep their digits as sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scalar<'a>(pub(crate) Cow<'a, str>);

impl<'a> Scalar<'a> {
    /// None for `null`, an error for lists and objects.
    fn read<E: Error>(raw: &'a RawValue) -> Result<Option<Self>, E> {
        let text = raw.get();
        match text.as_bytes().first() {
            Some(b'"') if !text.contains('\\') => Ok(Some(Self(Cow::Borrowed(&text[1..text.len() - 1])))),
            Some(b'"') => {
                serde_json::from_str(text).map(|owned| Some(Self(Cow::Owned(owned)))).map_err(E::custom)
            }
            Some(b'n') => Ok(None),
            Some(b'{') => Err(E::custom(wrong_shape(
                "java.lang.String",
                "Object value (token `JsonToken.START_OBJECT`)",
            ))),
            Some(b'[') => {
                Err(E::custom(wrong_shape("java.lang.String", "Array value (token `JsonToken.START_ARRAY`)")))
            }
            _ => Ok(Some(Self(Cow::Borrowed(text)))),
        }
    }
}

/// The words HubSpot's JSON reader has for a value of the wrong shape.
pub(crate) fn wrong_shape(wanted: &str, found: &str) -> String {
    format!("Cannot deserialize value of type `{wanted}` from {found}")
}

/// An optional scalar: absent and `null` are the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Optional<'a>(pub(crate) Option<Scalar<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for Optional<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Scalar::read(<&RawValue>::deserialize(deserializer)?).map(Self)
    }
}

impl Optional<'_> {
    /// The text, if there is one.
    pub(crate) fn text(&self) -> Option<&str> {
        self.0.as_ref().map(|scalar| &*scalar.0)
    }
}

/// The `properties` of an input in the order sent; `None` is `null`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PropertyMap<'a>(pub(crate) Vec<(Cow<'a, str>, Option<Scalar<'a>>)>);

impl<'a> PropertyMap<'a> {
    /// Names and values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0.iter().map(|(name, value)| (&**name, value.as_ref().map(|scalar| &*scalar.0)))
    }

    /// Names that carry a value.
    pub(crate) fn written_names(&self) -> impl Iterator<Item = &Cow<'a, str>> {
        self.0.iter().filter(|(_, value)| value.is_some()).map(|(name, _)| name)
    }

    /// The value of a property, none for an absent one or `null`.
    pub(crate) fn value(&self, wanted: &str) -> Option<&str> {
        self.iter().filter(|(name, _)| *name == wanted).last().and_then(|(_, value)| value)
    }
}

/// Text that borrows where it can, also as the key of a map.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for PropertyMap<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = PropertyMap<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a map of property values")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut properties = Vec::with_capacity(map.size_hint().unwrap_or(8));
                while let Some(Text(name)) = map.next_key()? {
                    properties.push((name, Scalar::read(map.next_value::<&RawValue>()?)?));
                }
                Ok(PropertyMap(properties))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

/// One input of a batch write, or the body of a single create or update.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WriteInput<'a> {
    #[serde(borrow, default)]
    pub(crate) id: Optional<'a>,
    #[serde(borrow, default)]
    pub(crate) id_property: Optional<'a>,
    #[serde(borrow, default)]
    pub(crate) object_write_trace_id: Optional<'a>,
    #[serde(borrow)]
    pub(crate) properties: PropertyMap<'a>,
    #[serde(default)]
    pub(crate) associations: Option<Vec<Association>>,
}

/// An association to make with a new record.
#[derive(Clone, Debug)]
pub(crate) struct Association {
    pub(crate) to: String,
    pub(crate) types: Vec<u32>,
}

impl<'de> Deserialize<'de> for Association {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct To<'a> {
            #[serde(borrow)]
            id: Optional<'a>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Type<'a> {
            #[serde(borrow)]
            association_type_id: Optional<'a>,
        }
        #[derive(Deserialize)]
        struct Body<'a> {
            #[serde(borrow)]
            to: To<'a>,
            #[serde(borrow)]
            types: Vec<Type<'a>>,
        }
        const CLASS: &str = "com.hubspot.crmpublic.core.models.associations.PublicAssociationsForObject$Json";
        let raw = <&RawValue>::deserialize(deserializer)?;
        if raw.get().starts_with('[') {
            return Err(D::Error::custom(wrong_shape(CLASS, "Array value (token `JsonToken.START_ARRAY`)")));
        }
        let body: Body<'_> = serde_json::from_str(raw.get()).map_err(D::Error::custom)?;
        let types = body
            .types
            .iter()
            .map(|kind| kind.association_type_id.text().and_then(|text| text.parse().ok()))
            .collect::<Option<Vec<u32>>>()
            .ok_or_else(|| D::Error::custom(wrong_shape("int", "String value")))?;
        let to = body.to.id.text().unwrap_or_default().to_owned();
        Ok(Self { to, types })
    }
}

/// Body of a batch write.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct WriteBatch<'a> {
    #[serde(borrow)]
    pub(crate) inputs: Vec<WriteInput<'a>>,
}

/// One input of a batch that only names records.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct IdInput<'a> {
    #[serde(borrow)]
    pub(crate) id: Optional<'a>,
}

/// Body of batch/read and batch/archive.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IdBatch<'a> {
    #[serde(borrow)]
    pub(crate) inputs: Vec<IdInput<'a>>,
    #[serde(borrow, default)]
    pub(crate) id_property: Optional<'a>,
    #[serde(default)]
    pub(crate) properties: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn properties(text: &str) -> Result<PropertyMap<'_>, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn numbers_and_truth_values_become_text_as_sent() {
        let map =
            properties(r#"{"a":1.0,"b":12345678901234567890123,"c":true,"d":null,"e":"x","f":"\u00fc\n"}"#)
                .unwrap();
        let values: Vec<Option<&str>> = map.iter().map(|(_, value)| value).collect();
        let number = "12345678901234567890123";
        assert_eq!(values, [Some("1.0"), Some(number), Some("true"), None, Some("x"), Some("ü\n")]);
    }

    #[test]
    fn lists_and_objects_are_refused_with_their_place() {
        for text in [r#"{"a":["x"]}"#, r#"{"a":{}}"#] {
            let error = properties(text).unwrap_err();
            assert!(error.contains("java.lang.String") && error.contains("line 1"), "{error}");
        }
    }

    #[test]
    fn a_write_input_needs_properties_only() {
        let batch: WriteBatch<'_> = serde_json::from_str(r#"{"inputs":[{"id":5,"properties":{}}]}"#).unwrap();
        assert_eq!(batch.inputs[0].id.text(), Some("5"));
        assert!(serde_json::from_str::<WriteBatch<'_>>(r#"{"inputs":[{"id":"5"}]}"#).is_err());
    }

    #[test]
    fn an_association_must_be_an_object() {
        let text = r#"{"properties":{},"associations":[[]]}"#;
        let error = serde_json::from_str::<WriteInput<'_>>(text).unwrap_err().to_string();
        assert!(error.contains("PublicAssociationsForObject"), "{error}");
        let text =
            r#"{"properties":{},"associations":[{"to":{"id":9},"types":[{"associationTypeId":"5"}]}]}"#;
        let input: WriteInput<'_> = serde_json::from_str(text).unwrap();
        let association = &input.associations.unwrap()[0];
        assert_eq!((association.to.as_str(), association.types.as_slice()), ("9", &[5][..]));
    }
}
