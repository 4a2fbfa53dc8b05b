use crate::{Misbehaviour, Policy};

/// How the mock miner listens and acts.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct Config {
    /// Address to listen on.
    #[arg(long, default_value = "0.0.0.0")]
    pub host: String,
    /// Port to listen on; 0 takes any that is free.
    #[arg(long, default_value_t = 8001)]
    pub port: u16,
    /// How to act.
    #[arg(long, value_enum, default_value_t = Policy::Random)]
    pub policy: Policy,
    /// The same as `--policy random`.
    #[arg(long, overrides_with = "no_random_actions", conflicts_with = "policy")]
    pub random_actions: bool,
    /// The same as `--policy still`.
    #[arg(long, overrides_with = "random_actions", conflicts_with = "policy")]
    pub no_random_actions: bool,
    /// Misbehaves on purpose, to test whoever calls.
    #[arg(long, hide = true, value_name = "HOW")]
    pub misbehave: Option<Misbehaviour>,
}

impl Config {
    /// The policy asked for, by whichever flag.
    #[must_use]
    pub fn policy(&self) -> Policy {
        if self.no_random_actions {
            Policy::Still
        } else {
            self.policy
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        config: Config,
    }

    fn parse(arguments: &str) -> Result<Config, clap::Error> {
        let arguments = std::iter::once("mock").chain(arguments.split_whitespace());
        Command::try_parse_from(arguments).map(|command| command.config)
    }

    #[test]
    fn the_defaults_are_v2s() {
        let config = parse("").unwrap();
        assert_eq!(
            (config.host.as_str(), config.port, config.policy()),
            ("0.0.0.0", 8001, Policy::Random)
        );
    }

    #[test]
    fn v2s_flags_choose_the_policy() {
        assert_eq!(parse("--random-actions").unwrap().policy(), Policy::Random);
        assert_eq!(parse("--no-random-actions").unwrap().policy(), Policy::Still);
        assert_eq!(
            parse("--no-random-actions --random-actions").unwrap().policy(),
            Policy::Random
        );
        assert_eq!(parse("--policy sweep").unwrap().policy(), Policy::Sweep);
        assert!(parse("--policy sweep --random-actions").is_err());
    }

    #[test]
    fn misbehaving_is_parsed_and_not_advertised() {
        use clap::CommandFactory;
        assert_eq!(
            parse("--misbehave slow:20").unwrap().misbehave,
            Some("slow:20".parse().unwrap())
        );
        assert!(parse("--misbehave nicely").is_err());
        assert!(
            !Command::command()
                .render_long_help()
                .to_string()
                .contains("misbehave")
        );
    }
}
