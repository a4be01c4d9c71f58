//! The registry entry: the embedded metadata, the program's own specification, and what the user puts in their place.

use serde_json::{Map, Value, json};
use thiserror::Error;

/// The metadata that is published with the connector, as YAML.
const METADATA: &str = include_str!("../../metadata.yaml");
/// Characters that the platform's database has room for in a name of an image or an address of an icon.
///
/// Source: Airbyte platform, columns `docker_repository` and `icon_url` of `actor_definition_version` and
/// `actor_definition`, `varchar(256)`.
const MOST_CHARACTERS: usize = 256;
/// Members of the metadata that an entry does not have: they steer how Airbyte's own entries are made and tested.
const NOT_IN_AN_ENTRY: [&str; 4] =
    ["connectorType", "connectorSubtype", "connectorTestSuitesOptions", "registryOverrides"];

/// What a user says in place of the metadata.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// The image's name without a tag: `ghcr.io/owner/destination-hubspot`.
    pub repository: Option<String>,
    /// The image's tag, `x.y.z`.
    pub tag: Option<String>,
    /// The definition's id: of a custom connector that is there already, the one it has.
    pub id: Option<String>,
    /// Marks the definition as custom: its tag can be changed by API, and no update is offered for it.
    pub custom: bool,
    /// Address of the icon.
    pub icon_url: Option<String>,
    /// Address of the page that the platform links to.
    pub documentation_url: Option<String>,
}

/// An entry that a platform takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The definition's id.
    pub id: String,
    /// The image's name without a tag.
    pub repository: String,
    /// The image's tag.
    pub tag: String,
    json: Map<String, Value>,
}

/// Why an entry is not made: one bad entry makes a platform refuse the whole registry, or skip the connector.
///
/// Source: the platform's converters, tried with its own classes.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unfit {
    /// The tag is none that the platform compares.
    #[error(
        "The tag \"{0}\" is not of the form x.y.z; a platform leaves such an entry out. Push the image under a version, such as 1.2.3."
    )]
    Tag(String),
    /// The repository is no name of an image without a tag.
    #[error(
        "The repository \"{0}\" is no image name without a tag, such as ghcr.io/owner/destination-hubspot, of at most 256 characters."
    )]
    Repository(String),
    /// The id is no UUID.
    #[error("The id \"{0}\" is no UUID; with it a platform refuses the whole registry.")]
    Id(String),
    /// The icon's address is too long or no https address.
    #[error(
        "The icon's address has to begin with https:// and be at most 256 characters long; leave it out where there is none."
    )]
    IconUrl,
    /// The documentation's address is missing, or no address.
    #[error(
        "The documentation's address has to begin with https:// or http://; without one a platform cannot list any destination."
    )]
    DocumentationUrl,
    /// The metadata has a word that the platform does not know.
    #[error(
        "The metadata's {0} is none that a platform knows; with it a platform refuses the whole registry."
    )]
    Metadata(&'static str),
}

impl Entry {
    /// The entry of this program, with this specification (the `spec` member of the SPEC message).
    ///
    /// # Errors
    /// [`Unfit`]: a platform would refuse it, or refuse everything beside it.
    pub fn new(specification: Value, overrides: Overrides) -> Result<Self, Unfit> {
        let mut json = metadata()?;
        let tags = json.get("tags").and_then(Value::as_array).cloned().unwrap_or_default();
        let language = tags.iter().filter_map(Value::as_str).find_map(|tag| tag.strip_prefix("language:"));
        let subtype = json.get("connectorSubtype").cloned().unwrap_or(Value::Null);
        let published = |key: &str| json.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();

        let id = overrides.id.unwrap_or_else(|| published("definitionId"));
        let repository = overrides.repository.unwrap_or_else(|| published("dockerRepository"));
        let tag = overrides.tag.unwrap_or_else(|| published("dockerImageTag"));
        let documentation = overrides.documentation_url.unwrap_or_else(|| published("documentationUrl"));
        let own = [
            ("destinationDefinitionId", json!(id)),
            ("dockerRepository", json!(repository)),
            ("dockerImageTag", json!(tag)),
            ("documentationUrl", json!(documentation)),
            ("sourceType", subtype),
            ("language", json!(language)),
            ("public", json!(true)),
            ("custom", json!(overrides.custom)),
            ("tombstone", json!(false)),
            ("spec", specification),
        ];
        for key in NOT_IN_AN_ENTRY.into_iter().chain(["definitionId"]) {
            json.remove(key);
        }
        json.extend(own.map(|(key, value)| (key.to_owned(), value)));
        if let Some(icon) = overrides.icon_url {
            json.insert("iconUrl".into(), icon.into());
        }
        let entry = Self { id, repository, tag, json };
        entry.check()?;
        Ok(entry)
    }

