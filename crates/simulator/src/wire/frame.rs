//! Frames: a 4-byte big-endian length, then one MessagePack map of that many bytes.

use super::{ProtocolError, Request};
use crate::error::Error;
use kinitro_proto::encoding;
use tokio::io::{AsyncRead, AsyncReadExt};

/// The largest frame, either way.
pub(super) const MAX_BYTES: usize = 16 << 20;

/// What is set aside for a frame before any of it has come. A frame's claim alone costs no more than this.
const FIRST_BYTES: usize = 64 << 10;

/// Why no reply came.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The stream ended or failed: ask how the process ended.
    Ended,
    /// The stream cannot be followed any further.
    Wire(ProtocolError),
    /// A scripted simulator failed as it was told to.
    Scripted(Error),
}

impl From<ProtocolError> for Broken {
    fn from(error: ProtocolError) -> Self {
        Self::Wire(error)
    }
}

/// A request as one frame.
pub(crate) fn to_frame(request: &Request<'_>) -> Result<Vec<u8>, ProtocolError> {
    let body = encoding::to_vec(request).map_err(|source| ProtocolError::Unencodable {
        source: source.into(),
    })?;
    let length = u32::try_from(body.len()).ok().filter(|_| body.len() <= MAX_BYTES);
    let Some(length) = length else {
        let source = format!("`{}` bytes, at most `{MAX_BYTES}` are allowed", body.len()).into();
        return Err(ProtocolError::Unencodable { source });
    };
    Ok([&length.to_be_bytes(), body.as_slice()].concat())
}

/// Reads the body of the next frame. Memory grows with what really comes, not with what is announced.
pub(crate) async fn read_frame<R: AsyncRead + Unpin>(reader: &mut R) -> Result<Vec<u8>, Broken> {
    let mut begin = [0; 4];
    reader.read_exact(&mut begin).await.map_err(|_| Broken::Ended)?;
    let length = u32::from_be_bytes(begin);
    let size = length as usize;
    if size > MAX_BYTES {
        return Err(ProtocolError::TooLarge { size, begin }.into());
    }
    let mut body = Vec::with_capacity(size.min(FIRST_BYTES));
    reader
        .take(length.into())
        .read_to_end(&mut body)
        .await
        .map_err(|_| Broken::Ended)?;
    if body.len() < size {
        Err(Broken::Ended)
    } else {
        Ok(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Reply;
    use kinitro_proto::Action;

    async fn read(mut bytes: &[u8]) -> Result<Vec<u8>, Broken> {
        read_frame(&mut bytes).await
    }

    #[test]
    fn a_request_is_a_length_and_a_map_with_a_type() {
        let frame = to_frame(&Request::Reset {
            environment: "a/b",
            seed: 7,
            images: true,
        })
        .unwrap();
        let (begin, body) = frame.split_at(4);
        assert_eq!(begin, u32::try_from(body.len()).unwrap().to_be_bytes());
        let value: serde_json::Value = encoding::from_slice(body).unwrap();
        let expected = serde_json::json!({"type": "reset", "environment": "a/b", "seed": 7, "images": true});
        assert_eq!(value, expected);
    }

    #[test]
    fn an_action_over_the_limit_is_not_sent() {
        let continuous = [("x".to_owned(), vec![0.5; MAX_BYTES / 9 + 1])].into();
        let action = Action {
            continuous,
            ..Action::default()
        };
        assert!(matches!(
            to_frame(&Request::Step { action: &action }),
            Err(ProtocolError::Unencodable { .. })
        ));
    }

    #[tokio::test]
    async fn frames_are_read_one_after_the_other() {
        let mut bytes: &[u8] = b"\0\0\0\x02ab\0\0\0\0\0\0\0\x01c";
        for body in ["ab", "", "c"] {
            assert_eq!(read_frame(&mut bytes).await.unwrap(), body.as_bytes());
        }
        assert!(matches!(read_frame(&mut bytes).await, Err(Broken::Ended)));
    }

    #[tokio::test]
    async fn a_cut_frame_is_an_end() {
        for bytes in [&b"\0\0"[..], b"\0\0\0\x05abcd"] {
            assert!(matches!(read(bytes).await, Err(Broken::Ended)));
        }
    }

    #[tokio::test]
    async fn text_on_standard_output_is_named() {
        let Err(Broken::Wire(error)) = read(b"Traceback (most recent call last)").await else {
            panic!("text is no frame");
        };
        assert!(error.to_string().contains("`Trac`"), "{error}");
    }

    #[test]
    fn a_body_nested_too_deep_is_refused() {
        let mut body = b"\x81\xa4type".to_vec();
        body.extend([0x91; 200_000]);
        assert!(encoding::from_slice::<Reply>(&body).is_err());
    }

    #[test]
    fn bytes_that_announce_more_than_there_is_are_refused() {
        for body in [
            &b"\x81\xa4type\xdd\xff\xff\xff\xff"[..],
            b"\x81\xa4type\xc6\xff\xff\xff\xff",
            b"\xdf\xff\xff\xff\xff",
        ] {
            assert!(encoding::from_slice::<Reply>(body).is_err());
        }
    }
}
