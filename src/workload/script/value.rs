//! Values of pgbench's expressions and what its operators and functions make of them.

use super::permute::permute;

/// A value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value {
    /// NULL.
    Null,
    /// A boolean.
    Bool(bool),
    /// A 64-bit integer.
    Int(i64),
    /// A double.
    Double(f64),
}

impl Value {
    /// As pgbench's `\if` takes it: numbers other than zero are true.
    pub(super) fn truth(self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(b) => b,
            Self::Int(n) => n != 0,
            Self::Double(x) => x != 0.0,
        }
    }

    /// As a number.
    #[allow(clippy::cast_precision_loss)]
    pub(super) fn number(self) -> Option<f64> {
        match self {
            Self::Int(n) => Some(n as f64),
            Self::Double(x) => Some(x),
            Self::Null | Self::Bool(_) => None,
        }
    }

    /// As an integer; doubles are rounded.
    fn integer(self) -> Option<i64> {
        match self {
            Self::Int(n) => Some(n),
            Self::Double(x) => to_integer(x.round_ties_even()),
            Self::Null | Self::Bool(_) => None,
        }
    }
}

/// A whole double as an integer, when it fits.
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
fn to_integer(x: f64) -> Option<i64> {
    (x >= i64::MIN as f64 && x < i64::MAX as f64).then_some(x as i64)
}

/// Seed of `hash` where none is given; pgbench draws it anew for each run.
const DEFAULT_SEED: i64 = 0;

/// Applies an operator or function by its name; `Ok(None)` where its result is not computed here.
///
/// # Errors
/// What pgbench refuses at run time: division by zero, overflow, operands of the wrong type.
pub(super) fn apply(name: &str, arguments: &[Value]) -> Result<Option<Value>, String> {
    // NULL gives NULL, but for the tests on NULL themselves.
    let strict = !matches!(name, "is null" | "is true" | "is false" | "and" | "or" | "debug");
    if strict && arguments.contains(&Value::Null) {
        return Ok(Some(Value::Null));
    }
    let (a, b) = (arguments.first().copied().unwrap_or(Value::Null), arguments.get(1).copied().unwrap_or(Value::Null));
    Ok(Some(match name {
        "is null" => Value::Bool(a == Value::Null),
        "is true" => Value::Bool(a == Value::Bool(true)),
        "is false" => Value::Bool(a == Value::Bool(false)),
        "not" => Value::Bool(!a.truth()),
        "and" => and(a, b),
        "or" => or(a, b),
        "+" | "-" | "*" | "/" | "%" | "mod" => arithmetic(name, a, b)?,
        "<" | ">" | "<=" | ">=" | "=" | "<>" => compare(name, a, b)?,
        "<<" | ">>" | "|" | "#" | "&" => bits(name, integer(a)?, integer(b)?),
        "debug" => a,
        "abs" => match a {
            Value::Int(n) => Value::Int(n.checked_abs().ok_or("bigint out of range")?),
            other => Value::Double(number(other)?.abs()),
        },
        "int" => Value::Int(integer(a)?),
        "double" => Value::Double(number(a)?),
        "exp" => Value::Double(number(a)?.exp()),
        "ln" => Value::Double(number(a)?.ln()),
        "sqrt" => Value::Double(number(a)?.sqrt()),
        "pi" => Value::Double(std::f64::consts::PI),
        "pow" | "power" => Value::Double(number(a)?.powf(number(b)?)),
        "greatest" | "least" => extreme(name, arguments)?,
        "hash" | "hash_murmur2" => Value::Int(murmur2(integer(a)?, seed(arguments)?)),
        "permute" => {
            let size = integer(b)?;
            if size <= 0 {
                return Err("permute size parameter must be greater than zero".to_owned());
            }
            let seed = arguments.get(2).map_or(Ok(DEFAULT_SEED), |s| integer(*s))?;
            Value::Int(permute(integer(a)?, size, seed))
        }
        "hash_fnv1a" => Value::Int(fnv1a(integer(a)?, seed(arguments)?)),
        _ => return Ok(None),
    }))
}

fn integer(value: Value) -> Result<i64, String> {
    value.integer().ok_or_else(|| "an integer is needed here".to_owned())
}

fn number(value: Value) -> Result<f64, String> {
    value.number().ok_or_else(|| "a number is needed here".to_owned())
}

