//! The JSON a policy is sent, written straight into a buffer that is used again.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::{BufMut, BytesMut};
use kinitro_proto::{Environment, Fault, Image, InfraFault, InfraFaultKind, Observation};
use serde::Serialize;
use std::collections::BTreeMap;

/// Writes `{"obs":…}`.
///
/// A number that is not finite has no JSON and would be the miner's to stumble over, so it is our fault
/// before anything is sent.
pub(crate) fn observation(out: &mut BytesMut, observation: &Observation) -> Result<(), Fault> {
    out.reserve(estimate(observation));
    out.put_slice(b"{\"obs\":{\"rgb\":");
    images(out, &observation.rgb)?;
    out.put_slice(b",\"depth\":");
    images(out, &observation.depth)?;
    out.put_slice(b",\"proprio\":");
    map(out, &observation.proprio, |out, numbers| {
        list(out, numbers, number)
    })?;
    out.put_slice(b",\"cam_intrinsics\":");
    map(out, &observation.cam_intrinsics, |out, rows| matrix(out, rows))?;
    out.put_slice(b",\"cam_extrinsics\":");
    map(out, &observation.cam_extrinsics, |out, rows| matrix(out, rows))?;
    out.put_slice(b",\"extra\":");
    map(out, &observation.extra, extra::write)?;
    out.put_slice(b"}}");
    Ok(())
}

/// Writes `{"task_config":…}`. Where v2 told the true seed and task, a decoy stands.
pub(crate) fn reset(out: &mut BytesMut, environment: &Environment, decoy: u32) -> Result<(), Fault> {
    #[derive(Serialize)]
    struct Reset<'a> {
        task_config: TaskConfig<'a>,
    }
    #[derive(Serialize)]
    struct TaskConfig<'a> {
        env_id: &'a str,
        env_name: &'a str,
        task_name: &'a str,
        seed: u32,
        task_id: u32,
    }
    let family = environment.family();
    let (env_name, task_name) = (family.as_str(), environment.name());
    let env_id = environment.as_str();
    json(
        out,
        &Reset {
            task_config: TaskConfig {
                env_id,
                env_name,
                task_name,
                seed: decoy,
                task_id: decoy,
            },
        },
    )
}

/// Bytes enough for most observations, so that the buffer grows once.
fn estimate(observation: &Observation) -> usize {
    let images = observation.rgb.values().chain(observation.depth.values());
    let numbers: usize = observation.proprio.values().map(Vec::len).sum();
    1024 + images.map(|image| image.data.len() / 3 * 4 + 128).sum::<usize>() + numbers * 24
}

fn images(out: &mut BytesMut, images: &BTreeMap<String, Image>) -> Result<(), Fault> {
    map(out, images, |out, image| {
        out.put_slice(b"{\"data\":\"");
        let start = out.len();
        let length = base64::encoded_len(image.data.len(), true).unwrap_or(usize::MAX);
        out.resize(start + length, 0);
        STANDARD
            .encode_slice(&image.data, &mut out[start..])
            .map_err(|error| internal(&error.to_string()))?;
        out.put_slice(b"\",\"shape\":");
        json(out, &image.shape)?;
        out.put_slice(b",\"dtype\":");
        json(out, &image.dtype)?;
        out.put_u8(b'}');
        Ok(())
    })
}

fn matrix(out: &mut BytesMut, rows: &[Vec<f64>]) -> Result<(), Fault> {
    list(out, rows, |out, row| list(out, row, number))
}

fn number(out: &mut BytesMut, number: &f64) -> Result<(), Fault> {
    if number.is_finite() {
        json(out, number)
    } else {
        Err(internal("an observation's number is not finite"))
    }
}

fn map<T>(
    out: &mut BytesMut,
    items: &BTreeMap<String, T>,
    write: impl Fn(&mut BytesMut, &T) -> Result<(), Fault>,
) -> Result<(), Fault> {
    out.put_u8(b'{');
    for (n, (name, item)) in items.iter().enumerate() {
        if n > 0 {
            out.put_u8(b',');
        }
        json(out, name)?;
        out.put_u8(b':');
        write(out, item)?;
    }
    out.put_u8(b'}');
    Ok(())
}

fn list<T>(
    out: &mut BytesMut,
    items: &[T],
    write: impl Fn(&mut BytesMut, &T) -> Result<(), Fault>,
) -> Result<(), Fault> {
    out.put_u8(b'[');
    for (n, item) in items.iter().enumerate() {
        if n > 0 {
            out.put_u8(b',');
        }
        write(out, item)?;
    }
    out.put_u8(b']');
    Ok(())
}

fn json<T: Serialize + ?Sized>(out: &mut BytesMut, value: &T) -> Result<(), Fault> {
    serde_json::to_writer(out.writer(), value).map_err(|error| internal(&error.to_string()))
}

fn internal(text: &str) -> Fault {
    InfraFault::new(InfraFaultKind::Internal, text).into()
}

mod extra {
    use super::{BytesMut, Fault, json, list, number};
    use kinitro_proto::Extra;

