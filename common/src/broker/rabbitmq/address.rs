//! The brokers' addresses, and connections to them.

use std::fmt;
use std::str::FromStr;

use lapin::tcp::RustlsConnector;
use lapin::types::ShortString;
use lapin::uri::{AMQPScheme, AMQPUri};
use lapin::{AsyncTcpStream, Connection, ConnectionProperties, ErrorKind};

use super::step;
use crate::broker::{BrokerUrlError, Queue};
use crate::tls::{self, AMQP_TLS, Tls, TlsClient};

/// Heartbeat interval, seconds.
///
/// A peer that is silent for twice this time counts as lost, which is noticed half of this time later at
/// most. A network may forget a connection without closing it, and within 15 s of the network's return the
/// service must work again.
const HEARTBEAT_SECONDS: u16 = 4;

/// Longest name of a host, characters. With it the name of a queue stays below the 255 that AMQP allows.
const MAX_HOST: usize = 200;

/// The brokers that API and workers share: one, or several of which one may fail.
///
/// Several are separate brokers or the nodes of a cluster. A classic queue lives on one node of a cluster, so
/// each broker has queues of its own, whose names end with its address. The messages of a queue are lost with
/// its node, and the publisher's connection to this node ends as well: the requests that wait publish again.
/// API and workers must name each broker in the same way.
#[derive(Clone)]
pub struct BrokerAddresses(Vec<Link>);

/// Prints no URL: it may hold a password.
impl fmt::Debug for BrokerAddresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(Link::address))
            .finish()
    }
}

/// The addresses as [`BrokerAddresses::parse`] reads them, with the system's certificate authorities.
impl FromStr for BrokerAddresses {
    type Err = BrokerUrlError;

    fn from_str(urls: &str) -> Result<Self, BrokerUrlError> {
        Self::parse(urls, &Tls::system(AMQP_TLS))
    }
}

impl BrokerAddresses {
    /// Parses URLs (`amqp://user:password@host[:port]/vhost`, or `amqps://`) with commas between them.
    ///
    /// # Errors
    /// [`BrokerUrlError`] if they cannot be used. The message does not repeat them.
    pub fn parse(urls: &str, tls: &Tls) -> Result<Self, BrokerUrlError> {
        let uris: Vec<AMQPUri> = (urls.split(','))
            // The parser's message is dropped, since it may repeat parts of the URL.
            .map(|url| url.trim().parse().map_err(|_| BrokerUrlError::Malformed))
            .collect::<Result<_, _>>()?;
        let with_tls = (uris.iter())
            .filter(|uri| matches!(uri.scheme, AMQPScheme::AMQPS))
            .count();
        if with_tls != 0 && with_tls != uris.len() {
            return Err(BrokerUrlError::Mixed);
        }
        let tls = tls.client(with_tls != 0)?;
        let is_only = uris.len() == 1;
        let mut links: Vec<Link> = Vec::new();
        for mut uri in uris {
            if uri.authority.host.len() > MAX_HOST {
                return Err(BrokerUrlError::Malformed);
            }
            uri.query.heartbeat.get_or_insert(HEARTBEAT_SECONDS);
            let tls = tls.clone();
            let link = Link { uri, is_only, tls };
            if links.iter().any(|other| other.address() == link.address()) {
                return Err(BrokerUrlError::Twice);
            }
            links.push(link);
        }
        Ok(Self(links))
    }

    pub(super) fn links(&self) -> &[Link] {
        &self.0
    }
}

/// Makes connections to one broker.
#[derive(Clone)]
pub(super) struct Link {
    /// The URI, which holds the password. It is never logged.
    uri: AMQPUri,
    /// Whether there is no other broker.
    is_only: bool,
    tls: Option<TlsClient>,
}

impl Link {
    /// Connects. `name` is the connection's name on the broker's own pages.
    pub(super) async fn connect(&self, name: &str) -> lapin::Result<Connection> {
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        let runtime = lapin::runtime::default_runtime()?;
        let tls = self.tls.clone();
        let connecting = Connection::connector(
            self.uri.clone(),
            runtime,
            async move |uri, runtime| {
                let authority = uri.authority;
                let to = runtime.to_socket_addrs((authority.host.clone(), authority.port));
                let stream = AsyncTcpStream::connect(&runtime, to).await?;
                let Some(tls) = &tls else {
                    return Ok(stream);
                };
                let connector = RustlsConnector::from(tls.config.clone());
                Ok(stream.into_rustls(&connector, &authority.host).await?)
            },
            properties,
        );
        step(connecting).await
    }

    /// The name of a queue at this broker.
    pub(super) fn queue(&self, queue: Queue) -> ShortString {
        if self.is_only {
            queue.name().into()
        } else {
            format!("{}@{}", queue.name(), self.address()).into()
        }
    }

    /// The broker's address, for logs.
    pub(super) fn address(&self) -> String {
        format!("{}:{}", self.uri.authority.host, self.uri.authority.port)
    }

    /// Why [`Link::connect`] failed, with what an operator can do about it.
    pub(super) fn explained(&self, error: &lapin::Error) -> String {
        let is_odd = matches!(error.kind(), ErrorKind::ParsingError(_));
        let advice = tls::advice(self.tls.as_ref(), AMQP_TLS, error, is_odd);
        format!("{error}{advice}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(urls: &str) -> Result<BrokerAddresses, BrokerUrlError> {
        urls.parse()
    }

    #[test]
    fn a_bad_url_is_refused_without_being_repeated() {
        for (urls, wrong) in [
            ("", BrokerUrlError::Malformed),
            ("broker", BrokerUrlError::Malformed),
            ("http://user:secret@host", BrokerUrlError::Malformed),
            ("amqp://user:secret@host:port", BrokerUrlError::Malformed),
            ("amqp://user:secret@host,", BrokerUrlError::Malformed),
            ("amqp://secret@a,amqps://secret@b", BrokerUrlError::Mixed),
            (
                "amqp://secret@a,amqp://b,amqp://a:5672",
                BrokerUrlError::Twice,
            ),
        ] {
            let error = parse(urls).unwrap_err();
            assert_eq!(error, wrong, "{urls}");
            assert!(!error.to_string().contains("secret"));
        }
        let long = format!("amqp://{}", "h".repeat(MAX_HOST + 1));
        assert_eq!(parse(&long).unwrap_err(), BrokerUrlError::Malformed);
    }

    #[test]
    fn one_broker_has_the_plain_names_and_of_several_each_its_own() {
        let names = |urls: &str| -> Vec<String> {
            let brokers = parse(urls).unwrap();
            assert!(!format!("{brokers:?}").contains("secret"));
            let links = brokers.links().iter();
            links.map(|l| l.queue(Queue::Verify).to_string()).collect()
        };
        assert_eq!(
            names("amqp://user:secret@host:1234/%2f"),
            ["livegate.verify"]
        );
        assert_eq!(
            names("amqp://user:secret@a, amqp://user:secret@b:1234"),
            ["livegate.verify@a:5672", "livegate.verify@b:1234"]
        );
    }
}
