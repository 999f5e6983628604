//! Where a request comes from.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};
use axum::middleware::Next;
use axum::response::Response;

use crate::AppState;

/// The client's address, for a handler that counts by it.
pub(crate) struct Peer(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self(address_of(&parts.extensions)))
    }
}

/// Who asks, as far as addresses tell: put there by [`name_client`], before anything counts by it.
#[derive(Clone, Copy)]
struct Client(IpAddr);

/// Finds out which address a request comes from. Behind a trusted proxy that is the last hop of `X-Forwarded-For` that is no
/// trusted proxy itself; from anybody else the header is a claim and is not looked at.
pub(crate) async fn name_client(State(app): State<AppState>, mut request: Request, next: Next) -> Response {
    if let Some(peer) = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical()) {
        let hops = request.headers().get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
        let hops: Vec<&str> = hops.flat_map(|value| value.split(',')).map(str::trim).collect();
        let client = client_of(peer, &hops, &app.settings.trusted_proxies);
        request.extensions_mut().insert(Client(client));
    }
    next.run(request).await
}

fn client_of(peer: IpAddr, hops: &[&str], trusted: &[IpAddr]) -> IpAddr {
    let mut client = peer;
    for hop in hops.iter().rev() {
        if !trusted.contains(&client) {
            break;
        }
        match hop.parse::<IpAddr>() {
            Ok(address) => client = address.to_canonical(),
            Err(_) => break,
        }
    }
    client
}

/// The client's address; of an IPv6 address its network, because one host has a whole /64 to ask from.
pub(crate) fn address_of(extensions: &Extensions) -> String {
    match extensions.get::<Client>().map(|client| client.0) {
        Some(IpAddr::V4(ip)) => ip.to_string(),
        Some(IpAddr::V6(ip)) => {
            let [a, b, c, d, ..] = ip.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        None => "unknown".to_owned(),
    }
}

/// The token of `Authorization: Bearer …`.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trusted_proxy_says_who_asks() {
        let ip = |text: &str| text.parse::<IpAddr>().expect("an address");
        let trusted = [ip("10.0.0.1"), ip("10.0.0.2")];
        let of = |peer, hops: &[&str]| client_of(ip(peer), hops, &trusted).to_string();
        assert_eq!(of("203.0.113.9", &["198.51.100.7"]), "203.0.113.9", "a stranger's claim");
        assert_eq!(
            of("10.0.0.1", &["6.6.6.6", "198.51.100.7"]),
            "198.51.100.7",
            "what the client wrote itself comes before"
        );
        assert_eq!(of("10.0.0.1", &["198.51.100.7", "10.0.0.2"]), "198.51.100.7", "two proxies in a row");
        assert_eq!(of("10.0.0.1", &["nonsense"]), "10.0.0.1");
        assert_eq!(of("10.0.0.1", &[]), "10.0.0.1");
    }
}
