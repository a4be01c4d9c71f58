//! Which proxy calls to an address go through.

use hyper::Uri;
use hyper_util::client::proxy::matcher::Matcher;

/// Host and port of the proxy that calls to `url` go through, by the variables that the HTTP client reads itself
/// (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`). Without user name and password.
#[must_use]
pub fn of(url: &str) -> Option<String> {
    through(&Matcher::from_system(), url)
}

fn through(matcher: &Matcher, url: &str) -> Option<String> {
    let url: Uri = url.parse().ok()?;
    let proxy = matcher.intercept(&url)?;
    let host = proxy.uri().host()?.to_owned();
    Some(proxy.uri().port_u16().map_or(host.clone(), |port| format!("{host}:{port}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_named_without_its_password() {
        let matcher =
            Matcher::builder().https("http://me:s3cret@proxy.example:3128").no("near.example").build();
        assert_eq!(through(&matcher, "https://api.hubapi.com").as_deref(), Some("proxy.example:3128"));
        assert_eq!(through(&matcher, "https://near.example"), None);
        assert_eq!(through(&matcher, "http://api.hubapi.com"), None);
    }
}
