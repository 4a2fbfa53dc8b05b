//! One POST with one deadline over everything, and a bound on all that comes back.

use super::blame;
use bytes::Bytes;
use kinitro_proto::{Fault, InfraFault, InfraFaultKind, MinerFault, MinerFaultKind};
use reqwest::{Response, StatusCode};
use std::{net::SocketAddr, time::Duration};
use tokio::time::{Instant, timeout_at};
use url::Url;

/// How late a deadline's alarm may ring before the delay is ours: this process, or its machine, stood
/// still meanwhile, and the answer may have been there all the while.
const STALL: Duration = Duration::from_millis(250);

/// Where to post, and within which bounds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) http: &'a reqwest::Client,
    pub(crate) url: &'a Url,
    pub(crate) targets: &'a [SocketAddr],
    pub(crate) limit: Duration,
    pub(crate) max_bytes: usize,
}

impl Call<'_> {
    /// Posts the body and reads the whole answer, both within the limit.
    pub(crate) async fn post(self, body: Bytes) -> Result<Vec<u8>, Fault> {
        let deadline = Instant::now() + self.limit;
        let answer = timeout_at(deadline, self.answer(body)).await;
        answer.unwrap_or_else(|_| Err(self.late(deadline.elapsed())))
    }

    /// A kept connection may be closed by its other end just as we use it, which says nothing of the
    /// policy: if no answer began, the call is made once more, within the same deadline.
    async fn answer(self, body: Bytes) -> Result<Vec<u8>, Fault> {
        let mut sent = self.send(body.clone()).await;
        if matches!(&sent, Err(error) if blame::is_closed_unanswered(error)) {
            sent = self.send(body).await;
        }
        let mut response = sent.map_err(|error| blame::fault(&error, self.targets))?;
        check_status(response.status())?;
        self.read(&mut response).await
    }

    async fn send(self, body: Bytes) -> Result<Response, reqwest::Error> {
        self.http.post(self.url.clone()).body(body).send().await
    }

    async fn read(self, response: &mut Response) -> Result<Vec<u8>, Fault> {
        let told = response.content_length().unwrap_or(0);
        let told = usize::try_from(told).ok().filter(|told| *told <= self.max_bytes);
        let mut body = Vec::with_capacity(told.ok_or_else(|| self.too_large())?);
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| blame::fault(&error, self.targets))?
        {
            if body.len() + chunk.len() > self.max_bytes {
                return Err(self.too_large().into());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn too_large(self) -> MinerFault {
        let text = format!("the answer has more than {} bytes", self.max_bytes);
        MinerFault::new(MinerFaultKind::TooLarge, text)
    }

    fn late(self, late: Duration) -> Fault {
        if late > STALL {
            let text = format!("the executor stood still for {} ms", late.as_millis());
            return InfraFault::new(InfraFaultKind::Internal, text).into();
        }
        if !blame::is_routed(self.targets) {
            return blame::no_route();
        }
        let text = format!("no whole answer within {} ms", self.limit.as_millis());
        MinerFault::new(MinerFaultKind::Timeout, text).into()
    }
}

fn check_status(status: StatusCode) -> Result<(), MinerFault> {
    let kind = if status.is_success() {
        return Ok(());
    } else if status.is_redirection() {
        MinerFaultKind::Redirect
    } else {
        MinerFaultKind::BadStatus
    };
    Err(MinerFault::new(
        kind,
        format!("the answer's status is {}", status.as_u16()),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn late(late: Duration) -> Fault {
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(crate::client::tls().unwrap())
            .build()
            .unwrap();
        let url = Url::parse("http://127.0.0.1/act").unwrap();
        let limit = Duration::from_millis(500);
        Call {
            http: &http,
            url: &url,
            targets: &[],
            limit,
            max_bytes: 0,
        }
        .late(late)
    }

    #[test]
    fn an_alarm_that_rings_late_is_our_fault() {
        assert!(
            matches!(late(Duration::from_millis(5)), Fault::Miner(fault) if fault.kind == MinerFaultKind::Timeout)
        );
        assert!(
            matches!(late(Duration::from_secs(1)), Fault::Infra(fault) if fault.kind == InfraFaultKind::Internal)
        );
    }
}
