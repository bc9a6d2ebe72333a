//! The HTTP server: built from settings and services, run until told to stop.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};
use std::time::Duration;

use livegate_common::shutdown::Shutdown;
use livegate_telemetry::metrics::MetricsPort;
use poem::endpoint::make_sync;
use poem::http::StatusCode;
use poem::middleware::AddData;
use poem::web::Redirect;
use poem::{Endpoint, EndpointExt, IntoResponse, Route, get};
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;

use crate::admission::Admissions;
use crate::audit::{Audit, AuditWriter};
use crate::config::{AuditTarget, ServerConfig};
use crate::demo;
use crate::http::boundary::Boundary;
use crate::http::connection::Limits;
use crate::http::cors::Cors;
use crate::http::leftover::Leftover;
use crate::http::listener;
use crate::http::uploads::Uploads;
use crate::interactive::in_flight::InFlight;
use crate::keys::KeyFileError;
use crate::keys::watch::LiveKeys;
use crate::openapi::{self, ApiDocument};
use crate::receipts::Receipts;
use crate::receipts::key_error::SigningKeyError;
use crate::services::Services;
use crate::state::AppState;
use crate::web::{self, Component};

/// How long a connection may be silent. Proxies in front reuse connections for about a minute.
const IDLE: Duration = Duration::from_secs(75);

/// Large live frames that are held at once, MiB: frames are usually small, and gone in a second.
const LIVE_UPLOAD_MIB: usize = 256;

/// What stopping may take beyond the longest verification.
const GRACE_MARGIN: Duration = Duration::from_secs(5);

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The key file cannot be used.
    #[error(transparent)]
    Keys(#[from] KeyFileError),
    /// The signing keys cannot be used.
    #[error(transparent)]
    SigningKeys(#[from] SigningKeyError),
    /// The audit log cannot be opened.
    #[error("the audit log {target} cannot be opened: {cause}")]
    Audit {
        /// Where it would be.
        target: String,
        /// What the system says.
        cause: io::Error,
    },
    /// The address is taken or not ours.
    #[error(
        "cannot listen on {address}: {cause}; set LIVEGATE_LISTEN to another address and port, for example 127.0.0.1:8001"
    )]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        cause: io::Error,
    },
    /// The same of the address that metrics are read from.
    #[error(
        "cannot listen on {address} for metrics: {cause}; set LIVEGATE_METRICS_LISTEN to another address and port"
    )]
    Metrics {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        cause: io::Error,
    },
}

/// The server, listening and not yet answering.
pub struct Application {
    listener: TcpListener,
    address: SocketAddr,
    state: Arc<AppState>,
    audit: AuditWriter,
    metrics: Option<MetricsPort>,
    registry: Registry,
}