    /// The entry as JSON text, indented, with a line end.
    #[must_use]
    pub fn to_json(&self) -> String {
        format!("{:#}\n", Value::Object(self.json.clone()))
    }

    fn text(&self, key: &str) -> &str {
        self.json.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    fn check(&self) -> Result<(), Unfit> {
        if !is_version(&self.tag) {
            return Err(Unfit::Tag(self.tag.clone()));
        }
        if !is_image_name(&self.repository) {
            return Err(Unfit::Repository(self.repository.clone()));
        }
        if !is_uuid(&self.id) {
            return Err(Unfit::Id(self.id.clone()));
        }
        if !is_address(self.text("documentationUrl"), &["https://", "http://"]) {
            return Err(Unfit::DocumentationUrl);
        }
        let icon = self.json.get("iconUrl").and_then(Value::as_str);
        if icon.is_some_and(|url| !is_address(url, &["https://"]) || url.chars().count() > MOST_CHARACTERS) {
            return Err(Unfit::IconUrl);
        }
        for (key, known) in [
            ("releaseStage", &["alpha", "beta", "generally_available", "custom"][..]),
            ("supportLevel", &["community", "certified", "archived"]),
        ] {
            if !known.contains(&self.text(key)) {
                return Err(Unfit::Metadata(key));
            }
        }
        Ok(())
    }
}

/// The `data` of the embedded metadata.
fn metadata() -> Result<Map<String, Value>, Unfit> {
    let unreadable = Unfit::Metadata("form");
    let whole: Value = serde_norway::from_str(METADATA).map_err(|_| unreadable.clone())?;
    whole.get("data").and_then(Value::as_object).cloned().ok_or(unreadable)
}

/// Three numbers: what the platform's `Version` compares.
fn is_version(tag: &str) -> bool {
    let parts: Vec<&str> = tag.split('.').collect();
    parts.len() == 3
        && parts.iter().all(|part| part.parse::<u32>().is_ok_and(|number| number.to_string() == **part))
}

/// Path segments of lower-case letters, digits and separators; the first may be a host with a port.
///
/// Source: the grammar of the Distribution project's `reference` package.
fn is_image_name(name: &str) -> bool {
    let is_host = |segment: &str| {
        let (host, port) = segment.split_once(':').unwrap_or((segment, "1"));
        let is_word = |c: char| c.is_ascii_alphanumeric() || ".-".contains(c);
        !host.is_empty() && host.chars().all(is_word) && port.parse::<u16>().is_ok()
    };
    let is_path = |segment: &str| {
        let is_inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        segment.chars().all(|c| is_inner(c) || "._-".contains(c))
            && segment.starts_with(is_inner)
            && segment.ends_with(is_inner)
    };
    let mut segments = name.split('/').rev();
    let last = segments.next().is_some_and(is_path);
    let mut before: Vec<&str> = segments.collect();
    let first = before.pop().is_none_or(|segment| is_host(segment) || is_path(segment));
    last && first && before.into_iter().all(is_path) && name.len() <= MOST_CHARACTERS
}

fn is_uuid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

fn is_address(url: &str, schemes: &[&str]) -> bool {
    let rest = schemes.iter().find_map(|scheme| url.strip_prefix(scheme));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/')) && !url.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(overrides: Overrides) -> Result<Value, Unfit> {
        let entry = Entry::new(json!({"connectionSpecification": {}}), overrides)?;
        Ok(serde_json::from_str(&entry.to_json()).expect("JSON"))
    }

