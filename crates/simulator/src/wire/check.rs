//! The laws of values that types cannot hold: what a simulator says is looked at before anybody uses it.

use super::ProtocolError;
use kinitro_proto::Extra;
use kinitro_proto::{Action, Image, Observation};

/// Checks that all numbers are finite and all pictures as large as they say.
pub(crate) fn observation(observation: &Observation) -> Result<(), ProtocolError> {
    for (camera, picture) in observation.rgb.iter().chain(&observation.depth) {
        image(picture).map_err(|why| bad(&format!("image `{camera}` {why}")))?;
    }
    for (name, values) in &observation.proprio {
        finite(values, || format!("proprio `{name}`"))?;
    }
    for (camera, matrix) in observation
        .cam_intrinsics
        .iter()
        .chain(&observation.cam_extrinsics)
    {
        for row in matrix {
            finite(row, || format!("camera `{camera}`"))?;
        }
    }
    for (name, value) in &observation.extra {
        if !is_finite(value) {
            return Err(bad(&format!("extra `{name}` is not finite")));
        }
    }
    Ok(())
}

/// Checks that a reward is finite.
pub(crate) fn reward(reward: f64) -> Result<(), ProtocolError> {
    finite(&[reward], || "reward".to_owned())
}

/// Checks that an action is finite; says which channel is not.
pub(crate) fn action(action: &Action) -> Result<(), String> {
    match action
        .continuous
        .iter()
        .find(|(_, values)| !values.iter().all(|value| value.is_finite()))
    {
        Some((channel, _)) => Err(format!("channel `{channel}` is not finite")),
        None => Ok(()),
    }
}

fn finite(values: &[f64], what: impl FnOnce() -> String) -> Result<(), ProtocolError> {
    if values.iter().all(|value| value.is_finite()) {
        Ok(())
    } else {
        Err(bad(&format!("{} is not finite", what())))
    }
}

fn is_finite(value: &Extra) -> bool {
    match value {
        Extra::Float(value) => value.is_finite(),
        Extra::List(values) => values.iter().all(is_finite),
        Extra::Bool(_) | Extra::Int(_) | Extra::Text(_) => true,
    }
}

fn image(image: &Image) -> Result<(), String> {
    let width = match image.dtype.as_str() {
        "uint8" => 1,
        "float32" => 4,
        other => {
            return Err(format!(
                "is of dtype `{}`",
                other.chars().take(40).collect::<String>()
            ));
        }
    };
    if !(2..=3).contains(&image.shape.len()) {
        return Err(format!("has `{}` dimensions", image.shape.len()));
    }
    let size = image
        .shape
        .iter()
        .try_fold(width, |size: usize, length| size.checked_mul(*length as usize));
    if size != Some(image.data.len()) {
        return Err(format!(
            "has `{}` bytes, not what its shape {:?} says",
            image.data.len(),
            image.shape
        ));
    }
    let floats = if width == 4 { image.data.as_slice() } else { &[] };
    let (floats, _) = floats.as_chunks();
    if floats.iter().all(|bytes| f32::from_le_bytes(*bytes).is_finite()) {
        Ok(())
    } else {
        Err("is not finite".to_owned())
    }
}

fn bad(why: &str) -> ProtocolError {
    ProtocolError::Value(why.chars().take(200).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(data: Vec<u8>, shape: &[u32], dtype: &str) -> Image {
        Image {
            data,
            shape: shape.into(),
            dtype: dtype.into(),
        }
    }

    #[test]
    fn a_picture_is_as_large_as_it_says() {
        assert_eq!(image(&picture(vec![0; 12], &[2, 2, 3], "uint8")), Ok(()));
        assert_eq!(image(&picture(vec![0; 16], &[2, 2], "float32")), Ok(()));
        for wrong in [
            picture(vec![0; 11], &[2, 2, 3], "uint8"),
            picture(vec![0; 12], &[2, 2, 3], "float32"),
            picture(vec![0; 12], &[12], "uint8"),
            picture(vec![0; 12], &[2, 2, 3], "int64"),
            picture(vec![], &[u32::MAX, u32::MAX, u32::MAX], "float32"),
            picture(f32::NAN.to_le_bytes().into(), &[1, 1], "float32"),
        ] {
            assert!(image(&wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn no_number_may_be_infinite_wherever_it_hides() {
        let infinite = vec![f64::INFINITY];
        let key = || "k".to_owned();
        let hidden = Extra::List(vec![Extra::List(vec![Extra::Float(f64::NAN)])]);
        for wrong in [
            Observation {
                proprio: [(key(), infinite.clone())].into(),
                ..Observation::default()
            },
            Observation {
                cam_intrinsics: [(key(), vec![infinite.clone()])].into(),
                ..Observation::default()
            },
            Observation {
                cam_extrinsics: [(key(), vec![infinite.clone()])].into(),
                ..Observation::default()
            },
            Observation {
                extra: [(key(), hidden)].into(),
                ..Observation::default()
            },
        ] {
            assert!(observation(&wrong).is_err(), "{wrong:?}");
        }
        assert!(observation(&Observation::default()).is_ok());
        assert!(reward(f64::NAN).is_err());
        let wrong = Action {
            continuous: [(key(), infinite)].into(),
            ..Action::default()
        };
        assert_eq!(action(&wrong), Err("channel `k` is not finite".to_owned()));
    }
}