fn seed(arguments: &[Value]) -> Result<i64, String> {
    arguments.get(1).map_or(Ok(DEFAULT_SEED), |s| integer(*s))
}

fn and(a: Value, b: Value) -> Value {
    match (a, b) {
        (Value::Null, other) | (other, Value::Null) if other == Value::Null || other.truth() => Value::Null,
        _ => Value::Bool(a.truth() && b.truth()),
    }
}

fn or(a: Value, b: Value) -> Value {
    match (a, b) {
        (Value::Null, other) | (other, Value::Null) if !other.truth() => Value::Null,
        _ => Value::Bool(a.truth() || b.truth()),
    }
}

fn arithmetic(name: &str, a: Value, b: Value) -> Result<Value, String> {
    let overflow = || "bigint out of range".to_owned();
    if let (Value::Int(a), Value::Int(b)) = (a, b) {
        if matches!(name, "/" | "%" | "mod") && b == 0 {
            return Err("division by zero".to_owned());
        }
        let result = match name {
            "+" => a.checked_add(b),
            "-" => a.checked_sub(b),
            "*" => a.checked_mul(b),
            "/" => a.checked_div(b),
            // The one case that overflows has remainder 0.
            _ => Some(a.checked_rem(b).unwrap_or(0)),
        };
        return result.map(Value::Int).ok_or_else(overflow);
    }
    if matches!(name, "%" | "mod") {
        return arithmetic(name, Value::Int(integer(a)?), Value::Int(integer(b)?));
    }
    let (a, b) = (number(a)?, number(b)?);
    Ok(Value::Double(match name {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        _ if b == 0.0 => return Err("division by zero".to_owned()),
        _ => a / b,
    }))
}

fn compare(name: &str, a: Value, b: Value) -> Result<Value, String> {
    let order = match (a, b) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(&b)),
        _ => number(a)?.partial_cmp(&number(b)?),
    };
    let Some(order) = order else { return Ok(Value::Bool(false)) };
    Ok(Value::Bool(match name {
        "<" => order.is_lt(),
        ">" => order.is_gt(),
        "<=" => order.is_le(),
        ">=" => order.is_ge(),
        "=" => order.is_eq(),
        _ => order.is_ne(),
    }))
}

fn bits(name: &str, a: i64, b: i64) -> Value {
    let by = u32::try_from(b.rem_euclid(64)).unwrap_or(0);
    Value::Int(match name {
        "<<" => a.wrapping_shl(by),
        ">>" => a.wrapping_shr(by),
        "|" => a | b,
        "#" => a ^ b,
        _ => a & b,
    })
}

fn extreme(name: &str, arguments: &[Value]) -> Result<Value, String> {
    let all_integers = arguments.iter().all(|a| matches!(a, Value::Int(_)));
    let greatest = name == "greatest";
    if all_integers {
        let integers = arguments.iter().filter_map(|a| a.integer());
        let found = if greatest { integers.max() } else { integers.min() };
        return found.map(Value::Int).ok_or_else(|| "no argument".to_owned());
    }
    let mut found: Option<f64> = None;
    for argument in arguments {
        let x = number(*argument)?;
        found = Some(found.map_or(x, |f| if greatest { f.max(x) } else { f.min(x) }));
    }
    found.map(Value::Double).ok_or_else(|| "no argument".to_owned())
}

/// FNV-1a over the eight bytes of a value, lowest first.
fn fnv1a(value: i64, seed: i64) -> i64 {
    let start = 0xcbf2_9ce4_8422_2325 ^ seed.cast_unsigned();
    let hash = |h: u64, byte: u8| (h ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    value.to_le_bytes().into_iter().fold(start, hash).cast_signed()
}

/// `MurmurHash64A` of one eight-byte block.
fn murmur2(value: i64, seed: i64) -> i64 {
    const M: u64 = 0xc6a4_a793_5bd1_e995;
    let mix = |x: u64| x ^ (x >> 47);
    let k = mix(value.cast_unsigned().wrapping_mul(M)).wrapping_mul(M);
    let h = ((seed.cast_unsigned() ^ 8u64.wrapping_mul(M)) ^ k).wrapping_mul(M);
    mix(mix(h).wrapping_mul(M)).cast_signed()
}
