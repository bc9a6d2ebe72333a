//! The ledger: checks every answer against what is promised.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::VERIFY_SECONDS;
use super::chaos::Deeds;
use crate::client::{Answer, Sent};

/// Time that an answer may take beyond the verify's deadline, which runs from the claim of the session.
///
/// Reading the session before the claim and recording the end after it each wait up to two seconds for a
/// store that is down.
const SLACK: Duration = Duration::from_secs(5);

/// Age up to which audit records may be lost with a killed replica: they were in its memory only.
const UNWRITTEN: Duration = Duration::from_secs(2);

/// One request of one session, and its result.
pub(super) struct Try {
    /// Index of the replica.
    pub replica: usize,
    /// Whether it had the session's idempotency key.
    pub has_key: bool,
    /// When the request was sent.
    pub began: Instant,
    /// When its result was known.
    pub ended: Instant,
    /// The result.
    pub became: Sent,
}

/// The results of one session.
struct Account {
    /// Whether its capture must be verified, or rejected as an attack.
    genuine: bool,
    tries: Vec<Try>,
}

/// All requests and their results.
#[derive(Default)]
pub struct Ledger {
    sessions: HashMap<String, Account>,
    /// Errors of answers that belong to no session.
    wrong: Vec<String>,
    slowest: Duration,
}

impl Ledger {
    /// Adds one request of a session. `genuine` says whether its capture must be verified, or rejected as an
    /// attack.
    pub(super) fn add(&mut self, session: &str, genuine: bool, one: Try) {
        self.look(&one);
        let account = self.sessions.entry(session.to_owned());
        let tries = Vec::new();
        let account = account.or_insert(Account { genuine, tries });
        account.tries.push(one);
    }

    /// Adds one request to create a session.
    pub(super) fn created(&mut self, one: &Try) {
        self.look(one);
    }

    /// Checks that hold for every answer: it is in time and of a known kind.
    fn look(&mut self, one: &Try) {
        let took = one.ended - one.began;
        self.slowest = self.slowest.max(took);
        if took > Duration::from_secs(VERIFY_SECONDS) + SLACK {
            self.wrong
                .push(format!("an end after {took:?}: {:?}", one.became));
        }
        if let Sent::Answered(answer) = &one.became
            && answer.status != 200
            && !is_typed(answer)
        {
            self.wrong.push(format!("an answer of no type: {answer:?}"));
        }
    }

    /// Checks all sessions and makes the report.
    pub(super) fn report(
        &self,
        records: &[Value],
        deeds: Deeds,
        took: Duration,
        recovery: Duration,
    ) -> Report {
        let mut recorded: HashMap<&str, Vec<&Value>> = HashMap::new();
        let mut repeated = 0;
        for record in records {
            let text = |field: &str| record[field].as_str().unwrap_or_default();
            if text("verdict") != "failed" {
                let of_session = recorded.entry(text("session_id")).or_default();
                if of_session.contains(&record) {
                    repeated += 1;
                } else {
                    of_session.push(record);
                }
            }
        }
        let mut report = Report {
            verifies: self.sessions.len(),
            ends: BTreeMap::new(),
            lost: 0,
            recovered: 0,
            unrecorded: 0,
            repeated,
            violations: self.wrong.clone(),
            deeds,
            took,
            slowest: self.slowest,
            recovery,
        };
        for (session, account) in &self.sessions {
            let records = recorded
                .get(session.as_str())
                .map_or(&[][..], Vec::as_slice);
            account.close(session, records, &mut report);
        }
        report
    }
}

/// Whether an answer is an error in the documented shape.
fn is_typed(answer: &Answer) -> bool {
    const TYPED: [(u16, &str); 4] = [
        (404, "SESSION_NOT_FOUND"),
        (409, "SESSION_USED"),
        (429, "CONCURRENCY_LIMIT"),
        (502, "PROCESSING_ERROR"),
    ];
    TYPED.contains(&(answer.status, answer.code())) && !answer.error().is_empty()
}

