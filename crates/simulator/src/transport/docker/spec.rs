//! What a simulator's container may do: next to nothing.

use super::Daemon;
use crate::config::{Config, Size};
use crate::error::Source;
use bollard::models::{
    ContainerCreateBody, DeviceRequest, HostConfig, HostConfigLogConfig, ResourcesUlimits,
};
use kinitro_proto::catalogue::FamilyEntry;
use std::collections::HashMap;
use std::time::Duration;

pub(super) const ROLE: (&str, &str) = ("kinitro.role", "simulator");
pub(super) const OWNER: &str = "kinitro.owner";
pub(super) const BOOT: &str = "kinitro.boot";
const FAMILY: &str = "kinitro.family";

/// `nobody` and `nogroup`, on every distribution.
const USER: &str = "65534:65534";

/// The container of a family.
///
/// # Errors
/// What of the family's limits cannot be read.
pub(super) fn container(
    daemon: &Daemon,
    config: &Config,
    family: &FamilyEntry,
) -> Result<ContainerCreateBody, Source> {
    let image = config.eval_images.get(&family.name).unwrap_or(&family.image);
    let labels = [
        (ROLE.0, ROLE.1.to_owned()),
        (OWNER, daemon.owner.to_string()),
        (BOOT, daemon.boot.to_string()),
        (FAMILY, family.name.to_string()),
    ];
    Ok(ContainerCreateBody {
        image: Some(image.to_owned()),
        user: Some(USER.to_owned()),
        labels: Some(labels.map(|(label, value)| (label.to_owned(), value)).into()),
        attach_stdin: Some(true),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        open_stdin: Some(true),
        // Our end of the attached stream is the container's only input: when it closes, the program ends.
        stdin_once: Some(true),
        tty: Some(false),
        host_config: Some(host(daemon.processors, config, family)?),
        ..ContainerCreateBody::default()
    })
}

fn host(processors: Option<i64>, config: &Config, family: &FamilyEntry) -> Result<HostConfig, Source> {
    let memory = config.memory(family)?.bytes();
    let tmpfs: Size = family.tmpfs.parse()?;
    let mounted = format!("rw,noexec,nosuid,nodev,mode=1777,size={}", tmpfs.bytes());
    Ok(HostConfig {
        memory: Some(memory),
        // The sum of memory and swap: no swap.
        memory_swap: Some(memory),
        nano_cpus: Some(nano_cpus(family.cpus, processors)?),
        pids_limit: Some(family.pids.into()),
        ulimits: Some(vec![ResourcesUlimits {
            name: Some("core".into()),
            soft: Some(0),
            hard: Some(0),
        }]),
        init: Some(true),
        // Its keeper removes it. By itself it could be gone before the daemon hears that its memory ran out, which
        // is then told to nobody.
        auto_remove: Some(false),
        network_mode: Some("none".into()),
        readonly_rootfs: Some(true),
        cap_drop: Some(vec!["ALL".into()]),
        security_opt: Some(vec!["no-new-privileges".into()]),
        tmpfs: Some(HashMap::from([("/tmp".into(), mounted)])),
        // Frames are not for a log; what is said to people is kept by us.
        log_config: Some(HostConfigLogConfig {
            typ: Some("none".into()),
            config: None,
        }),
        device_requests: config.eval_gpu.then(|| vec![every_gpu()]),
        ..HostConfig::default()
    })
}

/// Processors in billionths, at most those there are.
fn nano_cpus(wanted: f64, processors: Option<i64>) -> Result<i64, Source> {
    // The same reckoning as seconds to nanoseconds, and it refuses what is negative or no number.
    let wanted = Duration::try_from_secs_f64(wanted)?.as_nanos();
    let there_are = processors.map_or(i64::MAX, |n| n.saturating_mul(1_000_000_000));
    Ok(i64::try_from(wanted)?.min(there_are))
}

fn every_gpu() -> DeviceRequest {
    DeviceRequest {
        count: Some(-1),
        capabilities: Some(vec![vec!["gpu".into()]]),
        ..DeviceRequest::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kinitro_proto::catalogue;

    #[test]
    fn the_sandbox_has_every_wall() {
        let config = Config {
            eval_gpu: true,
            ..Config::default()
        };
        let host = host(Some(2), &config, &catalogue::families()[0]).unwrap();
        assert_eq!(host.network_mode.as_deref(), Some("none"));
        assert_eq!(host.readonly_rootfs, Some(true));
        assert_eq!(host.cap_drop, Some(vec!["ALL".to_owned()]));
        assert_eq!(host.security_opt, Some(vec!["no-new-privileges".to_owned()]));
        assert_eq!(host.memory, host.memory_swap);
        assert!(host.memory.unwrap() > 0 && host.pids_limit.unwrap() > 0);
        assert!(host.tmpfs.unwrap()["/tmp"].contains("noexec,nosuid"));
        assert_eq!(host.device_requests.unwrap()[0].count, Some(-1));
        assert_eq!((host.privileged, host.binds, host.cap_add), (None, None, None));
    }

    #[test]
    fn every_family_has_limits_that_can_be_read() {
        for family in catalogue::families() {
            host(Some(64), &Config::default(), family).unwrap();
        }
    }

    #[test]
    fn a_limit_of_the_operator_wins_over_the_familys() {
        let config = Config {
            eval_mem_limit: Some(Size::from_mib(77)),
            ..Config::default()
        };
        assert_eq!(
            host(None, &config, &catalogue::families()[0]).unwrap().memory,
            Some(77 << 20)
        );
    }

    #[test]
    fn no_more_processors_are_asked_for_than_there_are() {
        assert_eq!(nano_cpus(1.5, Some(2)).unwrap(), 1_500_000_000);
        assert_eq!(nano_cpus(4.0, Some(2)).unwrap(), 2_000_000_000);
        assert_eq!(nano_cpus(4.0, None).unwrap(), 4_000_000_000);
        assert!(nano_cpus(f64::NAN, None).is_err() && nano_cpus(-1.0, None).is_err());
    }
}
