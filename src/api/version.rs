//! The versions of HubSpot's API.
//!
//! Since March 2026 HubSpot names versions by date and supports each for 18 months. Source:
//! developers.hubspot.com/docs/developer-tooling/platform/versioning.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

/// A version of HubSpot's API, as the configuration spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ApiVersion {
    /// `v3`, with associations at v4.
    #[default]
    V3,
    /// `2026-03`.
    V2026_03,
    /// `2026-09`: account rules such as conditionally required properties apply to API writes.
    V2026_09,
}

/// The text is none of the API versions known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownApiVersion;

impl ApiVersion {
    /// Every version, oldest first.
    pub const ALL: [Self; 3] = [Self::V3, Self::V2026_03, Self::V2026_09];

    /// The version as the configuration and the paths spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V3 => "v3",
            Self::V2026_03 => "2026-03",
            Self::V2026_09 => "2026-09",
        }
    }
}

impl FromStr for ApiVersion {
    type Err = UnknownApiVersion;

    fn from_str(text: &str) -> Result<Self, UnknownApiVersion> {
        Self::ALL.into_iter().find(|version| version.as_str() == text).ok_or(UnknownApiVersion)
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for UnknownApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unknown HubSpot API version; known are v3, 2026-03 and 2026-09")
    }
}

impl Error for UnknownApiVersion {}

#[cfg(test)]
mod tests {
    use super::{ApiVersion, UnknownApiVersion};

    #[test]
    fn versions_round_trip_and_nothing_else_parses() {
        for version in ApiVersion::ALL {
            assert_eq!(version.as_str().parse(), Ok(version));
        }
        for text in ["", "V3", "v4", "2026-3", "2026-03 ", "2027-03-beta"] {
            assert_eq!(text.parse::<ApiVersion>(), Err(UnknownApiVersion), "{text}");
        }
    }
}