impl Account {
    /// Adds one session to the report, with all of its errors.
    fn close(&self, session: &str, records: &[&Value], report: &mut Report) {
        let expected = if self.genuine { "verified" } else { "rejected" };
        let mut wrong = Vec::new();
        let verdicts: Vec<(&Try, &Answer)> = (self.answers())
            .filter(|(_, answer)| answer.status == 200)
            .collect();
        let first = verdicts
            .iter()
            .filter(|(_, verdict)| !verdict.is_replayed());
        if first.count() > 1 || verdicts.windows(2).any(|v| v[0].1.bytes != v[1].1.bytes) {
            wrong.push(format!("{} verdicts", verdicts.len()));
        }
        for (_, verdict) in &verdicts {
            if verdict.body["verified"] != self.genuine {
                wrong.push(format!("{expected} was due, not {}", verdict.body));
            }
        }
        if records.len() > 1 || records.iter().any(|record| record["verdict"] != expected) {
            wrong.push(format!("{expected} was due, recorded is {records:?}"));
        }
        if let Some((answered, _)) = verdicts.first()
            && records.is_empty()
        {
            let until = answered.ended + UNWRITTEN;
            if self
                .tries
                .iter()
                .any(|one| report.deeds.killed(one.replica, one.began, until))
            {
                report.unrecorded += 1;
            } else {
                wrong.push("a verdict without a record".to_owned());
            }
        }
        for one in self
            .tries
            .iter()
            .filter(|one| matches!(one.became, Sent::Lost(_)))
        {
            report.lost += 1;
            if !report.deeds.killed(one.replica, one.began, one.ended) {
                wrong.push(format!(
                    "no answer from a replica that lived: {:?}",
                    one.became
                ));
            }
        }
        let is_lost = |one: &Try| matches!(one.became, Sent::Lost(_));
        if self.tries.iter().any(is_lost) && !verdicts.is_empty() {
            report.recovered += 1;
        }
        // A request with the key is the same request, so its session is never used by another.
        if let Some((_, refused)) = self
            .answers()
            .find(|(one, answer)| one.has_key && matches!(answer.status, 409 | 422))
        {
            wrong.push(format!("sent again and refused: {}", refused.body));
        }
        let heard = self.tries.iter().find(|one| match &one.became {
            Sent::Answered(answer) => answer.status != 429,
            Sent::Lost(_) => true,
            Sent::Refused => false,
        });
        if let Some(Sent::Answered(first)) = heard.map(|one| &one.became) {
            if first.status == 409 {
                wrong.push("used before its first request".to_owned());
            }
            if first.status == 404 && !report.deeds.kills.contains_key("store") {
                wrong.push("forgotten by a store that lived".to_owned());
            }
        }
        let end = self.answers().find(|(_, answer)| answer.status != 429);
        let end = match (end, verdicts.first()) {
            (Some((_, end)), Some(_)) if end.status == 200 => expected.to_owned(),
            // A failure before the claim leaves the session unchanged.
            (Some((_, end)), Some(_)) => {
                format!("{expected}, at first {} {}", end.status, end.code())
            }
            (Some((_, end)), None) => format!("{} {}", end.status, end.code()),
            (None, _) => {
                wrong.push("no end".to_owned());
                "none".to_owned()
            }
        };
        *report.ends.entry(end).or_default() += 1;
        let of_session = wrong.into_iter().map(|what| format!("{session}: {what}"));
        report.violations.extend(of_session);
    }

    fn answers(&self) -> impl Iterator<Item = (&Try, &Answer)> {
        self.tries.iter().filter_map(|one| match &one.became {
            Sent::Answered(answer) => Some((one, answer)),
            Sent::Lost(_) | Sent::Refused => None,
        })
    }
}

/// The result of all sessions.
#[derive(Debug)]
pub struct Report {
    /// Number of sessions.
    pub verifies: usize,
    /// Number of sessions by their end: a verdict, or the status and code of an error.
    pub ends: BTreeMap<String, usize>,
    /// Number of requests whose answer was lost with their replica.
    pub lost: usize,
    /// Number of sessions with such a request whose verdict the caller got by sending it again.
    pub recovered: usize,
    /// Number of audit records that are there twice, letter by letter: the process died before it could note
    /// that its record is written.
    pub repeated: usize,
    /// Number of answered verdicts whose audit record was lost with their replica.
    pub unrecorded: usize,
    /// Broken promises. Must be empty.
    pub violations: Vec<String>,
    /// What was done to the service.
    pub deeds: Deeds,
    /// Time from the first verify to the last.
    pub took: Duration,
    /// Time of the slowest answer.
    pub slowest: Duration,
    /// Longest time until the service was healthy again.
    pub recovery: Duration,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.took.as_secs_f32();
        writeln!(
            f,
            "{} verifies in {seconds:.0} s, each accounted for:",
            self.verifies
        )?;
        for (end, count) in &self.ends {
            writeln!(f, "{count:>8}  {end}")?;
        }
        writeln!(
            f,
            "{:>8}  requests lost their answer with a replica",
            self.lost
        )?;
        writeln!(
            f,
            "{:>8}  sessions of these got their verdict when it was sent again",
            self.recovered
        )?;
        writeln!(
            f,
            "{:>8}  records were written twice, since a replica died",
            self.repeated
        )?;
        writeln!(
            f,
            "{:>8}  verdicts lost their record with a replica",
            self.unrecorded
        )?;
        writeln!(f, "killed: {:?}", self.deeds.kills)?;
        writeln!(
            f,
            "slowest answer {:.1} s, of {VERIFY_SECONDS} s",
            self.slowest.as_secs_f32()
        )?;
        writeln!(
            f,
            "all well again after at most {:.1} s",
            self.recovery.as_secs_f32()
        )?;
        writeln!(f, "{} violations", self.violations.len())?;
        self.violations
            .iter()
            .try_for_each(|what| writeln!(f, "  {what}"))
    }
}
