//! One rule for all settings: flag > environment > config file > default.
//!
//! The file's values are put into the command as its defaults, so clap itself keeps the rule, and `--help` and `config
//! show` tell what is in force.

use crate::{args::Cli, exit::Exit};
use clap::{Arg, ArgAction, Command, CommandFactory};
use std::{collections::BTreeMap, ffi::OsString, fs, path::PathBuf};
use toml::{Table, Value};

/// The services, whose tables a config file may have, and v2's variable for their log level.
const SERVICES: [(&str, &str); 5] = [
    ("scheduler", "KINITRO_SCHEDULER_LOG_LEVEL"),
    ("executor", "KINITRO_EXECUTOR_LOG_LEVEL"),
    ("scorer", "KINITRO_SCORER_LOG_LEVEL"),
    ("gateway", "KINITRO_API_LOG_LEVEL"),
    ("validate", "KINITRO_VALIDATOR_LOG_LEVEL"),
];

/// The config file's values, by service and flag.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    values: BTreeMap<&'static str, BTreeMap<String, Layered>>,
}

/// A value that takes a default's place, and where it comes from: `file`, or a variable's name.
#[derive(Debug)]
struct Layered {
    value: String,
    from: &'static str,
}

impl Layers {
    /// Reads the config file that the command line or `KINITRO_CONFIG` names, if any.
    pub(crate) fn read(args: impl Iterator<Item = OsString>) -> Result<Self, Exit> {
        let mut layers = Self::default();
        for (service, variable) in SERVICES {
            if let Some(value) = variable_of(variable) {
                layers.values.entry(service).or_default().insert(
                    "log-level".to_owned(),
                    Layered {
                        value,
                        from: variable,
                    },
                );
            }
        }
        let Some(path) = config_path(args) else {
            return Ok(layers);
        };
        let text = fs::read_to_string(&path).map_err(|error| {
            Exit::Config(vec![format!(
                "could not read the config file `{}`: {error}",
                path.display()
            )])
        })?;
        let named = |fault: String| format!("{}: {fault}", path.display());
        let table: Table = text
            .parse()
            .map_err(|error: toml::de::Error| Exit::Config(vec![named(error.to_string())]))?;
        let faults = layers.take(&table);
        if faults.is_empty() {
            Ok(layers)
        } else {
            Err(Exit::Config(faults.into_iter().map(named).collect()))
        }
    }

    /// The command with the file's values as its defaults.
    pub(crate) fn command(&self) -> Command {
        self.values
            .iter()
            .fold(Cli::command(), |command, (service, values)| {
                command.mut_subcommand(service, |service| overlaid(service, values))
            })
    }

    /// Where the value comes from that stands in the place of the flag's default, if one does.
    pub(crate) fn source(&self, service: &str, flag: &str) -> Option<&'static str> {
        let layered = self.values.get(service)?.get(flag)?;
        Some(layered.from)
    }

    fn take(&mut self, table: &Table) -> Vec<String> {
        let mut faults = Vec::new();
        for (key, value) in table {
            let service = SERVICES
                .iter()
                .map(|(service, _)| *service)
                .find(|service| service == key);
            match (service, value) {
                (Some(service), Value::Table(settings)) => self.take_service(service, settings, &mut faults),
                (Some(_), _) => faults.push(format!("`{key}` is not a table; write `[{key}]`")),
                (None, _) => {
                    let known: Vec<_> = SERVICES
                        .iter()
                        .map(|(service, _)| format!("[{service}]"))
                        .collect();
                    faults.push(format!("`{key}` is unknown; known: {}", known.join(", ")));
                }
            }
        }
        faults
    }

    fn take_service(&mut self, service: &'static str, settings: &Table, faults: &mut Vec<String>) {
        let mut command = Cli::command();
        // Global flags reach the services only when the command is built.
        command.build();
        let command = command
            .find_subcommand(service)
            .expect("every service is a subcommand");
        for (key, value) in settings {
            let flag = key.replace('_', "-");
            let known = command.get_arguments().any(|arg| arg.get_long() == Some(&flag));
            match (known, text_of(value)) {
                (true, Some(value)) => {
                    let layered = Layered { value, from: "file" };
                    // A variable wins over the file.
                    self.values
                        .entry(service)
                        .or_default()
                        .entry(flag)
                        .or_insert(layered);
                }
                (true, None) => faults.push(format!("[{service}] `{key}` cannot be a date")),
                (false, _) => faults.push(format!(
                    "[{service}] `{key}` is unknown; see `kinitro {service} --help`"
                )),
            }
        }
    }
}

