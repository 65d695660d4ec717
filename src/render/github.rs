//! GitHub's workflow commands: annotations on the lines of a pull request.

use crate::forecast::check::{Check, Verdict};
use crate::render::check::{describe, headline};

/// One annotation per breach, one per schema change behind it, and a notice with the verdict.
#[must_use]
pub fn github(check: &Check) -> String {
    let mut out = String::new();
    for o in &check.rules {
        let kind = match (o.verdict, o.level) {
            (Verdict::Breached, "error") => "error",
            (Verdict::Breached | Verdict::Inconclusive | Verdict::NoBaseline, _) => "warning",
            (Verdict::Passed, _) => continue,
        };
        let message = if o.verdict == Verdict::NoBaseline { "no comparable baseline".into() } else { describe(o) };
        // A rule on the command line has no line to point at.
        let place = o.location.as_deref().filter(|l| !l.starts_with("--"));
        out += &command(kind, place, &o.rule, &message);
    }
    for w in &check.strict_failures {
        out += &command("error", w.location.as_deref(), &w.code, &w.message);
    }
    let kind = if check.verdict == Verdict::Breached { "error" } else { "notice" };
    for c in &check.schema_changes {
        out += &command(kind, c.location.as_deref(), "schema change", &c.message);
    }
    out + &command("notice", None, "predict check", &format!("{}: {}", check.forecast.workload, headline(check)))
}

fn command(kind: &str, location: Option<&str>, title: &str, message: &str) -> String {
    let mut properties = String::new();
    let mut parts = location.unwrap_or_default().rsplitn(3, ':');
    if let (Some(column), Some(line), Some(file)) = (parts.next(), parts.next(), parts.next()) {
        properties = format!("file={},line={line},col={column},", property(file));
    }
    format!("::{kind} {properties}title={}::{}\n", property(title), data(message))
}

/// Escapes as GitHub's own toolkit does for a message.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes as GitHub's own toolkit does for a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::check::tests::check;

    #[test]
    fn annotations_point_at_lines() {
        let out = github(&check());
        let lines: Vec<&str> = out.lines().collect();
        assert!(lines[0].starts_with("::error file=rules.yaml,line=1,col=1,title=p95_ms <= 20ms::"), "{out}");
        assert!(lines[1].starts_with("::warning file=rules.yaml"), "{out}");
        assert!(lines[3].starts_with("::error file=schema.sql,line=12,col=1,title=schema change::new index"), "{out}");
        assert_eq!(lines.len(), 5);
    }

    #[test]
    fn a_message_stays_on_its_line() {
        assert_eq!(command("error", None, "a:b,c", "50%\nx"), "::error title=a%3Ab%2Cc::50%25%0Ax\n");
    }
}
