//! How HubSpot's API is reached: base URL, version, and the times a call may take.

use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A version of HubSpot's API: the numbered one, or one named after its release date.
///
/// Source: <https://developers.hubspot.com/docs/api-reference/overview>.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum ApiVersion {
    /// `/crm/v3/...`
    #[default]
    #[serde(rename = "v3")]
    V3,
    /// `/crm/.../2026-03/...`
    #[serde(rename = "2026-03")]
    V2026_03,
    /// `/crm/.../2026-09/...`
    #[serde(rename = "2026-09")]
    V2026_09,
}

impl ApiVersion {
    /// The version as it is written in the configuration and in paths.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V3 => "v3",
            Self::V2026_03 => "2026-03",
            Self::V2026_09 => "2026-09",
        }
    }
}

/// The URL every path of the API is appended to; never ends in a slash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BaseUrl(String);

impl BaseUrl {
    /// The URL, to which a path that begins with a slash can be appended.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is an absolute `http` or `https` URL with a host and, at most, a port and a path.
    ///
    /// User names are refused because the URL is shown in logs; a query or a fragment because paths are
    /// appended.
    pub(super) fn is_usable(&self) -> bool {
        let Some((scheme, rest)) = self.0.split_once("://") else { return false };
        if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
            return false;
        }
        let authority = rest.split('/').next().unwrap_or_default();
        rest.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#@\\\"<>".contains(&byte))
            && is_host_and_port(authority)
    }
}

impl Default for BaseUrl {
    fn default() -> Self {
        Self("https://api.hubapi.com".to_owned())
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for BaseUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(Self(text.trim().trim_end_matches('/').to_owned()))
    }
}

fn is_host_and_port(authority: &str) -> bool {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, port)) if address.parse::<std::net::Ipv6Addr>().is_ok() => (address, port),
            _ => return false,
        },
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let port_is_usable = match port.strip_prefix(':') {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u16>().is_ok(),
        None => port.is_empty(),
    };
    !host.is_empty() && port_is_usable
}

/// A length of time, written in seconds, fractions allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seconds(Duration);

impl Seconds {
    /// A whole number of seconds.
    pub(super) const fn whole(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// The time as the standard library takes it.
    #[must_use]
    pub fn duration(self) -> Duration {
        self.0
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        // The cause is left out: it adds nothing to the bounds in the specification.
        Duration::try_from_secs_f64(seconds)
            .map(Self)
            .map_err(|_| serde::de::Error::custom("not a length of time in seconds"))
    }
}

impl Serialize for Seconds {
    /// Whole seconds without a decimal point, as people write them.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.subsec_nanos() == 0 {
            serializer.serialize_u64(self.0.as_secs())
        } else {
            serializer.serialize_f64(self.0.as_secs_f64())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn base(url: &str) -> BaseUrl {
        serde_json::from_value(json!(url)).unwrap()
    }

    #[test]
    fn a_base_url_is_absolute_and_has_nothing_after_its_path() {
        for url in [
            "https://api.hubapi.com",
            "https://api.hubapi.com/",
            " http://localhost:8080/ ",
            "HTTP://127.0.0.1:1/prefix/",
            "http://[::1]:4000",
            "http://[::1]",
            "https://api-eu1.hubapi.com",
        ] {
            assert!(base(url).is_usable(), "{url}");
        }
        for url in [
            "",
            "/",
            "api.hubapi.com",
            "ftp://api.hubapi.com",
            "https://",
            "https:///path",
            "https://:80",
            "http://host:port",
            "http://host:70000",
            "http://host:+80",
            "http://host:",
            "http://[::1",
            "http://[host]:80",
            "http://[::1]80",
            "https://user:password@api.hubapi.com",
            "https://api.hubapi.com/?a=b",
            "https://api.hubapi.com/#a",
            "https://api hubapi.com",
            "https://api.hubapi.com\n.example.com",
        ] {
            assert!(!base(url).is_usable(), "{url}");
        }
    }

    #[test]
    fn a_trailing_slash_is_dropped() {
        assert_eq!(base("http://localhost:8080//").as_str(), "http://localhost:8080");
        assert_eq!(base("http://localhost/prefix/").to_string(), "http://localhost/prefix");
    }

    #[test]
    fn versions_are_written_as_they_are_read() {
        for version in [ApiVersion::V3, ApiVersion::V2026_03, ApiVersion::V2026_09] {
            let read: ApiVersion = serde_json::from_value(json!(version.as_str())).unwrap();
            assert_eq!(read, version);
        }
    }

    #[test]
    fn seconds_may_have_fractions() {
        let read = |value| serde_json::from_value::<Seconds>(value).map(Seconds::duration).ok();
        assert_eq!(read(json!(0.25)), Some(Duration::from_millis(250)));
        assert_eq!(read(json!(120)), Some(Duration::from_secs(120)));
        assert_eq!(read(json!(-1)), None);
        assert_eq!(serde_json::to_string(&Seconds::whole(5)).unwrap(), "5");
        assert_eq!(serde_json::to_string(&Seconds(Duration::from_millis(1500))).unwrap(), "1.5");
    }
}
