//! A verify of a test session: its refusal, and its verdict without workers.

use livegate_common::job::now_ms;
use livegate_common::records::{Attempt, Stored};
use livegate_liveness::judge::{Judgement, Undecodable};

use super::record::VerifySession;
use super::report::Seen;
use super::response::VerdictBody;
use super::run::{Best, Verification};
use super::session::records;
use super::wire::Capture;
use crate::error::ApiError;
use crate::state::AppState;
use crate::test_mode::{TestCapture, TestOutcome, Tested, drawn_jpeg, judge, unreadable};

/// A test outcome that refuses a verify, and its error.
pub(super) struct Refusal {
    test: TestOutcome,
    error: ApiError,
}

/// The refusal of a verify of a session whose test outcome is an error; `None` for every other.
pub(super) fn refusal(session: &Stored<VerifySession>) -> Option<Refusal> {
    let test = session.record.test.as_ref()?;
    let error = test.refusal(Tested::Verify)?;
    let test = test.clone();
    Some(Refusal { test, error })
}

/// Refuses a verify, after the delay of its outcome. The session stays unused.
pub(super) async fn refuse(
    state: &AppState,
    session: &Stored<VerifySession>,
    Refusal { test, error }: Refusal,
) -> ApiError {
    test.pause().await;
    if let Some(next) = test.after_refusal() {
        let record = VerifySession {
            test: Some(next),
            ..session.record.clone()
        };
        // Where another verify was faster, it has made the same change.
        let (attempt, now) = (Attempt::fresh(), now_ms());
        if let Err(unknown) = records(state).swap(session, record, attempt, now).await {
            return unknown.into();
        }
    }
    error
}

impl Verification {
    /// The answer of a test session.
    pub(super) async fn rehearse(
        &self,
        test: &TestOutcome,
        seen: &mut Seen,
    ) -> Result<VerdictBody, ApiError> {
        test.pause().await;
        if let Some(error) = test.failure() {
            return Err(error);
        }
        let record = &self.session.record;
        let capture = TestCapture::new(&self.session.id, &record.challenge, &self.capture);
        seen.frames = capture.frames;
        let thresholds = self.state.services.thresholds.first();
        let judgement = unreadable(&self.capture)
            .unwrap_or_else(|| judge(&capture, test.reasons(), thresholds));
        let reference = self.reference.as_ref().map(|r| &r.embedding);
        let compared = judgement.compared_with(reference, thresholds);
        if !matches!(judgement, Judgement::Verified(..)) {
            return self.conclude(judgement, compared, |_| None).await;
        }
        match self.first_picture().await? {
            Ok(best) => self.conclude(judgement, compared, |_| Some(best)).await,
            Err(undecodable) => {
                let judgement = Judgement::Undecodable(vec![undecodable]);
                let compared = judgement.compared_with(reference, thresholds);
                self.conclude(judgement, compared, |_| None).await
            }
        }
    }

    /// The first frame, for the best one; of a clip a drawn picture.
    async fn first_picture(&self) -> Result<Result<Best, Undecodable>, ApiError> {
        let first = match &self.capture {
            Capture::Images(frames) => frames.first().map(|frame| frame.image.clone()),
            Capture::Video(_) => None,
        };
        let Some(first) = first else {
            return Ok(Ok(Best::Worker(drawn_jpeg()?)));
        };
        let encoding = self.state.uploads.set_upright(move || {
            Ok(first
                .into_upright_jpeg()
                .map(Best::Worker)
                .map_err(|error| Undecodable::Frame {
                    index: 0,
                    cause: error.to_string(),
                }))
        });
        encoding.await
    }
}
