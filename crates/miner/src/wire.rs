//! The miner protocol's request bodies: what is well-formed, and how v2's server words what is not.

use serde_json::{Value, json};

/// Faults that are listed at most; a body can hold very many.
const MAX_FAULTS: usize = 32;

/// What a value must be. Numbers may come as text and as true or false, as v2 coerces them.
#[derive(Debug)]
pub(crate) enum Shape {
    Any,
    Text,
    Number,
    Integer,
    Nullable(&'static Shape),
    List(&'static Shape),
    Dictionary(&'static Shape),
    Object { fields: &'static [Field], open: bool },
}

#[derive(Debug)]
pub(crate) struct Field {
    name: &'static str,
    shape: Shape,
    required: bool,
}

const fn required(name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        shape,
        required: true,
    }
}

const fn optional(name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        shape,
        required: false,
    }
}

/// `POST /reset`.
pub(crate) const RESET: Shape = Shape::Object {
    fields: &[required(
        "task_config",
        Shape::Object {
            fields: &[
                optional("env_id", Shape::Nullable(&Shape::Text)),
                optional("env_name", Shape::Nullable(&Shape::Text)),
                optional("task_name", Shape::Nullable(&Shape::Text)),
                optional("seed", Shape::Nullable(&Shape::Integer)),
                optional("task_id", Shape::Nullable(&Shape::Integer)),
            ],
            open: true,
        },
    )],
    open: true,
};

/// `POST /act`.
pub(crate) const ACT: Shape = Shape::Object {
    fields: &[required(
        "obs",
        Shape::Object {
            fields: &[
                optional("rgb", Shape::Dictionary(&IMAGE)),
                optional("depth", Shape::Dictionary(&IMAGE)),
                optional("proprio", Shape::Dictionary(&Shape::List(&Shape::Number))),
                optional("cam_intrinsics", Shape::Dictionary(&MATRIX)),
                optional("cam_extrinsics", Shape::Dictionary(&MATRIX)),
                optional("extra", Shape::Dictionary(&Shape::Any)),
            ],
            open: false,
        },
    )],
    open: true,
};

const MATRIX: Shape = Shape::List(&Shape::List(&Shape::Number));

/// The one format of images: the nested lists of v2's guide are refused by its code.
const IMAGE: Shape = Shape::Object {
    fields: &[
        required("data", Shape::Text),
        required("shape", Shape::List(&Shape::Integer)),
        required("dtype", Shape::Text),
    ],
    open: false,
};

/// Reads a body. The error is the `detail` of a 422: a list of faults, each `{type, loc, msg, input}`.
pub(crate) fn read(body: &[u8], shape: &Shape) -> Result<Value, Value> {
    let value: Value = serde_json::from_slice(body).map_err(|error| {
        json!([{"type": "json_invalid", "loc": ["body", error.column()], "msg": "JSON decode error", "input": {},
            "ctx": {"error": error.to_string()}}])
    })?;
    let mut faults = vec![];
    check(shape, &value, &mut vec![json!("body")], &mut faults);
    if faults.is_empty() {
        Ok(value)
    } else {
        Err(faults.into())
    }
}

fn check(shape: &Shape, value: &Value, path: &mut Vec<Value>, faults: &mut Vec<Value>) {
    if faults.len() >= MAX_FAULTS {
        return;
    }
    match (shape, value) {
        (Shape::Any, _) | (Shape::Text, Value::String(_)) | (Shape::Nullable(_), Value::Null) => {}
        (Shape::Nullable(inner), _) => check(inner, value, path, faults),
        (Shape::Number, _) => faults.extend(number(value).map(|reason| fault(reason, path, value))),
        (Shape::Integer, _) => faults.extend(integer(value).map(|reason| fault(reason, path, value))),
        (Shape::List(inner), Value::Array(values)) => {
            for (place, value) in values.iter().enumerate() {
                within(json!(place), path, |path| check(inner, value, path, faults));
            }
        }
        (Shape::Dictionary(inner), Value::Object(values)) => {
            for (key, value) in values {
                within(json!(key), path, |path| check(inner, value, path, faults));
            }
        }
        (Shape::Object { fields, open }, Value::Object(_)) => object(fields, *open, value, path, faults),
        (Shape::Text, _) => faults.push(fault(
            ("string_type", "Input should be a valid string"),
            path,
            value,
        )),
        (Shape::List(_), _) => faults.push(fault(("list_type", "Input should be a valid list"), path, value)),
        (Shape::Dictionary(_) | Shape::Object { .. }, _) => {
            faults.push(fault(
                ("dict_type", "Input should be a valid dictionary"),
                path,
                value,
            ));
        }
    }
}

fn object(fields: &[Field], open: bool, value: &Value, path: &mut Vec<Value>, faults: &mut Vec<Value>) {
    for Field {
        name,
        shape,
        required,
    } in fields
    {
        within(json!(name), path, |path| match value.get(name) {
            Some(inner) => check(shape, inner, path, faults),
            None if *required => faults.push(fault(("missing", "Field required"), path, value)),
            None => {}
        });
    }
    let unknown = value
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(key, _)| !fields.iter().any(|field| field.name == *key));
    for (key, inner) in unknown.filter(|_| !open).take(MAX_FAULTS) {
        let reason = ("extra_forbidden", "Extra inputs are not permitted");
        within(json!(key), path, |path| faults.push(fault(reason, path, inner)));
    }
}

fn within(step: Value, path: &mut Vec<Value>, walk: impl FnOnce(&mut Vec<Value>)) {
    path.push(step);
    walk(path);
    path.pop();
}

type Reason = (&'static str, &'static str);

fn number(value: &Value) -> Option<Reason> {
    match value {
        Value::Number(_) | Value::Bool(_) => None,
        Value::String(text) if text.trim().parse::<f64>().is_ok() => None,
        Value::String(_) => Some((
            "float_parsing",
            "Input should be a valid number, unable to parse string as a number",
        )),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            Some(("float_type", "Input should be a valid number"))
        }
    }
}

fn integer(value: &Value) -> Option<Reason> {
    match value {
        Value::Bool(_) => None,
        Value::Number(number) if number.as_f64().is_some_and(|x| x.fract() == 0.0) => None,
        Value::Number(_) => Some((
            "int_from_float",
            "Input should be a valid integer, got a number with a fractional part",
        )),
        Value::String(text) if text.trim().parse::<i128>().is_ok() => None,
        Value::String(_) => Some((
            "int_parsing",
            "Input should be a valid integer, unable to parse string as an integer",
        )),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            Some(("int_type", "Input should be a valid integer"))
        }
    }
}

fn fault((kind, message): Reason, path: &[Value], input: &Value) -> Value {
    json!({"type": kind, "loc": path, "msg": message, "input": input})
}
