//! Logs to standard error, and traces to an OTLP endpoint when one is set.

use crate::{Error, Result};
use clap::ValueEnum;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use std::io::{self, IsTerminal};
use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt, util::SubscriberInitExt};
use url::Url;

/// How a process logs and traces.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Logs and traces")]
pub struct Config {
    /// How much to log: error, warn, info, debug, trace, or a filter such as `kinitro=debug,info`
    #[arg(
        long,
        env = "KINITRO_LOG_LEVEL",
        default_value = "info",
        value_name = "LEVEL",
        global = true
    )]
    pub log_level: String,

    /// How logs look; `auto` is human on a terminal and JSON elsewhere
    #[arg(
        long,
        env = "KINITRO_LOG_FORMAT",
        default_value = "auto",
        value_name = "FORMAT",
        global = true
    )]
    pub log_format: LogFormat,

    /// Where to send traces (OTLP over HTTP), e.g. `http://localhost:4318`; unset: nowhere
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL", global = true)]
    pub otlp_endpoint: Option<Url>,
}

/// How logs look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Human on a terminal, JSON elsewhere.
    Auto,
    /// One coloured line per event.
    Human,
    /// One JSON object per line.
    Json,
}

/// Keeps telemetry alive; dropping it sends what is left.
#[derive(Debug)]
pub struct Guard {
    provider: Option<SdkTracerProvider>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(provider) = &self.provider
            && let Err(error) = provider.shutdown()
        {
            tracing::debug!(%error, "the last traces were not sent");
        }
    }
}

/// Sets up logs and traces for the whole process. To be called once, by `main`.
///
/// # Errors
/// [`Error::LogLevel`], [`Error::Otlp`], or [`Error::AlreadySetUp`].
pub fn init(config: &Config, service: &'static str) -> Result<Guard> {
    let level = config.log_level.trim();
    let level = if level.contains(['=', ',']) {
        level.to_owned()
    } else {
        // v2 wrote levels in capitals. The NATS client says at `info` what the bus says in our words.
        format!("{},async_nats=warn", level.to_lowercase())
    };
    let filter = EnvFilter::try_new(&level).map_err(|_| Error::LogLevel {
        value: config.log_level.clone(),
    })?;
    let provider = config
        .otlp_endpoint
        .as_ref()
        .map(|endpoint| exporting(endpoint, service))
        .transpose()?;
    let traces = provider
        .as_ref()
        .map(|provider| tracing_opentelemetry::layer().with_tracer(provider.tracer("kinitro")));
    tracing_subscriber::registry()
        .with(filter)
        .with(traces)
        .with(logs(config.log_format))
        .try_init()
        .map_err(|_| Error::AlreadySetUp)?;
    Ok(Guard { provider })
}

fn logs<S>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    let human = match format {
        LogFormat::Auto => io::stderr().is_terminal(),
        LogFormat::Human => true,
        LogFormat::Json => false,
    };
    let layer = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    if human {
        layer
            .with_target(false)
            .with_ansi(io::stderr().is_terminal())
            .boxed()
    } else {
        layer.json().flatten_event(true).with_span_list(false).boxed()
    }
}

fn exporting(endpoint: &Url, service: &'static str) -> Result<SdkTracerProvider> {
    // The variable names the collector; the path of traces follows from it (OTLP specification).
    let url = format!("{}/v1/traces", endpoint.as_str().trim_end_matches('/'));
    let exporter = SpanExporter::builder()
        .with_http()
        .with_endpoint(url)
        .build()
        .map_err(|source| Error::Otlp {
            endpoint: endpoint.to_string(),
            source,
        })?;
    let resource = Resource::builder()
        .with_service_name(format!("kinitro-{service}"))
        .build();
    Ok(SdkTracerProvider::builder()
        .with_resource(resource)
        .with_batch_exporter(exporter)
        .build())
}
