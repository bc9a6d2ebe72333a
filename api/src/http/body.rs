//! Reading request bodies: their content type is checked, and their memory, their size and the time
//! that they take are bounded.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use poem::http::{HeaderValue, header};
use poem::{Request, RequestBody};
use tokio::time::Instant;

use super::uploads::{SMALL, UploadPlace};
use crate::contract::excerpt::Excerpt;
use crate::error::{ApiError, ForeignBody};

/// Least rate at which a body must arrive, bytes a second: a tenth of what a poor mobile connection sends.
const LEAST_RATE: f64 = 16.0 * 1024.0;

/// Time before the least rate applies.
const GRACE: Duration = Duration::from_secs(5);

/// The rules for the body of one kind of request.
pub struct BodyRules {
    /// Largest body, bytes; a larger one cannot be a valid request.
    pub max_bytes: usize,
    /// How long the body may take to arrive.
    pub arrival: Duration,
    /// Makes the refusal of a body that is larger than the given limit, bytes.
    pub too_large: fn(usize) -> ApiError,
    /// Length up to which a body may have any type, bytes.
    pub any_type_bytes: usize,
    /// Refuses a content type, or its absence, that is not accepted. Not asked about an empty body.
    pub check_type: fn(Option<&HeaderValue>) -> Result<(), ForeignBody>,
}

impl BodyRules {
    /// Reads the body into memory, and returns it with the upload room that it takes. A request without a
    /// body has an empty one.
    ///
    /// # Errors
    /// [`ApiError`]. An error that the head alone shows is returned before any of the body is read.
    pub async fn receive(
        &self,
        request: &Request,
        body: &mut RequestBody,
        mut place: UploadPlace,
    ) -> Result<(Bytes, UploadPlace), ApiError> {
        let declared = self.declared_length(request)?;
        let Ok(body) = body.take() else {
            return Ok((Bytes::new(), place));
        };
        let form = self.check_form(request);
        let mut stream = std::pin::pin!(body.into_bytes_stream());
        let (mut bytes, mut clock) = (Vec::new(), Arrival::begin(self.arrival));
        while let Some(chunk) = clock.next(&mut stream).await? {
            let chunk = chunk.map_err(|_| {
                ApiError::InvalidInput("The body broke off before its end.".to_owned())
            })?;
            let length = bytes.len() + chunk.len();
            if length > self.max_bytes {
                return Err((self.too_large)(self.max_bytes));
            }
            if length > self.any_type_bytes {
                form.clone()?;
            }
            if length > bytes.capacity() {
                let capacity = capacity(length, declared);
                clock.pause(place.grow_to(capacity)).await?;
                bytes.reserve_exact(capacity - bytes.len());
            }
            bytes.extend_from_slice(&chunk);
        }
        bytes.shrink_to_fit();
        place.shrink_to(bytes.len());
        Ok((bytes.into(), place))
    }

    /// The length that the head announces; an error if it is over the limit or the head is not
    /// acceptable.
    fn declared_length(&self, request: &Request) -> Result<Option<usize>, ApiError> {
        let declared = request
            .headers()
            .get(header::CONTENT_LENGTH)
            .and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
        let Some(declared) = declared else {
            return Ok(None);
        };
        if declared > self.any_type_bytes as u64 {
            self.check_form(request)?;
        }
        match usize::try_from(declared) {
            Ok(length) if length <= self.max_bytes => Ok(Some(length)),
            Ok(_) | Err(_) => Err((self.too_large)(self.max_bytes)),
        }
    }

    /// Checks the content type and encodings that the head states.
    fn check_form(&self, request: &Request) -> Result<(), ForeignBody> {
        let headers = request.headers();
        for coding in headers.get_all(header::CONTENT_ENCODING) {
            if !coding.as_bytes().eq_ignore_ascii_case(b"identity") {
                return Err(ForeignBody::Encoding(Excerpt::of_header(coding)));
            }
        }
        (self.check_type)(headers.get(header::CONTENT_TYPE))
    }
}

/// The memory to take for a body of which `length` bytes have come: twice that, and no more than the head announces. A
/// head can announce what never comes.
fn capacity(length: usize, declared: Option<usize>) -> usize {
    let doubled = (2 * length).max(SMALL);
    declared.map_or(doubled, |declared| doubled.min(declared.max(length)))
}

