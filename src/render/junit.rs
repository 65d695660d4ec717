//! JUnit XML: three elements, escaped properly; what CI servers show as test results.

use crate::forecast::check::{Check, Verdict};
use crate::render::check::{describe, headline};

/// One test case per rule.
#[must_use]
pub fn junit(check: &Check) -> String {
    let suite = escape(&check.forecast.workload);
    let mut cases = String::new();
    let (mut failures, mut skipped, mut total) = (0, 0, 0);
    for o in &check.rules {
        let message = escape(&describe(o));
        let inner = match (o.verdict, o.level) {
            (Verdict::Breached, "error") => {
                failures += 1;
                format!("<failure message=\"{message}\" type=\"breached\"/>")
            }
            (Verdict::NoBaseline, _) => {
                skipped += 1;
                "<skipped message=\"no comparable baseline\"/>".to_owned()
            }
            _ => format!("<system-out>{message}</system-out>"),
        };
        total += 1;
        cases += &case(&suite, &escape(&o.rule), &inner);
    }
    for w in &check.strict_failures {
        (failures, total) = (failures + 1, total + 1);
        let name = format!("strict: {}", w.location.as_deref().unwrap_or(&w.code));
        let inner = format!("<failure message=\"{}\" type=\"{}\"/>", escape(&w.message), escape(&w.code));
        cases += &case(&suite, &escape(&name), &inner);
    }
    if let (Some(why), false) = (&check.no_baseline_because, skipped > 0) {
        (skipped, total) = (skipped + 1, total + 1);
        cases += &case(&suite, "baseline", &format!("<skipped message=\"{}\"/>", escape(why)));
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"predict check: {suite}\" \
         tests=\"{total}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\">\n{cases}    \
         <system-out>{}</system-out>\n  </testsuite>\n</testsuites>\n",
        escape(&headline(check))
    )
}

fn case(class: &str, name: &str, inner: &str) -> String {
    format!("    <testcase classname=\"predict.{class}\" name=\"{name}\">{inner}</testcase>\n")
}

/// Text for XML 1.0, in content and in attributes; characters that XML cannot hold become U+FFFD.
fn escape(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            '\r' => out.push_str("&#13;"),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::check::tests::check;

    #[test]
    fn counts_agree_with_the_cases() {
        let xml = junit(&check());
        assert_eq!(xml.matches("<testcase ").count(), 5, "{xml}");
        assert_eq!(xml.matches("<failure ").count(), 2, "a breached warning is no failure: {xml}");
        assert!(xml.contains("tests=\"5\" failures=\"2\" errors=\"0\" skipped=\"0\""), "{xml}");
        assert!(xml.contains("name=\"tps &gt;= 800\""), "{xml}");
    }

    #[test]
    fn what_xml_cannot_hold_is_replaced() {
        assert_eq!(escape("a<b>&\"'\u{1}\n"), "a&lt;b&gt;&amp;&quot;&apos;\u{fffd}&#10;");
    }
}