impl Application {
    /// Reads the keys, opens the audit log and listens.
    ///
    /// # Errors
    /// [`BindError`], whose text names what to change.
    pub async fn bind(config: ServerConfig, services: Services) -> Result<Self, BindError> {
        let keys = Arc::new(LiveKeys::open(&config.keys)?);
        let receipts = Arc::new(Receipts::open(&config.receipts, &services)?);
        let places = config.max_connections;
        let opened = Audit::open(&config.audit_log, places, services.metrics.clone());
        let (audit, writer) = opened.map_err(|cause| {
            let target = match &config.audit_log {
                AuditTarget::StandardOutput => "on standard output".to_owned(),
                AuditTarget::File(path) => path.display().to_string(),
            };
            BindError::Audit { target, cause }
        })?;
        let failed = |cause| BindError::Listen {
            address: config.listen,
            cause,
        };
        let listener = TcpListener::bind(config.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let metrics = match config.metrics_listen {
            None => None,
            Some(address) => {
                let port = MetricsPort::bind(address).await;
                Some(port.map_err(|cause| BindError::Metrics { address, cause })?)
            }
        };
        let mut registry = Registry::default();
        services.metrics.register(&mut registry);
        let admissions = Admissions::new(config.lease_margin);
        let uploads = Uploads::new(config.max_upload_mib);
        let state = Arc::new(AppState {
            services,
            config,
            keys,
            admissions,
            uploads,
            live_uploads: Uploads::new(LIVE_UPLOAD_MIB),
            in_flight: InFlight::default(),
            receipts,
            audit,
        });
        Ok(Self {
            listener,
            address,
            state,
            audit: writer,
            metrics,
            registry,
        })
    }

    /// Where it listens: the port that the system chose, when asked for port 0.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Where metrics are read from, if anywhere.
    pub fn metrics_addr(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().map(MetricsPort::local_addr)
    }

    /// What is read there: for workers in this process to add theirs.
    pub fn registry(&mut self) -> &mut Registry {
        &mut self.registry
    }

    /// Answers until told to stop; then takes no more, and finishes what runs, for as long as one
    /// verification may take.
    pub async fn run(self, shutdown: Shutdown) {
        let Self {
            listener,
            address,
            state,
            audit,
            metrics,
            registry,
        } = self;
        tracing::info!("Listening on http://{address}");
        tracing::info!("The API is documented at http://{address}/docs");
        let component = Component::get();
        tracing::info!(
            web.integrity = %component.integrity,
            "The component <livegate-check> of this version: http://{address}{} integrity={}",
            component.versioned_path(),
            component.integrity,
        );
        if state.config.demo {
            tracing::info!("A page to try it with a camera: http://{address}/demo");
        }
        let keys = tokio::spawn(Arc::clone(&state.keys).follow(shutdown.clone()));
        let signing = tokio::spawn(Arc::clone(&state.receipts).follow(shutdown.clone()));
        let metrics = metrics.map(|port| {
            let state = Arc::downgrade(&state);
            let look = move || look(state.clone());
            let stop = shutdown.clone();
            tokio::spawn(port.run(registry, look, async move { stop.wait().await }))
        });
        let grace = state.config.verify_timeout + GRACE_MARGIN;
        let admissions = state.admissions.clone();
        let presence = Arc::clone(&state.services.presence);
        let following = tokio::spawn(admissions.clone().follow(presence, shutdown.clone()));
        let limits = Limits {
            head: state.config.head_timeout,
            idle: IDLE,
        };
        let max_connections = state.config.max_connections;
        let endpoint = routes(state);
        listener::serve(listener, endpoint, max_connections, limits, shutdown, grace).await;
        // Verifications whose callers hung up run on without a connection.
        if tokio::time::timeout(grace, admissions.drain())
            .await
            .is_err()
        {
            tracing::warn!("Stopped with verifications unfinished");
        }
        let _ = keys.await;
        let _ = signing.await;
        let _ = following.await;
        if let Some(metrics) = metrics {
            let _ = metrics.await;
        }
        let written = tokio::task::spawn_blocking(move || audit.finish());
        if tokio::time::timeout(GRACE_MARGIN, written).await.is_err() {
            tracing::error!("Stopped before the audit log was written to its end");
        }
        tracing::info!("Stopped");
    }
}

/// Has the metrics say what is only known by looking.
async fn look(state: Weak<AppState>) {
    // Not the state itself: the audit log ends with its last owner.
    if let Some(state) = state.upgrade() {
        let services = &state.services;
        let workers = services.presence.workers().await.ok();
        let metrics = &services.metrics;
        metrics.look(
            &state.admissions.estimates(),
            &*services.publisher,
            workers.map(|workers| workers.count),
        );
    }
}

/// Everything that can be asked for.
pub fn routes(state: Arc<AppState>) -> impl Endpoint {
    let cors = Cors::new(state.config.cors_origins.clone());
    let service = openapi::service();
    let ApiDocument {
        json,
        page,
        mut methods,
    } = ApiDocument::of(&service);
    for path in ["/", "/openapi.json", "/docs", "/docs/", "/favicon.ico"] {
        methods.add(path, &["GET"]);
    }
    let document = make_sync(move |_| json.clone().with_content_type("application/json"));
    let page = make_sync(move |_| page.clone().with_content_type("text/html; charset=utf-8"));
    let mut route = Route::new()
        .at("/", get(make_sync(|_| Redirect::see_other("/docs"))))
        .at("/openapi.json", get(document))
        .at("/docs", get(page))
        .at("/docs/", get(make_sync(|_| Redirect::see_other("/docs"))))
        // Browsers ask for it wherever they find a page; a 404 would be logged as a refusal.
        .at("/favicon.ico", get(make_sync(|_| StatusCode::NO_CONTENT)))
        .nest_no_strip("/v1", service)
        .nest_no_strip("/api", openapi::service())
        .nest_no_strip("/.well-known", openapi::service());
    route = web::add(route, &mut methods);
    if state.config.demo {
        route = demo::add(route, &mut methods, state.config.lends_demo_key);
    }
    let boundary = Boundary {
        methods,
        metrics: state.services.metrics.clone(),
    };
    let inner = route.with(AddData::new(state)).with(boundary).with(cors);
    inner.with(Leftover)
}