/// The times within which a body must arrive.
struct Arrival {
    began: Instant,
    limit: Duration,
    received: usize,
}

impl Arrival {
    fn begin(limit: Duration) -> Self {
        Self {
            began: Instant::now(),
            limit,
            received: 0,
        }
    }

    /// The next chunk of the body, as long as the body arrives in time and at the least rate.
    async fn next<E>(
        &mut self,
        stream: &mut (impl Stream<Item = Result<Bytes, E>> + Unpin),
    ) -> Result<Option<Result<Bytes, E>>, ApiError> {
        #[expect(clippy::cast_precision_loss, reason = "megabytes")]
        let paid_for = Duration::from_secs_f64(self.received as f64 / LEAST_RATE);
        // A fast beginning does not pay for a long pause.
        let by_rate = (GRACE + paid_for).min(self.began.elapsed() + GRACE);
        let whole = self.limit;
        let chunk = tokio::time::timeout_at(self.began + whole.min(by_rate), stream.next()).await;
        let chunk = chunk.map_err(|_| {
            ApiError::InvalidInput(if whole <= by_rate {
                let seconds = whole.as_secs();
                format!("The body did not arrive within {seconds} seconds.")
            } else {
                let kib = LEAST_RATE / 1024.0;
                format!("The body stalled or arrived too slowly: send {kib} KiB a second or more.")
            })
        })?;
        if let Some(Ok(chunk)) = &chunk {
            self.received += chunk.len();
        }
        Ok(chunk)
    }

    /// Waits for something that is not the sender's fault.
    async fn pause<T>(&mut self, work: impl Future<Output = T>) -> T {
        let began = Instant::now();
        let done = work.await;
        self.began += began.elapsed();
        done
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    const KIB: usize = 1 << 10;

    #[test]
    fn memory_is_taken_for_what_came_and_not_for_what_was_announced() {
        assert_eq!(capacity(KIB, Some(36 << 20)), SMALL);
        assert_eq!(capacity(100 * KIB, Some(36 << 20)), 200 * KIB);
        assert_eq!(capacity(100 * KIB, Some(150 * KIB)), 150 * KIB);
        assert_eq!(capacity(100 * KIB, Some(KIB)), 100 * KIB);
        assert_eq!(capacity(100 * KIB, None), 200 * KIB);
    }

    /// How long a body may take that comes in chunks of this size, one each second.
    async fn lasts(chunk: usize, limit_s: u64) -> (u64, Option<String>) {
        let mut arrival = Arrival::begin(Duration::from_secs(limit_s));
        let mut body = Box::pin(stream::unfold((), |()| async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Some((Ok::<_, ()>(Bytes::from(vec![0; chunk])), ()))
        }));
        let began = Instant::now();
        let error = loop {
            if let Err(error) = arrival.next(&mut body).await {
                break error.to_string();
            }
        };
        (began.elapsed().as_secs(), Some(error))
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stalls_or_trickles_ends_early_and_a_steady_one_at_its_limit() {
        let (seconds, error) = lasts(KIB, 60).await;
        assert_eq!(seconds, 5);
        assert!(error.unwrap().contains("16 KiB a second"));
        let (seconds, error) = lasts(15 * KIB, 60).await;
        assert!((50..=60).contains(&seconds), "{seconds}");
        assert!(error.is_some());
        let mut stalled = Box::pin(stream::once(async {
            tokio::time::sleep(Duration::from_secs(60)).await;
            Ok::<_, ()>(Bytes::new())
        }));
        let began = Instant::now();
        let mut arrival = Arrival::begin(Duration::from_secs(60));
        arrival.received = 30 << 20;
        assert!(arrival.next(&mut stalled).await.is_err());
        assert_eq!(began.elapsed(), GRACE);
        let (seconds, error) = lasts(20 * KIB, 60).await;
        assert_eq!(seconds, 60);
        assert!(error.unwrap().contains("within 60 seconds"));
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_for_room_is_not_the_senders_fault() {
        let mut arrival = Arrival::begin(Duration::from_secs(10));
        let wait = tokio::time::sleep(Duration::from_secs(9));
        arrival.pause(wait).await;
        let mut body = Box::pin(stream::once(async {
            tokio::time::sleep(Duration::from_secs(4)).await;
            Ok::<_, ()>(Bytes::new())
        }));
        assert!(arrival.next(&mut body).await.is_ok());
    }
}