    /// Writes one value. It came through a decoder that bounds its depth.
    pub(super) fn write(out: &mut BytesMut, extra: &Extra) -> Result<(), Fault> {
        match extra {
            Extra::Float(float) => number(out, float),
            Extra::List(items) => list(out, items, write),
            Extra::Bool(_) | Extra::Int(_) | Extra::Text(_) => json(out, extra),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kinitro_proto::Extra;

    fn written(observation: &Observation) -> serde_json::Value {
        let mut out = BytesMut::new();
        super::observation(&mut out, observation).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    fn one<T>(name: &str, value: T) -> BTreeMap<String, T> {
        BTreeMap::from([(name.to_owned(), value)])
    }

    /// The body of `act_full` in the transcripts of the system we replace.
    #[test]
    fn an_observation_is_written_as_v2_wrote_it() {
        let image = Image {
            data: vec![0, 1, 2, 3, 4, 5],
            shape: vec![1, 2, 3],
            dtype: "uint8".to_owned(),
        };
        let observation = Observation {
            rgb: one("corner", image),
            proprio: BTreeMap::from([
                ("ee_pos".to_owned(), vec![0.0, 0.5, 0.2]),
                ("ee_quat".to_owned(), vec![0.0, 0.0, 0.0, 1.0]),
                ("gripper".to_owned(), vec![1.0]),
            ]),
            ..Observation::default()
        };
        let expected = serde_json::json!({"obs": {
            "rgb": {"corner": {"data": "AAECAwQF", "shape": [1, 2, 3], "dtype": "uint8"}},
            "depth": {},
            "proprio": {"ee_pos": [0.0, 0.5, 0.2], "ee_quat": [0.0, 0.0, 0.0, 1.0], "gripper": [1.0]},
            "cam_intrinsics": {}, "cam_extrinsics": {}, "extra": {},
        }});
        assert_eq!(written(&observation), expected);
    }

    #[test]
    fn every_part_of_an_observation_is_written() {
        let extra = Extra::List(vec![
            Extra::Bool(true),
            Extra::Int(-3),
            Extra::Float(0.5),
            Extra::Text("\"".to_owned()),
        ]);
        let image = |n| Image {
            data: vec![7; n],
            shape: vec![2, 2],
            dtype: "float32".to_owned(),
        };
        let observation = Observation {
            depth: BTreeMap::from([("a\"\n".to_owned(), image(16)), ("b".to_owned(), image(17))]),
            cam_intrinsics: one("c", vec![vec![1.5, 2.0], vec![]]),
            cam_extrinsics: one("c", vec![]),
            extra: one("e", extra),
            ..Observation::default()
        };
        let obs = &written(&observation)["obs"];
        assert_eq!(obs["depth"]["a\"\n"]["data"], STANDARD.encode([7; 16]));
        assert_eq!(obs["depth"]["b"]["data"], STANDARD.encode([7; 17]));
        assert_eq!(obs["cam_intrinsics"]["c"], serde_json::json!([[1.5, 2.0], []]));
        assert_eq!(obs["cam_extrinsics"]["c"], serde_json::json!([]));
        assert_eq!(obs["extra"]["e"], serde_json::json!([true, -3, 0.5, "\""]));
    }

    #[test]
    fn a_number_that_is_not_finite_is_our_fault() {
        for bad in [f64::NAN, f64::INFINITY] {
            let places = [
                Observation {
                    proprio: one("a", vec![bad]),
                    ..Observation::default()
                },
                Observation {
                    cam_intrinsics: one("a", vec![vec![bad]]),
                    ..Observation::default()
                },
                Observation {
                    extra: one("a", Extra::List(vec![Extra::Float(bad)])),
                    ..Observation::default()
                },
            ];
            for observation in places {
                let fault = super::observation(&mut BytesMut::new(), &observation).unwrap_err();
                assert!(matches!(fault, Fault::Infra(fault) if fault.kind == InfraFaultKind::Internal));
            }
        }
    }

    #[test]
    fn a_reset_tells_the_environment_and_the_decoy() {
        let mut out = BytesMut::new();
        reset(&mut out, &"metaworld/pick-place-v3".parse().unwrap(), 42).unwrap();
        let expected = serde_json::json!({"task_config": {
            "env_id": "metaworld/pick-place-v3", "env_name": "metaworld", "task_name": "pick-place-v3",
            "seed": 42, "task_id": 42,
        }});
        assert_eq!(
            serde_json::from_slice::<serde_json::Value>(&out).unwrap(),
            expected
        );
    }

    #[test]
    fn the_buffer_is_used_again() {
        let image = Image {
            data: vec![1; 84 * 84 * 3],
            shape: vec![84, 84, 3],
            dtype: "uint8".to_owned(),
        };
        let observation = Observation {
            rgb: one("a", image),
            ..Observation::default()
        };
        let mut out = BytesMut::new();
        let addresses: Vec<_> = (0..4)
            .map(|_| {
                super::observation(&mut out, &observation).unwrap();
                out.split().freeze().as_ptr()
            })
            .collect();
        assert!(
            addresses.windows(2).all(|pair| pair[0] == pair[1]),
            "{addresses:?}"
        );
    }
}
