//! Waiting for what no event announces.

use std::{
    fmt::Debug,
    time::{Duration, Instant},
};

/// How often a probe is repeated.
const EVERY: Duration = Duration::from_millis(10);

/// What a probe may answer: `bool`, `Option` and `Result` do.
pub trait Probe {
    /// What is there once it is there.
    type Value;

    /// The value, or what is missing, in words.
    ///
    /// # Errors
    /// Says why it is not there yet.
    fn settled(self) -> Result<Self::Value, String>;
}

impl Probe for bool {
    type Value = ();

    fn settled(self) -> Result<(), String> {
        if self { Ok(()) } else { Err("false".to_owned()) }
    }
}

impl<T> Probe for Option<T> {
    type Value = T;

    fn settled(self) -> Result<T, String> {
        self.ok_or_else(|| "nothing".to_owned())
    }
}

impl<T, E: Debug> Probe for Result<T, E> {
    type Value = T;

    fn settled(self) -> Result<T, String> {
        self.map_err(|error| format!("{error:?}"))
    }
}

/// Asks again until the probe has a value, and returns it. A probe that itself hangs is cut off at the
/// deadline.
///
/// # Panics
/// When the deadline passes: with `what` and the last answer.
pub async fn eventually<P: Probe>(
    deadline: Duration,
    what: &str,
    mut probe: impl AsyncFnMut() -> P,
) -> P::Value {
    let end = Instant::now() + deadline;
    let mut last = "no answer".to_owned();
    loop {
        let left = end.saturating_duration_since(Instant::now());
        match tokio::time::timeout(left, probe()).await.map(Probe::settled) {
            Ok(Ok(value)) => return value,
            Ok(Err(missing)) => last = missing,
            Err(_) => {}
        }
        assert!(
            Instant::now() < end,
            "not within {deadline:?}: {what}; last answer: {last}"
        );
        pause().await;
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where a test may wait on time"
)]
async fn pause() {
    tokio::time::sleep(EVERY).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_value_that_comes_is_returned() {
        let mut left = 3;
        let value = eventually(Duration::from_secs(5), "three probes", async || {
            left -= 1;
            (left == 0).then_some("there")
        })
        .await;
        assert_eq!(value, "there");
    }

    #[tokio::test]
    #[should_panic(expected = "not within 50ms: the moon; last answer: \"still dark\"")]
    async fn a_value_that_never_comes_panics_with_the_last_answer() {
        eventually(Duration::from_millis(50), "the moon", async || {
            Err::<(), _>("still dark")
        })
        .await;
    }

    #[tokio::test]
    #[should_panic(expected = "not within 50ms: an answer")]
    async fn a_probe_that_hangs_is_cut_off() {
        eventually(Duration::from_millis(50), "an answer", async || {
            std::future::pending::<()>().await;
            true
        })
        .await;
    }
}
