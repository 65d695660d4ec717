//! The words of a full-text query.

use crate::access::clause::ValueSet;
use crate::access::values::Value;

/// The words that a query asks for, as far as its text is known; stemming and weights are left aside.
///
/// Alternatives count as if all were asked for, since the rarest word decides what an index reads.
#[must_use]
pub fn words(query: &ValueSet) -> Vec<Value> {
    let Some(text) = query.values.first().and_then(Value::text) else { return vec![Value::Unknown] };
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let found: Vec<Value> = text
        .split(|c| !word(c))
        .filter(|w| !w.is_empty() && !w.eq_ignore_ascii_case("or"))
        .map(|w| Value::Text(w.to_lowercase()))
        .collect();
    if found.is_empty() { vec![Value::Unknown] } else { found }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_no_words() {
        let query = |text: &str| ValueSet {
            domain: 1.0,
            values: vec![Value::Text(text.to_owned())],
            distribution: None,
            parameter: false,
            hidden: false,
        };
        let text = |w: &str| Value::Text(w.to_owned());
        assert_eq!(words(&query("Fat & (rat | cat)")), [text("fat"), text("rat"), text("cat")]);
        assert_eq!(words(&query("fat or rat")), [text("fat"), text("rat")]);
        assert_eq!(words(&query(" & ")), [Value::Unknown]);
    }
}