    #[test]
    fn the_flags_and_what_a_platform_requires_are_there() {
        let entry = entry(Overrides::default()).expect("our own metadata is fit");
        for (key, expected) in [
            ("supportsDataActivation", json!(true)),
            ("supportsRefreshes", json!(true)),
            ("public", json!(true)),
            ("custom", json!(false)),
            ("tombstone", json!(false)),
            ("language", json!("rust")),
            ("sourceType", json!("api")),
            ("spec", json!({"connectionSpecification": {}})),
            ("dockerImageTag", json!(env!("CARGO_PKG_VERSION"))),
        ] {
            assert_eq!(entry[key], expected, "{key}");
        }
        for key in ["destinationDefinitionId", "name", "dockerRepository", "documentationUrl"] {
            assert!(entry[key].is_string(), "{key}");
        }
        for key in NOT_IN_AN_ENTRY.into_iter().chain(["definitionId", "iconUrl"]) {
            assert!(entry.get(key).is_none(), "{key}");
        }
    }

    #[test]
    fn what_the_user_says_stands_in_place_of_the_metadata() {
        let id = "0c1f3d5e-7a9b-4c2d-8e6f-001122334455";
        let entry = entry(Overrides {
            repository: Some("registry.example:5000/team/destination-hubspot".into()),
            tag: Some("1.20.3".into()),
            id: Some(id.into()),
            custom: true,
            icon_url: Some("https://pages.example/icon.svg".into()),
            documentation_url: Some("https://pages.example/hubspot".into()),
        })
        .expect("fit");
        assert_eq!(entry["dockerRepository"], "registry.example:5000/team/destination-hubspot");
        assert_eq!((&entry["dockerImageTag"], &entry["custom"]), (&json!("1.20.3"), &json!(true)));
        assert_eq!((&entry["destinationDefinitionId"], &entry["public"]), (&json!(id), &json!(true)));
        assert_eq!(entry["iconUrl"], "https://pages.example/icon.svg");
        assert_eq!(entry["documentationUrl"], "https://pages.example/hubspot");
    }

    #[test]
    fn what_would_break_a_platform_is_refused() {
        for tag in ["dev", "latest", "1.2", "v1.2.3", "1.2.3-rc.1", "1.02.3", "1.2.3.4", ""] {
            let overrides = Overrides { tag: Some(tag.into()), ..Overrides::default() };
            assert_eq!(entry(overrides), Err(Unfit::Tag(tag.into())));
        }
        let long = format!("ghcr.io/{}", "a".repeat(256));
        for repository in
            ["", "a:1.2.3", "ghcr.io/Owner/name", "a//b", "/a", "a/", "a@sha256:0", "a b", &long]
        {
            let overrides = Overrides { repository: Some(repository.into()), ..Overrides::default() };
            assert_eq!(entry(overrides), Err(Unfit::Repository(repository.into())));
        }
        for id in ["", "hubspot", "0c1f3d5e7a9b4c2d8e6f001122334455", "0c1f3d5e-7a9b-4c2d-8e6f-00112233445g"]
        {
            let overrides = Overrides { id: Some(id.into()), ..Overrides::default() };
            assert_eq!(entry(overrides), Err(Unfit::Id(id.into())));
        }
        let long = format!("https://pages.example/{}", "a".repeat(256));
        for icon in ["", "http://pages.example/icon.svg", "<svg/>", "https://", &long] {
            let overrides = Overrides { icon_url: Some(icon.into()), ..Overrides::default() };
            assert_eq!(entry(overrides), Err(Unfit::IconUrl), "{icon}");
        }
        for url in ["", "docs.md", "https://", "https:///x", "https://a b"] {
            let overrides = Overrides { documentation_url: Some(url.into()), ..Overrides::default() };
            assert_eq!(entry(overrides), Err(Unfit::DocumentationUrl), "{url}");
        }
    }
}
