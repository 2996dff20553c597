//! Where a request comes from: its socket's peer, or what a trusted proxy says of whom it stands for.

use std::net::IpAddr;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};

/// Where proxies say for whom they ask.
const FORWARDED: [&str; 3] = ["x-forwarded-for", "forwarded", "x-real-ip"];

/// Where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// The address of the client.
    pub address: IpAddr,
    /// Whether a proxy says that it came over https.
    pub https: bool,
    /// Whether they are on this machine, and no proxy stands between that we do not know of.
    pub local: bool,
}

/// Proxies whose word is taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies(pub Vec<Network>);

/// An address, or all that begin as it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    /// Bits that they have in common.
    bits: u32,
}

/// It is no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no address and no network; write it as in 10.0.0.5 or 10.0.0.0/8")]
pub struct WrongNetwork(String);

impl FromStr for Network {
    type Err = WrongNetwork;

    fn from_str(text: &str) -> Result<Network, WrongNetwork> {
        let wrong = || WrongNetwork(text.to_owned());
        let (address, bits) = text.split_once('/').map_or((text, None), |(a, b)| (a, Some(b)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), str::parse).map_err(|_| wrong())?;
        if bits > most { Err(wrong()) } else { Ok(Network { address, bits }) }
    }
}

impl Network {
    fn has(&self, address: IpAddr) -> bool {
        let differ = match (self.address, address) {
            (IpAddr::V4(a), IpAddr::V4(b)) => u128::from(a.to_bits() ^ b.to_bits()) << 96,
            (IpAddr::V6(a), IpAddr::V6(b)) => a.to_bits() ^ b.to_bits(),
            _ => return false,
        };
        differ.leading_zeros() >= self.bits
    }
}

impl Proxies {
    /// Who sent a request that came from this address. The entries of `X-Forwarded-For` are read from the last
    /// on, for as long as a trusted proxy wrote them: the others anyone could have written.
    #[must_use]
    pub fn peer(&self, from: IpAddr, headers: &HeaderMap) -> Peer {
        let mut address = from.to_canonical();
        if !self.trusts(address) {
            // A proxy on this machine that nobody told us of asks for someone elsewhere.
            let forwards = FORWARDED.iter().any(|name| headers.contains_key(*name));
            return Peer { address, https: false, local: address.is_loopback() && !forwards };
        }
        let named = |name| entries(headers, name).next_back();
        let https = named("x-forwarded-proto").is_some_and(|it| it.eq_ignore_ascii_case("https"));
        for entry in entries(headers, "x-forwarded-for").rev() {
            let Ok(named) = entry.parse::<IpAddr>() else { break };
            address = named.to_canonical();
            if !self.trusts(address) {
                break;
            }
        }
        Peer { address, https, local: address.is_loopback() && !self.trusts(address) }
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.has(address))
    }
}

/// What a list header names, from the first to the last.
fn entries<'a>(headers: &'a HeaderMap, name: &'static str) -> std::vec::IntoIter<&'a str> {
    let values = headers.get_all(HeaderName::from_static(name)).iter();
    let values = values.filter_map(|value| value.to_str().ok());
    let entries: Vec<_> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
    entries.into_iter()
}

impl<S: Send + Sync> FromRequestParts<S> for Peer {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Peer, Self::Rejection> {
        // The server puts it into every request; one without is nobody's.
        let nobody = Peer { address: IpAddr::from([0, 0, 0, 0]), https: false, local: false };
        Ok(parts.extensions.get::<Peer>().copied().unwrap_or(nobody))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn proxies(networks: &[&str]) -> Proxies {
        Proxies(networks.iter().map(|network| network.parse().unwrap()).collect())
    }

    #[test]
    fn only_what_trusted_proxies_wrote_is_believed() {
        let trusted = proxies(&["10.0.0.0/8", "192.0.2.7", "2001:db8::/32"]);
        for (from, forwarded, address, https) in [
            // Nobody's proxy: whatever it says.
            ("203.0.113.9", "198.51.100.1", "203.0.113.9", false),
            ("10.1.2.3", "198.51.100.1", "198.51.100.1", true),
            // What the client wrote itself stands before what the proxy saw.
            ("10.1.2.3", "6.6.6.6, 198.51.100.1", "198.51.100.1", true),
            ("10.1.2.3", "198.51.100.1, 192.0.2.7", "198.51.100.1", true),
            ("10.1.2.3", "198.51.100.1, rubbish", "10.1.2.3", true),
            ("10.1.2.3", "", "10.1.2.3", true),
            ("::ffff:10.1.2.3", "198.51.100.1", "198.51.100.1", true),
            ("2001:db8::5", "2001:db9::1", "2001:db9::1", true),
            ("192.0.2.8", "198.51.100.1", "192.0.2.8", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", HeaderValue::from_str(forwarded).unwrap());
            headers.insert("x-forwarded-proto", HeaderValue::from_static("http, https"));
            let peer = trusted.peer(from.parse().unwrap(), &headers);
            assert_eq!(peer.address, address.parse::<IpAddr>().unwrap(), "{from} for {forwarded}");
            assert_eq!(peer.https, https, "{from} for {forwarded}");
        }
    }

    #[test]
    fn who_asks_on_this_machine_is_told_from_whom_a_proxy_on_it_asks_for() {
        let local = |trusted: &[&str], from: &str, forwarded: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            if let Some(forwarded) = forwarded {
                headers.insert("x-forwarded-for", HeaderValue::from_static(forwarded));
            }
            proxies(trusted).peer(from.parse().unwrap(), &headers).local
        };
        for from in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            assert!(local(&[], from, None), "{from}");
        }
        assert!(!local(&[], "10.0.0.1", None));
        assert!(!local(&[], "127.0.0.1", Some("127.0.0.1")), "a proxy that nobody told us of");
        assert!(!local(&["127.0.0.1"], "127.0.0.1", Some("203.0.113.9")));
        assert!(!local(&["127.0.0.1"], "127.0.0.1", None), "nobody knows");
        assert!(!local(&["10.0.0.1"], "10.0.0.1", Some("127.0.0.1, 203.0.113.9")));
    }

    #[test]
    fn what_is_no_network_is_told() {
        for wrong in ["", "10.0.0", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "host", "10.0.0.0/8/8"]
        {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
        assert!(proxies(&["0.0.0.0/0"]).trusts([1, 2, 3, 4].into()));
    }
}
