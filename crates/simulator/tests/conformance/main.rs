//! One suite for every way to run a simulator, and the faults that only real processes and containers have.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod docker;
mod fixture;
mod process;
mod scripted;
mod suite;

/// A test per name: the suite's function of that name, in one mode.
macro_rules! run {
    ($mode:expr, $suite:ident: $($name:ident)+) => {
        $(#[tokio::test]
        async fn $name() {
            crate::fixture::leaving_nothing(crate::suite::$suite::$name($mode)).await;
        })+
    };
}
pub(crate) use run;
