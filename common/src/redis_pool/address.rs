//! The store's address: one Redis server, or Sentinels that know which server is the master.

use std::fmt;
use std::str::FromStr;

use redis::{ConnectionAddr, IntoConnectionInfo, RedisConnectionInfo};

use crate::tls::{REDIS_TLS, Tls, TlsClient, TlsError};

/// Port of a Sentinel whose URL names none.
const SENTINEL_PORT: u16 = 26379;

/// Why the store's URL cannot be used. The message never repeats the URL, which may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreUrlError {
    /// The URL does not parse.
    #[error(
        "the URL does not parse; expected redis://[user:password@]host[:port][/database], rediss://… for TLS, or redis+sentinel://[user:password@]host[:port],host[:port],…/name-of-the-master[/database]"
    )]
    Malformed,
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Host {
    pub name: String,
    pub port: u16,
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.name, self.port)
    }
}

/// Where the store is.
#[derive(Clone)]
pub struct StoreAddress {
    pub(super) servers: Servers,
    /// Database and login of the Redis servers.
    pub(super) login: RedisConnectionInfo,
    pub(super) tls: Option<TlsClient>,
}

/// How the master is found.
#[derive(Clone)]
pub(super) enum Servers {
    /// There is one server.
    One(Host),
    /// Sentinels know it.
    Watched {
        sentinels: Vec<Host>,
        /// Name of the master, as the Sentinels call it.
        master: String,
        /// Login of the Sentinels.
        login: RedisConnectionInfo,
    },
}

/// Prints neither user nor password.
impl fmt::Debug for StoreAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("StoreAddress");
        match &self.servers {
            Servers::One(host) => out.field("server", host),
            Servers::Watched {
                sentinels, master, ..
            } => out.field("sentinels", sentinels).field("master", master),
        };
        out.finish_non_exhaustive()
    }
}

/// The address as [`StoreAddress::parse`] reads it, with the system's certificate authorities.
impl FromStr for StoreAddress {
    type Err = StoreUrlError;

    fn from_str(url: &str) -> Result<Self, StoreUrlError> {
        Self::parse(url, &Tls::system(REDIS_TLS))
    }
}

impl StoreAddress {
    /// Parses a URL: `redis://[user:password@]host[:port][/database]`, or
    /// `redis+sentinel://[user:password@]host[:port],…/master[/database]`. TLS, to Sentinels too, with `rediss`
    /// in place of `redis`.
    ///
    /// User and password are those of the Redis servers. Sentinels with a login of their own need
    /// `?sentinel_user=…&sentinel_password=…` at the end.
    ///
    /// # Errors
    /// [`StoreUrlError`] if it cannot be used. The message does not repeat it.
    pub fn parse(url: &str, tls: &Tls) -> Result<Self, StoreUrlError> {
        let (scheme, rest) = url.split_once("://").ok_or(StoreUrlError::Malformed)?;
        let with_tls = scheme.starts_with("rediss");
        // A fragment could turn off the check of the server's certificate.
        if rest.contains('#') {
            return Err(StoreUrlError::Malformed);
        }
        let (servers, login) = match scheme {
            "redis" | "rediss" => one(rest)?,
            "redis+sentinel" | "rediss+sentinel" => watched(rest)?,
            _ => return Err(StoreUrlError::Malformed),
        };
        Ok(Self {
            servers,
            login,
            tls: tls.client(with_tls)?,
        })
    }
}

/// Parses what follows `redis://`.
fn one(rest: &str) -> Result<(Servers, RedisConnectionInfo), StoreUrlError> {
    // TLS is set up here, so the crate's parser need not know of it. Its message may repeat the URL.
    let info = format!("redis://{rest}").into_connection_info();
    let info = info.map_err(|_| StoreUrlError::Malformed)?;
    let ConnectionAddr::Tcp(name, port) = info.addr().clone() else {
        return Err(StoreUrlError::Malformed);
    };
    let login = info.redis_settings().clone();
    Ok((Servers::One(Host { name, port }), login))
}

/// Parses what follows `redis+sentinel://`.
fn watched(rest: &str) -> Result<(Servers, RedisConnectionInfo), StoreUrlError> {
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = rest.split_once('/').ok_or(StoreUrlError::Malformed)?;
    let (user, hosts) = match authority.rsplit_once('@') {
        Some((user, hosts)) => (format!("{user}@"), hosts),
        None => (String::new(), authority),
    };
    let (master, database) = path.split_once('/').unwrap_or((path, ""));
    if master.is_empty() {
        return Err(StoreUrlError::Malformed);
    }
    let (_, login) = one(&format!("{user}host/{database}"))?;
    let sentinels = hosts
        .split(',')
        .map(|host| {
            let has_port = host.rsplit_once(':').is_some_and(|(_, port)| {
                !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit())
            });
            let port = SENTINEL_PORT;
            let address = if has_port {
                host.to_owned()
            } else {
                format!("{host}:{port}")
            };
            match one(&address)?.0 {
                Servers::One(host) => Ok(host),
                Servers::Watched { .. } => Err(StoreUrlError::Malformed),
            }
        })
        .collect::<Result<_, _>>()?;
    let mut sentinel_login = RedisConnectionInfo::default();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        sentinel_login = match &*name {
            "sentinel_user" => sentinel_login.set_username(&value),
            "sentinel_password" => sentinel_login.set_password(&value),
            _ => return Err(StoreUrlError::Malformed),
        };
    }
    let servers = Servers::Watched {
        sentinels,
        master: master.to_owned(),
        login: sentinel_login,
    };
    Ok((servers, login))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<StoreAddress, StoreUrlError> {
        url.parse()
    }

    #[test]
    fn a_bad_url_is_refused_without_being_repeated() {
        for url in [
            "",
            "redis",
            "http://:secret@host",
            "redis://:secret@host:port",
            "redis://secret@host/database",
            "rediss://:secret@host/#insecure",
            "unix:///secret",
            "redis+sentinel://:secret@host",
            "redis+sentinel://:secret@host/",
            "redis+sentinel://:secret@host,/master",
            "redis+sentinel://:secret@host/master/database",
            "redis+sentinel://host/master?password=secret",
        ] {
            let error = parse(url).unwrap_err();
            assert_eq!(error, StoreUrlError::Malformed, "{url}");
            assert!(!error.to_string().contains("secret"));
        }
    }

    #[test]
    fn one_server_and_sentinels_are_read_from_the_url() {
        let one = parse("redis://user:secr%40et@host/3").unwrap();
        assert!(matches!(&one.servers, Servers::One(host) if host.to_string() == "host:6379"));
        assert_eq!(one.login.db(), 3);
        assert_eq!(one.login.password(), Some("secr@et"));
        assert!(!format!("{one:?}").contains("secr"));

        let url = "redis+sentinel://u:secret@a,b:1234,[::1]/main/3?sentinel_password=hush%26";
        let watched = parse(url).unwrap();
        assert!(!format!("{watched:?}").contains("secret"));
        assert_eq!(watched.login.username(), Some("u"));
        assert_eq!(watched.login.password(), Some("secret"));
        assert_eq!(watched.login.db(), 3);
        let Servers::Watched {
            sentinels,
            master,
            login,
        } = watched.servers
        else {
            panic!("Sentinels are named");
        };
        let hosts: Vec<_> = sentinels.iter().map(Host::to_string).collect();
        assert_eq!(hosts, ["a:26379", "b:1234", "::1:26379"]);
        assert_eq!(master, "main");
        assert_eq!((login.username(), login.password()), (None, Some("hush&")));
    }
}
