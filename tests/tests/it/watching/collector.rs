//! A collector of traces, in this process.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use poem::endpoint::make;
use poem::http::StatusCode;
use poem::listener::{Acceptor, Listener, TcpListener};
use poem::{Request, Route, Server, post};
use prost::Message;
use tokio::sync::Notify;

/// A span, as a process told it.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// `service.name` of the process.
    pub service: String,
    pub name: String,
    pub kind: i32,
    pub trace: Vec<u8>,
    pub id: Vec<u8>,
    /// Empty for the first of a trace.
    pub parent: Vec<u8>,
    pub attributes: BTreeMap<String, String>,
    pub events: usize,
    /// Unix nanoseconds.
    pub began: u64,
    pub ended: u64,
}

/// Takes spans over HTTP, as protobuf.
#[derive(Clone, Default)]
pub struct Collector(Arc<Taken>);

#[derive(Default)]
struct Taken {
    spans: Mutex<Vec<Span>>,
    bytes: Mutex<Vec<u8>>,
    arrived: Notify,
}

impl Collector {
    /// Starts one; says where.
    pub async fn start() -> (Self, SocketAddr) {
        let collector = Self::default();
        let acceptor = TcpListener::bind("127.0.0.1:0")
            .into_acceptor()
            .await
            .unwrap();
        let address = *acceptor.local_addr()[0].as_socket_addr().unwrap();
        let taking = collector.clone();
        let take = make(move |mut request: Request| {
            let taking = taking.clone();
            async move {
                taking.take(&request.take_body().into_vec().await.unwrap());
                StatusCode::OK
            }
        });
        let server = Server::new_with_acceptor(acceptor);
        tokio::spawn(server.run(Route::new().at("/v1/traces", post(take))));
        (collector, address)
    }

    fn take(&self, body: &[u8]) {
        let request = ExportTraceServiceRequest::decode(body).unwrap();
        for of_process in request.resource_spans {
            let resource = texts(&of_process.resource.unwrap().attributes);
            let spans = of_process.scope_spans.into_iter().flat_map(|s| s.spans);
            self.0.spans.lock().unwrap().extend(spans.map(|span| Span {
                service: resource["service.name"].clone(),
                name: span.name,
                kind: span.kind,
                trace: span.trace_id,
                id: span.span_id,
                parent: span.parent_span_id,
                attributes: texts(&span.attributes),
                events: span.events.len(),
                began: span.start_time_unix_nano,
                ended: span.end_time_unix_nano,
            }));
        }
        self.0.bytes.lock().unwrap().extend(body);
        self.0.arrived.notify_one();
    }

    /// Waits until the spans so far are as wanted, and gives them.
    pub async fn until(&self, wanted: impl Fn(&[Span]) -> bool) -> Vec<Span> {
        let waiting = async {
            loop {
                let spans = self.0.spans.lock().unwrap().clone();
                if wanted(&spans) {
                    return spans;
                }
                self.0.arrived.notified().await;
            }
        };
        let spans = tokio::time::timeout(Duration::from_secs(60), waiting).await;
        spans.unwrap_or_else(|_| panic!("never came: {:#?}", self.0.spans.lock().unwrap()))
    }

    /// Everything that was sent, as it was sent.
    pub fn bytes(&self) -> Vec<u8> {
        self.0.bytes.lock().unwrap().clone()
    }
}

fn texts(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |attribute: &KeyValue| {
        let value = attribute.value.clone().and_then(|v| v.value);
        let value = match value {
            Some(any_value::Value::StringValue(text)) => text,
            other => format!("{other:?}"),
        };
        (attribute.key.clone(), value)
    };
    attributes.iter().map(text).collect()
}
