//! JSON as a tree that keeps the order of keys and the text of numbers, and every way to change it in one place.

type Fields = Vec<(String, Json)>;

/// A value; atoms (numbers, texts, words) as they are written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    Atom(String),
    List(Vec<Json>),
    Object(Fields),
}

impl Json {
    /// Of compact JSON, as ours is.
    pub(crate) fn parse(text: &str) -> Self {
        let (value, rest) = Self::value(text);
        assert_eq!(rest, "", "after the value");
        value
    }

    fn value(text: &str) -> (Self, &str) {
        match text.as_bytes()[0] {
            b'{' => {
                let mut rest = &text[1..];
                let mut fields = Vec::new();
                while !rest.starts_with('}') {
                    let (key, after) = Self::value(rest.strip_prefix(',').unwrap_or(rest));
                    let (value, after) = Self::value(after.strip_prefix(':').unwrap());
                    fields.push((key.text(), value));
                    rest = after;
                }
                (Self::Object(fields), &rest[1..])
            }
            b'[' => {
                let mut rest = &text[1..];
                let mut items = Vec::new();
                while !rest.starts_with(']') {
                    let (value, after) = Self::value(rest.strip_prefix(',').unwrap_or(rest));
                    items.push(value);
                    rest = after;
                }
                (Self::List(items), &rest[1..])
            }
            b'"' => {
                let mut is_escaped = false;
                let end = text[1..].find(|c| {
                    let is_end = c == '"' && !is_escaped;
                    is_escaped = c == '\\' && !is_escaped;
                    is_end
                });
                let (atom, rest) = text.split_at(end.unwrap() + 2);
                (Self::Atom(atom.to_owned()), rest)
            }
            _ => {
                let end = text.find([',', '}', ']']).unwrap_or(text.len());
                let (atom, rest) = text.split_at(end);
                (Self::Atom(atom.to_owned()), rest)
            }
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Atom(text) => text.clone(),
            Self::List(items) => {
                let items: Vec<_> = items.iter().map(Self::text).collect();
                format!("[{}]", items.join(","))
            }
            Self::Object(fields) => {
                let fields: Vec<_> = fields
                    .iter()
                    .map(|(key, value)| format!("{key}:{}", value.text()))
                    .collect();
                format!("{{{}}}", fields.join(","))
            }
        }
    }

    /// Every change in one place, with the place's name.
    pub(crate) fn mutations(&self) -> Vec<(String, Self)> {
        match self {
            Self::Atom(text) => atoms(text)
                .into_iter()
                .map(|atom| (format!(" = {atom}"), Self::Atom(atom)))
                .collect(),
            Self::List(items) => Self::of_list(items),
            Self::Object(fields) => Self::of_object(fields),
        }
    }

    fn of_list(items: &[Self]) -> Vec<(String, Self)> {
        let mut all = vec![("[] emptied".to_owned(), Self::List(Vec::new()))];
        for (index, item) in items.iter().enumerate() {
            let with = |change: &dyn Fn(&mut Vec<Self>)| {
                let mut items = items.to_vec();
                change(&mut items);
                Self::List(items)
            };
            all.push((
                format!("[{index}] removed"),
                with(&|items| drop(items.remove(index))),
            ));
            all.push((
                format!("[{index}] twice"),
                with(&|items| items.insert(index, item.clone())),
            ));
            if index > 0 {
                all.push((
                    format!("[{index}] swapped"),
                    with(&|items| items.swap(index, index - 1)),
                ));
            }
            for (name, value) in item.mutations() {
                all.push((
                    format!("[{index}]{name}"),
                    with(&|items| items[index] = value.clone()),
                ));
            }
        }
        let is_empty = items.is_empty();
        all.retain(|(_, mutated)| !is_empty && *mutated != Self::List(items.to_vec()));
        all
    }

    fn of_object(fields: &[(String, Self)]) -> Vec<(String, Self)> {
        let with = |change: &dyn Fn(&mut Fields)| {
            let mut fields = fields.to_vec();
            change(&mut fields);
            Self::Object(fields)
        };
        let mut all = vec![(
            ".+".to_owned(),
            with(&|fields| fields.push(("\"extra\"".to_owned(), Self::Atom("1".to_owned())))),
        )];
        for (index, (key, value)) in fields.iter().enumerate() {
            all.push((
                format!(".{key} removed"),
                with(&|fields| drop(fields.remove(index))),
            ));
            all.push((
                format!(".{key} twice"),
                with(&|fields| fields.push((key.clone(), value.clone()))),
            ));
            if index > 0 {
                all.push((
                    format!(".{key} moved"),
                    with(&|fields| fields.swap(index, index - 1)),
                ));
            }
            for (name, mutated) in value.mutations() {
                all.push((
                    format!(".{key}{name}"),
                    with(&|fields| fields[index].1 = mutated.clone()),
                ));
            }
        }
        all
    }
}

/// Other atoms in the place of this one, each unlike it.
fn atoms(text: &str) -> Vec<String> {
    let mut all: Vec<String> = [
        "null", "\"\"", "0", "-0.0", "true", "[]", "{}", "NaN", "Infinity", "1e999",
    ]
    .map(str::to_owned)
    .to_vec();
    if let Some(inner) = text.strip_prefix('"') {
        let inner = &inner[..inner.len() - 1];
        let mut turned: Vec<char> = inner.chars().collect();
        if let Some(last) = turned.iter_mut().rev().find(|c| c.is_ascii_alphanumeric()) {
            *last = if *last == '0' { '1' } else { '0' };
        }
        all.push(format!("\"{}\"", turned.into_iter().collect::<String>()));
        all.push(format!("\"{inner} \""));
        all.push(format!("\"{}\"", inner.to_uppercase()));
        all.push(format!("\"\\u0041{inner}\""));
        all.push("\"\\u0000\"".to_owned());
    } else if let Ok(number) = text.parse::<i128>() {
        all.extend([-1, 1].map(|step| (number + step).to_string()));
        all.push(format!("-{text}"));
        all.push(format!("{text}.0"));
        all.push(format!("{text}e0"));
        all.push(format!("\"{text}\""));
        all.push("18446744073709551616".to_owned());
    } else if let Ok(number) = text.parse::<f64>() {
        let bits = number.to_bits();
        all.extend([bits + 1, bits.wrapping_sub(1)].map(|bits| format!("{:?}", f64::from_bits(bits))));
        all.push(format!("{:?}", -number));
        all.push(format!("{:?}", number * 2.0));
        all.push(format!("{text}0"));
        all.push(format!("\"{text}\""));
    } else {
        all.push("false".to_owned());
    }
    all.retain(|atom| atom != text);
    all
}
