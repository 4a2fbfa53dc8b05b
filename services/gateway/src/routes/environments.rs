//! The environments miners are judged in.

use crate::{Result, gateway::Gateway};
use axum::{Json, extract::State};
use kinitro_proto::{Environment, catalogue};
use kinitro_store::read::EnvironmentView;
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc};

/// An environment, and how it went in the newest settled cycle.
#[derive(Debug, Serialize)]
pub(crate) struct EnvironmentInfo {
    env_id: String,
    env_name: String,
    task_name: String,
    n_evaluations: u32,
    avg_success_rate: Option<f64>,
}

impl EnvironmentInfo {
    fn new(environment: &Environment, view: Option<&EnvironmentView>) -> Self {
        Self {
            env_id: environment.to_string(),
            env_name: environment.family().to_string(),
            task_name: environment.name().to_owned(),
            n_evaluations: view.map_or(0, |view| view.miners),
            avg_success_rate: view.and_then(|view| view.avg_success_rate),
        }
    }
}

/// The catalogue in its order, then what the cycle had beyond it (an older version's environments).
fn infos(views: &[EnvironmentView]) -> Vec<EnvironmentInfo> {
    let mut seen: BTreeMap<_, _> = views.iter().map(|view| (&view.environment, view)).collect();
    let mut infos: Vec<_> = catalogue::environments()
        .map(|entry| EnvironmentInfo::new(&entry.id, seen.remove(&entry.id)))
        .collect();
    let beyond = views.iter().filter(|view| seen.contains_key(&view.environment));
    infos.extend(beyond.map(|view| EnvironmentInfo::new(&view.environment, Some(view))));
    infos
}

/// `GET /v1/environments`.
pub(crate) async fn environments(State(gateway): State<Arc<Gateway>>) -> Result<Json<Vec<EnvironmentInfo>>> {
    Ok(Json(infos(&gateway.ledger()?.environments().await?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(id: &str) -> EnvironmentView {
        EnvironmentView {
            environment: id.parse().unwrap(),
            miners: 2,
            avg_success_rate: Some(0.5),
        }
    }

    #[test]
    fn the_catalogue_comes_first_and_in_order_then_what_is_beyond_it() {
        let infos = infos(&[
            view("zoo/lion-v1"),
            view("metaworld/push-v3"),
            view("art/paint-v1"),
        ]);
        let ids: Vec<_> = infos.iter().map(|info| info.env_id.as_str()).collect();
        let known = catalogue::environments().count();
        assert_eq!(ids[..2], ["metaworld/reach-v3", "metaworld/push-v3"]);
        assert_eq!(ids[known..], ["zoo/lion-v1", "art/paint-v1"]);
        assert_eq!((infos[0].n_evaluations, infos[0].avg_success_rate), (0, None));
        assert_eq!(
            (infos[1].n_evaluations, infos[1].avg_success_rate),
            (2, Some(0.5))
        );
        assert_eq!(
            (infos[1].env_name.as_str(), infos[1].task_name.as_str()),
            ("metaworld", "push-v3")
        );
    }
}
