//! What a consumer answers to pull requests.

use async_nats::{HeaderMap, StatusCode};

/// What one message on the inbox means for the accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A delivery.
    Delivery,
    /// The server is alive and still owes what it owed.
    Heartbeat,
    /// A request is over; so many deliveries of it will not come.
    Over(usize),
    /// Something ended our requests and does not say how many: start over, after a while.
    Lost,
}

/// Reads a message's status. A request's end carries what it still owed, except where the server gave all
/// requests up at once (leader change, shutdown, deleted consumer) or refused it (too many waiting, nobody
/// there).
pub(super) fn meaning(status: Option<StatusCode>, headers: Option<&HeaderMap>) -> Meaning {
    match status {
        None | Some(StatusCode::OK) => Meaning::Delivery,
        Some(StatusCode::IDLE_HEARTBEAT) => Meaning::Heartbeat,
        Some(_) => {
            let left = headers.and_then(|headers| headers.get("Nats-Pending-Messages"));
            left.and_then(|left| left.as_str().parse().ok())
                .map_or(Meaning::Lost, Meaning::Over)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read_by_what_it_carries() {
        let mut left = HeaderMap::new();
        left.insert("Nats-Pending-Messages", "7");
        let conflict = StatusCode::from_u16(409).unwrap();
        assert_eq!(meaning(None, None), Meaning::Delivery);
        assert_eq!(
            meaning(Some(StatusCode::IDLE_HEARTBEAT), None),
            Meaning::Heartbeat
        );
        assert_eq!(meaning(Some(StatusCode::TIMEOUT), Some(&left)), Meaning::Over(7));
        assert_eq!(meaning(Some(conflict), Some(&left)), Meaning::Over(7));
        assert_eq!(meaning(Some(conflict), None), Meaning::Lost);
        assert_eq!(meaning(Some(StatusCode::NO_RESPONDERS), None), Meaning::Lost);
    }
}
