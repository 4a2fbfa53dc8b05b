use super::refused::Fault;
use kinitro_sealing::Envelope;
use url::Url;

/// Where a deployment id's policy is: below this name.
const DEPLOYMENTS: &str = "deployments.basilica.ai";

/// The most bytes a URL may have: what the policy client takes.
const MAX_URL: usize = 512;

/// Where a commitment says the policy is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// An id at the place where v2's miners deploy: letters, digits and dashes, in lower case.
    Deployment(String),
    /// `http(s)://…`, normal and without slashes at its end.
    Url(String),
    /// Either, sealed for the operator.
    Sealed {
        /// The envelope's version.
        envelope: Envelope,
        /// The envelope, base85.
        blob: String,
    },
}

impl Endpoint {
    /// A URL if it starts like one, else a deployment id.
    pub(super) fn of(text: &str) -> Result<Self, Fault> {
        if is_url(text) {
            url(text).map(Self::Url).map_err(|fault| Fault::Url { fault })
        } else {
            deployment(text)
                .map(Self::Deployment)
                .map_err(|fault| Fault::Deployment { fault })
        }
    }

    /// The policy's base URL; none while it is sealed.
    #[must_use]
    pub fn url(&self) -> Option<String> {
        match self {
            Self::Deployment(id) => Some(format!("https://{id}.{DEPLOYMENTS}")),
            Self::Url(url) => Some(url.clone()),
            Self::Sealed { .. } => None,
        }
    }
}

/// Whether it is meant as a URL: schemes have no case.
pub(super) fn is_url(text: &str) -> bool {
    let starts = |scheme: &str| {
        text.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    starts("http://") || starts("https://")
}

/// One label of a host's name, and nothing that could end the label. v2 took any text: `evil.example/` or
/// `x@evil.example/` made it call another host.
fn deployment(id: &str) -> Result<String, &'static str> {
    if id.is_empty() {
        return Err("is empty");
    }
    if !id
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    {
        return Err("has other characters than letters, digits and dashes");
    }
    if id.len() > 63 {
        return Err("is longer than 63 characters");
    }
    if id.starts_with('-') || id.ends_with('-') {
        return Err("starts or ends with a dash");
    }
    Ok(id.to_ascii_lowercase())
}

/// What the policy client calls, too: see its rules for the addresses behind it.
fn url(text: &str) -> Result<String, &'static str> {
    if text.len() > MAX_URL {
        return Err("is longer than 512 bytes");
    }
    // The URL standard drops tabs and newlines and takes `\` for `/`: no honest endpoint needs that.
    if text.contains(|c: char| c.is_control() || c.is_whitespace() || c == '\\') {
        return Err("has spaces, control characters or backslashes");
    }
    // Nor for a missing host, which it finds further on in the text.
    let authority = text.split_once("://").map_or("", |(_, rest)| rest);
    let authority = authority.split(['/', '?', '#']).next().unwrap_or("");
    if authority.is_empty() {
        return Err("has no host");
    }
    let url = Url::parse(text).map_err(|_| "cannot be read")?;
    if !url.username().is_empty() || url.password().is_some() || authority.contains('@') {
        return Err("has credentials");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("has a query or a fragment");
    }
    if url.port() == Some(0) {
        return Err("has port 0");
    }
    let text = url.as_str().trim_end_matches('/');
    if text.len() > MAX_URL {
        return Err("is longer than 512 bytes");
    }
    Ok(text.to_owned())
}
