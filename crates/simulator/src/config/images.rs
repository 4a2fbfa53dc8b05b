//! Images by family.

use kinitro_proto::Family;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// Images that replace the catalogue's, by family.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Images(BTreeMap<Family, String>);

impl Images {
    /// The image for a family, if one is set.
    #[must_use]
    pub fn get(&self, family: &Family) -> Option<&str> {
        self.0.get(family).map(String::as_str)
    }

    /// All of them, by family.
    pub fn iter(&self) -> impl Iterator<Item = (&Family, &str)> {
        self.0.iter().map(|(family, image)| (family, image.as_str()))
    }
}

impl FromIterator<(Family, String)> for Images {
    fn from_iter<I: IntoIterator<Item = (Family, String)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

impl FromStr for Images {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        serde_json::from_str(text)
            .map(Self)
            .map_err(|fault| format!("not a JSON object from family to image: {fault}"))
    }
}

impl fmt::Display for Images {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(&self.0).map_err(|_| fmt::Error)?)
    }
}