fn overlaid(mut service: Command, values: &BTreeMap<String, Layered>) -> Command {
    for (flag, Layered { value, .. }) in values {
        let found = |arg: &&Arg| arg.get_long() == Some(flag);
        let own = service
            .get_arguments()
            .find(found)
            .map(|arg| arg.get_id().clone());
        service = match own {
            Some(id) => service.mut_arg(id, |arg| {
                // A default is shown in `--help`, and the file may hold secrets.
                let secret = arg.is_hide_env_values_set();
                arg.default_value(value.clone())
                    .hide_default_value(secret)
                    .required(false)
            }),
            // A global flag: the root defines it, and the service gets it with a default of its own.
            None => match Cli::command().get_arguments().find(found) {
                Some(arg) => service.arg(arg.clone().default_value(value.clone()).action(ArgAction::Set)),
                None => service,
            },
        };
    }
    service
}

/// A TOML value as the flag's text: lists with commas, tables as JSON.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) => Some(value.to_string()),
        Value::Array(values) => values
            .iter()
            .map(text_of)
            .collect::<Option<Vec<_>>>()
            .map(|texts| texts.join(",")),
        Value::Table(table) => serde_json::to_string(table).ok(),
        Value::Datetime(_) => None,
    }
}

/// The config file's path must be known before the command line can be read with the file's defaults.
fn config_path(args: impl Iterator<Item = OsString>) -> Option<PathBuf> {
    let mut args = args.skip(1);
    while let Some(arg) = args.next() {
        if arg == "--config" {
            return args.next().map(PathBuf::from);
        }
        if let Some(path) = arg.to_str().and_then(|arg| arg.strip_prefix("--config=")) {
            return Some(path.into());
        }
    }
    variable_of("KINITRO_CONFIG").map(PathBuf::from)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the environment besides clap"
)]
fn variable_of(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::parser::ValueSource;

    fn layers(text: &str) -> Result<Layers, Vec<String>> {
        let mut layers = Layers::default();
        let faults = layers.take(&text.parse().unwrap());
        if faults.is_empty() {
            Ok(layers)
        } else {
            Err(faults)
        }
    }

    #[test]
    fn the_file_stands_between_the_flag_and_the_default() {
        let layers = layers("[scheduler]\neval_interval = 60\nnetuid = 7\nlog-level = 'debug'").unwrap();
        let matches = layers
            .command()
            .get_matches_from(["kinitro", "scheduler", "--netuid", "9"]);
        let scheduler = matches.subcommand_matches("scheduler").unwrap();
        assert_eq!(scheduler.get_one::<u32>("eval_interval"), Some(&60));
        assert_eq!(scheduler.get_one::<u16>("netuid"), Some(&9));
        assert_eq!(scheduler.value_source("netuid"), Some(ValueSource::CommandLine));
        assert_eq!(scheduler.get_one::<u32>("episodes_per_env"), Some(&50));
        assert_eq!(
            matches.get_one::<String>("log_level").map(String::as_str),
            Some("debug")
        );
    }

    #[test]
    fn every_fault_of_the_file_is_listed() {
        let faults =
            layers("colour = 1\nscorer = 2\n[scheduler]\nepisodes = 3\n[executor]\nuse_image = true")
                .unwrap_err();
        assert_eq!(faults.len(), 4, "{faults:?}");
    }
}
