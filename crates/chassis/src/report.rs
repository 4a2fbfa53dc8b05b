use std::{error::Error, fmt};

/// An error with its causes on one line: `could not X: because Y: because Z`.
///
/// Printed once, where the outcome is decided. A cause whose text already stands at the end of what is
/// printed is not repeated (some foreign errors print their own source).
pub fn report(error: &dyn Error) -> impl fmt::Display {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.ends_with(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("could not open the cycle")]
    struct Outer(#[source] Inner);

    #[derive(Debug, thiserror::Error)]
    #[error("no route to host")]
    struct Inner;

    #[test]
    fn the_causes_follow_the_error() {
        assert_eq!(
            report(&Outer(Inner)).to_string(),
            "could not open the cycle: no route to host"
        );
    }
}
