//! Settings of a stream that have no effect where it goes.

use super::target::TargetName;
use crate::config::{Match, StreamSettings};

/// What can be set for a stream beside what it is and where it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Setting {
    MatchingKey,
    Match,
    PropertyMapping,
    NameAliases,
    AppendOptions,
    LifecycleBackwards,
    PropertyGroup,
    CreateEventDefinition,
    CreateMatchingKey,
    AudienceStatuses,
    MirrorMaxArchive,
    UnknownProperties,
    InvalidValues,
    NullValues,
    EmptyStrings,
}

use Setting::{
    AppendOptions, AudienceStatuses, CreateEventDefinition, CreateMatchingKey, EmptyStrings, InvalidValues,
    LifecycleBackwards, MatchingKey, MirrorMaxArchive, NameAliases, NullValues, PropertyGroup,
    PropertyMapping, UnknownProperties,
};

const ALL: [Setting; 15] = [
    MatchingKey,
    Setting::Match,
    PropertyMapping,
    NameAliases,
    AppendOptions,
    LifecycleBackwards,
    PropertyGroup,
    CreateEventDefinition,
    CreateMatchingKey,
    AudienceStatuses,
    MirrorMaxArchive,
    UnknownProperties,
    InvalidValues,
    NullValues,
    EmptyStrings,
];

/// Settings without effect on a stream's target, and why, in words that follow the stream's name; `None` where each has
/// one.
#[must_use]
pub fn of(target: TargetName<'_>, settings: &StreamSettings) -> Option<String> {
    let (records, takes): (_, &dyn Fn(Setting) -> bool) = match target {
        TargetName::Object(_) => ("records of an object", &|setting| {
            !matches!(setting, CreateEventDefinition | AudienceStatuses | MirrorMaxArchive)
        }),
        TargetName::List(_) => ("members of lists", &|setting| {
            matches!(setting, MatchingKey | PropertyMapping | MirrorMaxArchive)
        }),
        TargetName::ListMembership => {
            ("members of lists", &|setting| matches!(setting, MatchingKey | PropertyMapping))
        }
        TargetName::Association { .. } => {
            ("associations, whose ends are named by their columns", &|setting| setting == Setting::Match)
        }
        TargetName::Audience => ("audiences", &|setting| {
            let of_keys = matches!(setting, MatchingKey | PropertyMapping);
            let of_properties = matches!(setting, PropertyGroup | AudienceStatuses);
            of_keys || of_properties || matches!(setting, InvalidValues | NullValues | EmptyStrings)
        }),
        TargetName::Event(_) => ("events", &|setting| {
            let of_columns = matches!(setting, PropertyMapping | NameAliases);
            of_columns || matches!(setting, CreateEventDefinition | UnknownProperties | InvalidValues)
        }),
    };
    let idle: Vec<&str> = ALL
        .into_iter()
        .filter(|setting| !takes(*setting) && setting.is_set(settings))
        .map(Setting::key)
        .collect();
    let (has, them) = if idle.len() == 1 { ("has", "it") } else { ("have", "them") };
    (!idle.is_empty()).then(|| {
        format!("{} {has} no effect, since its rows are {records}: leave {them} out.", idle.join(", "))
    })
}

impl Setting {
    /// As the configuration calls it.
    fn key(self) -> &'static str {
        match self {
            Self::MatchingKey => "matching_key",
            Self::Match => "match",
            Self::PropertyMapping => "property_mapping",
            Self::NameAliases => "name_aliases",
            Self::AppendOptions => "append_options",
            Self::LifecycleBackwards => "lifecycle_backwards",
            Self::PropertyGroup => "property_group",
            Self::CreateEventDefinition => "create_event_definition",
            Self::CreateMatchingKey => "create_matching_key",
            Self::AudienceStatuses => "audience_statuses",
            Self::MirrorMaxArchive => "mirror_max_archive",
            Self::UnknownProperties => "unknown_properties",
            Self::InvalidValues => "invalid_values",
            Self::NullValues => "null_values",
            Self::EmptyStrings => "empty_strings",
        }
    }

    /// Whether the user has set it to anything but what it is anyway.
    fn is_set(self, settings: &StreamSettings) -> bool {
        match self {
            Self::MatchingKey => settings.matching_key.is_some(),
            Self::Match => settings.match_by != Match::Unique,
            Self::PropertyMapping => !settings.property_mapping.pairs().is_empty(),
            Self::NameAliases => settings.name_aliases.is_some(),
            Self::AppendOptions => !settings.append_options.is_empty(),
            Self::LifecycleBackwards => settings.lifecycle_backwards,
            Self::PropertyGroup => settings.property_group.is_some(),
            Self::CreateEventDefinition => settings.create_event_definition,
            Self::CreateMatchingKey => settings.create_matching_key,
            Self::AudienceStatuses => !settings.audience_statuses.is_empty(),
            Self::MirrorMaxArchive => settings.mirror_max_archive.is_some(),
            Self::UnknownProperties => settings.unknown_properties.is_some(),
            Self::InvalidValues => settings.invalid_values.is_some(),
            Self::NullValues => settings.null_values.is_some(),
            Self::EmptyStrings => settings.empty_strings.is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::config::Config;
    use crate::plan::object::ObjectName;

    fn idle(object: &str, settings: &Value) -> Option<String> {
        let mut entry = settings.clone();
        entry["name"] = json!("s");
        let config = json!({"credentials": {"type": "AccessToken", "access_token": "t"}, "streams": [entry]});
        let config = Config::from_json(config.to_string()).unwrap();
        of(TargetName::of(ObjectName::Given(object)), &config.streams[0])
    }

    #[test]
    fn settings_of_other_targets_are_told() {
        let everything = json!({
            "matching_key": "email", "match": "search", "property_mapping": {"a": "b"}, "name_aliases": true,
            "append_options": ["x"], "lifecycle_backwards": true, "property_group": "g",
            "create_event_definition": true, "create_matching_key": true, "audience_statuses": {"a": "b"},
            "unknown_properties": "drop", "invalid_values": "drop_property", "null_values": "clear",
            "empty_strings": "ignore",
        });
        for (object, told, kept) in [
            ("CONTACT", "create_event_definition, audience_statuses have", "matching_key"),
            ("LIST:7", "match, name_aliases, append_options, ", "property_mapping"),
            ("LIST_MEMBERSHIP", "null_values, empty_strings have", "property_mapping"),
            ("ASSOCIATION:CONTACT:COMPANY", "matching_key, property_mapping, ", " match,"),
            ("AUDIENCE", "match, name_aliases, append_options, ", "audience_statuses"),
            ("EVENT:x", "matching_key, match, append_options, ", "create_event_definition"),
        ] {
            let line = idle(object, &everything).unwrap();
            assert!(line.contains(told) && !line.contains(kept), "{object}: {line}");
            assert_eq!(idle(object, &json!({})), None, "{object}");
        }
        let one = idle("ASSOCIATION:CONTACT:COMPANY", &json!({"matching_key": "email"})).unwrap();
        assert!(one.starts_with("matching_key has no effect") && one.ends_with("leave it out."), "{one}");
    }
}
