//! Readers of single values.

use std::time::Duration;

/// Reads `500ms`, `1m 30s`, or plain seconds as version 2 wrote them: `60`, `0.5`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    match text.trim().parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).map_err(|fault| fault.to_string()),
        Err(_) => humantime::parse_duration(text.trim()).map_err(|fault| fault.to_string()),
    }
}
