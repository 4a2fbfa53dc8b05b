//! `kinitro config` and `kinitro completions`: the command line about itself.

use crate::{
    args::Cli,
    exit::{Exit, print},
    layers::Layers,
    reference,
};
use clap::{Arg, ArgMatches, Command as Clap, CommandFactory, Subcommand, parser::ValueSource};
use clap_complete::Shell;
use comfy_table::{Table, presets::NOTHING};
use std::{ffi::OsString, iter};

/// What to show.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show a service's settings in force, and where each comes from
    #[command(after_help = "Example:\n  kinitro --config kinitro.toml config show scheduler -- --netuid 7")]
    Show {
        /// The service: scheduler, executor, scorer, gateway or validate
        service: String,
        /// Flags to show the effect of
        #[arg(last = true)]
        flags: Vec<OsString>,
    },
    /// Print every command, flag and variable as Markdown: the reference in docs/
    #[command(after_help = "Example:\n  kinitro config reference > docs/reference.md")]
    Reference,
}

pub(crate) fn run(command: &Command) -> Result<(), Exit> {
    match command {
        Command::Show { service, flags } => show(service, flags),
        Command::Reference => print(reference::markdown(Cli::command()).trim_end()),
    }
}

pub(crate) fn completions(shell: Shell) -> Result<(), Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "kinitro", &mut script);
    print(String::from_utf8_lossy(&script))
}

fn show(service: &str, flags: &[OsString]) -> Result<(), Exit> {
    let layers = Layers::read(std::env::args_os())?;
    let args = ["kinitro".into(), service.into()]
        .into_iter()
        .chain(flags.iter().cloned());
    let mut command = layers.command();
    let matches = command.try_get_matches_from_mut(args).map_err(Exit::Usage)?;
    let settings = command
        .find_subcommand(service)
        .zip(matches.subcommand_matches(service));
    let Some((command, matches)) = settings else {
        return Err(Exit::NotFound(format!(
            "`{service}` is no service; there are scheduler, executor, scorer, gateway and validate"
        )));
    };
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(["SETTING", "VALUE", "FROM"]);
    for (arg, flag) in shown(command) {
        let (value, from) = in_force(arg, matches, layers.source(service, flag));
        table.add_row([flag.to_owned(), value, from]);
    }
    print(table.trim_fmt())
}

/// A command's arguments that have a long flag.
fn shown(command: &Clap) -> impl Iterator<Item = (&Arg, &str)> {
    command
        .get_arguments()
        .filter_map(|arg| Some((arg, arg.get_long()?)))
        .filter(|(arg, flag)| !arg.is_hide_set() && !["help", "version", "config"].contains(flag))
}

fn in_force(arg: &Arg, matches: &ArgMatches, layered: Option<&str>) -> (String, String) {
    let id = arg.get_id().as_str();
    let from = match matches.value_source(id) {
        Some(ValueSource::CommandLine) => "flag".to_owned(),
        Some(ValueSource::EnvVariable) => arg.get_env().map_or("environment".to_owned(), |name| {
            name.to_string_lossy().into_owned()
        }),
        Some(_) => layered.unwrap_or("default").to_owned(),
        None => return (String::new(), "unset".to_owned()),
    };
    let secret = arg.is_hide_env_values_set();
    let values = matches
        .get_raw(id)
        .into_iter()
        .flatten()
        .map(|value| value.to_string_lossy().into_owned());
    let value: Vec<_> = if secret {
        iter::once("***".to_owned()).collect()
    } else {
        values.collect()
    };
    (value.join(","), from)
}
