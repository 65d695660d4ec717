//! Finds the JSON in what people keep of an EXPLAIN: bare, as psql prints it in its table styles, as CSV, as a row
//! of a client's result, or as auto_explain logs it.

use serde_json::Value;

use crate::diagnostic::{InputError, TextOrigin};

/// Levels of wrapping that clients put around a plan: rows, columns, a text that is JSON itself.
const MAX_WRAPS: usize = 8;
const EXPECTED: &str = "the output of EXPLAIN (FORMAT JSON): `[{\"Plan\": {...}}]`, as it is or as psql prints it";

/// The explained statements of a text, each an object with a key `Plan`.
///
/// # Errors
/// A text that is no JSON, at its place in the file; JSON that is no plan, at its start.
pub(super) fn explained(file: &str, text: &str) -> Result<Vec<Value>, InputError> {
    let bare = bare(text);
    let mut values = serde_json::Deserializer::from_str(&bare).into_iter::<Value>();
    let value = match values.next() {
        Some(Ok(value)) => value,
        Some(Err(e)) => return Err(no_json(file, text, &bare, &e)),
        None if text.trim().is_empty() => return Err(fail(file, text, 0, "the plan is empty")),
        None => return Err(fail(file, text, 0, "the plan is not JSON: no line of it begins with `[` or `{`")),
    };
    let end = values.byte_offset();
    if let Some(more) = bare[end..].find(|c: char| !c.is_whitespace()) {
        return Err(fail(file, text, end + more, "text after the plan, which is one EXPLAIN's output"));
    }
    let mut found = Vec::new();
    unwrap(value, 0, &mut found);
    if found.is_empty() {
        let start = bare.find(|c: char| !c.is_whitespace()).unwrap_or(0);
        return Err(fail(
            file,
            text,
            start,
            "the plan is not the output of EXPLAIN (FORMAT JSON): it has no object `Plan` with a `Node Type`",
        ));
    }
    Ok(found)
}

fn fail(file: &str, text: &str, offset: usize, message: &str) -> InputError {
    let mut error = InputError::new(message).at(TextOrigin::file(file).locate(text, offset)).expected(EXPECTED);
    error.source_text = Some(text.into());
    error
}

/// serde_json's own message, without the place that the position says.
fn no_json(file: &str, text: &str, bare: &str, e: &serde_json::Error) -> InputError {
    let message = e.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(m, _)| m);
    let line_start: usize = bare.split_inclusive('\n').take(e.line().saturating_sub(1)).map(str::len).sum();
    let offset = (line_start + e.column().saturating_sub(1)).min(text.len());
    fail(file, text, offset, &format!("the plan is not JSON: {message}"))
}

/// Takes away what clients put around a plan.
fn unwrap(value: Value, depth: usize, found: &mut Vec<Value>) {
    if depth > MAX_WRAPS {
        return;
    }
    match value {
        Value::Array(items) => items.into_iter().for_each(|v| unwrap(v, depth + 1, found)),
        Value::String(text) => {
            if let Ok(inner) = serde_json::from_str(&text) {
                unwrap(inner, depth + 1, found);
            }
        }
        Value::Object(mut object) => {
            if object.get("Plan").is_some_and(|p| p.get("Node Type").is_some_and(Value::is_string)) {
                found.push(Value::Object(object));
            } else if object.get("Node Type").is_some_and(Value::is_string) {
                // The tree alone, without the object that EXPLAIN puts around it.
                found.push(serde_json::json!({ "Plan": object }));
            } else {
                let key =
                    ["QUERY PLAN", "query_plan", "queryplan", "rows"].into_iter().find(|k| object.contains_key(*k));
                if let Some(inner) = key.and_then(|k| object.remove(k)) {
                    unwrap(inner, depth + 1, found);
                }
            }
        }
        _ => {}
    }
}

/// The text with everything around the JSON replaced by blanks, so that places stay what they are; of CSV the lines
/// stay, and columns shift by the quotes taken out.
fn bare(text: &str) -> String {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_start().starts_with(['[', '{']) && !text.contains("(1 row)") && !continued(text) {
        return text.to_owned();
    }
    if let Some(csv) = of_csv(text) {
        return csv;
    }
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    for line in text.split_inclusive('\n') {
        let body = line.trim_end_matches(['\n', '\r']);
        let start = start_of(body);
        inside |= body[start..].starts_with(['[', '{']);
        let stop = if inside && !is_footer(&body[start..]) { end_of(body).max(start) } else { 0 };
        let start = start.min(stop);
        blank(&mut out, &body[..start]);
        out.push_str(&body[start..stop]);
        blank(&mut out, &body[stop..]);
        out.push_str(&line[body.len()..]);
    }
    out
}

fn blank(out: &mut String, text: &str) {
    out.extend(std::iter::repeat_n(' ', text.len()));
}

/// Whether a line ends in psql's mark that its value goes on.
fn continued(text: &str) -> bool {
    text.lines().next().is_some_and(|l| l.trim_end().ends_with(['+', '↵']))
}

/// Where the value begins in a line of a table: after the border, or after the name of the column.
fn start_of(line: &str) -> usize {
    let trimmed = line.trim_start_matches([' ', '\t']);
    let at = line.len() - trimmed.len();
    for border in ["QUERY PLAN", "|", "│"] {
        if let Some(rest) = trimmed.strip_prefix(border) {
            return at + border.len() + start_of(rest);
        }
    }
    at
}

/// Where it ends: before psql's mark and the border.
fn end_of(line: &str) -> usize {
    let body = line.trim_end();
    let body = body.strip_suffix(['|', '│']).map_or(body, str::trim_end);
    body.strip_suffix(['+', '↵']).unwrap_or(body).len()
}

/// `(1 row)`, and the lines that draw a table.
fn is_footer(line: &str) -> bool {
    let line = line.trim();
    (line.starts_with('(') && line.ends_with(')'))
        || (line.len() > 2 && line.chars().all(|c| matches!(c, '-' | '+' | '─' | '└' | '┘' | '┴' | '┼' | '├' | '┤')))
}

/// A value that is quoted as CSV, with or without the header line.
fn of_csv(text: &str) -> Option<String> {
    let body = text.strip_prefix("QUERY PLAN").map_or(text, |rest| rest.trim_start_matches(['\r', '\n']));
    let header = text[..text.len() - body.len()].matches('\n').count();
    let inner = body.trim_end().strip_prefix('"')?.strip_suffix('"')?;
    inner.trim_start().starts_with(['[', '{']).then(|| "\n".repeat(header) + &inner.replace("\"\"", "\""))
}
