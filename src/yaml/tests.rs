//! Tests of documents as a whole: positions, limits, setting values.

use serde::Deserialize;

use super::*;
use crate::diagnostic::InputError;

fn parse(text: &str) -> Result<Document, InputError> {
    Document::parse("f.yaml", text)
}

/// `line:column message` of an error.
fn fails(text: &str) -> String {
    let e = parse(text).unwrap_err();
    let p = e.position.unwrap();
    format!("{}:{} {}", p.line, p.column, e.message)
}

#[test]
fn every_node_has_its_place_and_path() {
    let d = parse("# c\na:\n  - x\n  - {b: 1, \"c.d\": [é, 2]}\né: z\n").unwrap();
    for (path, place) in [
        ("a[0]", "f.yaml:3:5"),
        ("a[1].b", "f.yaml:4:9"),
        ("a[1].\"c.d\"", "f.yaml:4:19"),
        ("a[1].\"c.d\"[1]", "f.yaml:4:23"),
        ("é", "f.yaml:5:4"),
    ] {
        let node = d.find(path).unwrap();
        assert_eq!(d.position(node).to_string(), place, "{path}");
        assert_eq!(d.position(node).path.as_deref(), Some(path));
    }
    assert!(d.find("a[2]").is_none() && d.find("x").is_none());
}

/// Where the letter `q` stands, by line and column counted in the file.
#[test]
fn characters_of_scalars_have_their_place() {
    for (what, text) in [
        ("plain", "s: ab q\n"),
        ("plain, folded", "s: ab\n   cd\n\n     ef q x\n"),
        ("single quoted", "s: 'it''s ''q'\n"),
        ("single quoted, folded", "s: 'a\n  it''s\n   q'\n"),
        ("double quoted", "s: \"a\\tb \\u00e9 \\x41 \\\"q\"\n"),
        ("double quoted, folded", "s: \"a \\\n    b\n   c \\n q\"\n"),
        ("literal", "s: |\n   a\n\n     b\n   q\n"),
        ("literal with indentation", "s: |2\n     a\n  q\n"),
        ("folded", "s: >-\n   a b\n   c\n\n   d  q\n"),
        ("folded, with more indentation", "s: >\n   a\n     b  q\n   d\n"),
        ("inside a flow", "s: {key: a b, x: ' ''q'}\n"),
        ("wide characters", "s: 'é€ ''😀 q'\n"),
    ] {
        let at = text.find('q').unwrap();
        let line = text[..at].matches('\n').count() + 1;
        let column = text[..at].chars().rev().take_while(|c| *c != '\n').count() + 1;
        let d = parse(text).unwrap();
        let node = d.find("s.x").or_else(|| d.find("s")).unwrap();
        let value = d.scalar_text(node);
        let place = d.origin(node).locate(value, value.find('q').unwrap());
        assert_eq!((place.line as usize, place.column as usize), (line, column), "{what}: {value:?}");
    }
}

#[test]
fn files_that_are_none() {
    assert_eq!(fails(""), "1:1 `f.yaml` is empty");
    assert_eq!(fails("# only a comment\n"), "1:1 `f.yaml` is empty");
    assert_eq!(fails("a: 1\nb: \0x\n"), "2:4 `f.yaml` is not a text file: it holds a NUL character");
    assert_eq!(fails("a: 1\n---\nb: 2\n"), "2:1 a second YAML document");
    assert_eq!(fails("a: 1\nb: 2\na: 3\n"), "3:1 key `a` stands here twice");
    assert_eq!(fails("a: &x [*x]\n"), "1:8 an alias inside the value that it stands for");
    assert_eq!(fails("{a: 1}: 2\n"), "1:1 a key that is a list or a mapping");
    assert_eq!(fails("a: !secret x\n"), "1:4 tag `!secret` is not known here");
    assert!(fails("a: [1, 2\nb: 3\n").contains("not YAML"));
    assert!(fails("a: b: c\n").starts_with("1:"));
}

#[test]
fn files_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w.yaml");
    let read = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        Document::read(&path)
    };
    assert!(read(b"\xef\xbb\xbfa: 1\n").is_ok(), "a byte order mark is no part of the text");
    let e = read(b"a: 1\nb: \xff\xfe\n").unwrap_err();
    assert!(e.message.ends_with("is not valid UTF-8"), "{}", e.message);
    assert_eq!(e.position.map(|p| (p.line, p.column)), Some((2, 4)));
    let e = Document::read(&folder.path().join("none.yaml")).unwrap_err();
    assert!(e.message.contains("none.yaml") && e.message.starts_with("failed to read"), "{}", e.message);
    let e = Document::read(&folder.path().join("v.yaml")).unwrap_err();
    assert_eq!(e.nearest.as_deref(), Some("w.yaml"));
    assert!(Document::read(folder.path()).is_err());
    // A sparse file: 100 MB that nobody must read.
    std::fs::File::create(&path).unwrap().set_len(100 << 20).unwrap();
    let started = std::time::Instant::now();
    assert!(Document::read(&path).unwrap_err().message.ends_with("is larger than 16 MB"));
    assert!(started.elapsed().as_millis() < 500);
}

#[test]
fn nesting_and_aliases_have_limits() {
    let started = std::time::Instant::now();
    for unit in ["[", "{a: ", "- ", "[{a: ["] {
        let text = unit.repeat(200_000);
        let e = parse(&text).unwrap_err();
        assert_eq!(e.message, "nested deeper than 100 levels", "{unit}");
        assert_eq!(e.position.unwrap().line, 1);
    }
    let mut deep = String::new();
    for level in 0..2000 {
        deep.push_str(&format!("{}a:\n", " ".repeat(level)));
    }
    assert_eq!(parse(&deep).unwrap_err().message, "nested deeper than 100 levels");
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..20 {
        let of = format!("*a{}, ", level - 1).repeat(9);
        bomb.push_str(&format!("a{level}: &a{level} [{of}]\n"));
    }
    let e = parse(&bomb).unwrap_err();
    assert_eq!(e.message, "aliases that unfold into too many values");
    assert_eq!(e.position.unwrap().line, 6, "9^5 values are in the sixth line");
    let mut chain = "a0: &a0 [x]\n".to_owned();
    for level in 1..300 {
        chain.push_str(&format!("a{level}: &a{level} [*a{}]\n", level - 1));
    }
    assert_eq!(parse(&chain).unwrap_err().message, "nested deeper than 100 levels");
    assert!(started.elapsed().as_secs() < 10);
    let d = parse("a: &x {b: 1}\nc: *x\n").unwrap();
    assert_eq!(d.position(d.find("c.b").unwrap()).path.as_deref(), Some("c.b"));
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with `clients`")]
struct Sample {
    clients: Located<Count>,
    #[serde(default)]
    names: Entries<Text, Number>,
    kind: Option<Kind>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Plain,
    Pair((Number, Number)),
}

#[test]
fn what_does_not_fit_a_type() {
    let read = |text: &str| parse(text).and_then(|d| d.deserialize::<Sample>());
    let sample = read("clients: 5k\nnames: {z: 1, a: 2}\nkind: {pair: [1, 2]}\n").unwrap();
    assert_eq!(sample.clients.value, Count(5000.0));
    assert_eq!(sample.names.0.iter().map(|(k, _)| k.value.0.as_str()).collect::<Vec<_>>(), ["z", "a"]);
    assert_eq!(sample.kind, Some(Kind::Pair((Number(1.0), Number(2.0)))));
    assert_eq!(read("clients: 1\nkind: plain\n").unwrap().kind, Some(Kind::Plain));
    assert_eq!(read("clients: 1\nnames:\nkind:\n").unwrap().kind, None);
    for (text, place, message, expected, nearest) in [
        ("clents: 1\n", "1:1", "unknown key `clents`", "one of `clients`, `names`, `kind`", "clients"),
        ("names: {}\n", "1:1", "missing key `clients`", "", ""),
        ("- 1\n", "1:1", "a list where it cannot be", "a mapping with `clients`", ""),
        ("5\n", "1:1", "number `5` where it cannot be", "a mapping with `clients`", ""),
        ("clients:\n", "1:8", "nothing where a value must be", "a count, such as `5000000`, `5M` or `20k`", ""),
        ("clients: [1]\n", "1:10", "a list where it cannot be", "a count, such as `5000000`, `5M` or `20k`", ""),
        ("clients: 1\nnames: {a: x}\n", "2:12", "`x` is not a number", "a number", ""),
        ("clients: 1\nnames: 5\n", "2:8", "number `5` where it cannot be", "a mapping from names to values", ""),
        ("clients: 1\nkind: plan\n", "2:7", "unknown value `plan`", "one of `plain`, `pair`", "plain"),
        ("clients: 1\nkind: {par: 1}\n", "2:8", "unknown value `par`", "one of `plain`, `pair`", "pair"),
        ("clients: 1\nkind: {pair: [1]}\n", "2:14", "a list of 1 value", "a tuple of size 2", ""),
        ("clients: 1\nkind: {pair: [1, 2, 3]}\n", "2:14", "a list of 3 values", "fewer values", ""),
        (
            "clients: 1\nkind: {pair: [1, 2], plain: 3}\n",
            "2:22",
            "more than one key",
            "one key: one of `plain`, `pair`",
            "",
        ),
        ("clients: 1\nkind: {}\n", "2:7", "an empty mapping", "one key: one of `plain`, `pair`", ""),
        ("clients: 1\nkind: pair\n", "2:7", "`pair` without its value", "`{pair: ...}`", ""),
    ] {
        let e = read(text).unwrap_err();
        let p = e.position.as_ref().unwrap();
        let got = (
            format!("{}:{}", p.line, p.column),
            e.message.as_str(),
            e.expected.as_deref().unwrap_or(""),
            e.nearest.as_deref().unwrap_or(""),
        );
        assert_eq!(got, (place.to_owned(), message, expected, nearest), "{text}");
        assert_eq!(e.source_text.as_deref(), Some(text));
    }
}

#[test]
fn setting_values() {
    let base = "a: {b: 1}\nlist:\n  - {name: first, w: 1}\n  - {name: second, w: 2}\nempty:\ntables: {crm.contacts: {rows: 1}}\n";
    let set = |path: &str, value: &str| {
        let mut d = parse(base).unwrap();
        d.set(path, value).map(|()| d)
    };
    for (path, value, asked, text) in [
        ("a.b", "2", "a.b", "2"),
        ("a.c", "x y", "a.c", "x y"),
        ("a.c.d.e", "5M", "a.c.d.e", "5M"),
        ("new.section[0].key", "on", "new.section[0].key", "on"),
        ("empty.key", "1", "empty.key", "1"),
        ("list[1].w", "7", "list.second.w", "7"),
        ("list.second.w", "7", "list[1].w", "7"),
        ("list[2].name", "third", "list.third.name", "third"),
        ("tables.\"crm.contacts\".rows", "9", "tables.\"crm.contacts\".rows", "9"),
        ("tables.\"x.y\".rows", "9", "tables.\"x.y\".rows", "9"),
        ("a", "{z: [1, {q: 2}]}", "a.z[1].q", "2"),
        ("a.b", "", "a.b", ""),
        ("a.b", "\"it's\"", "a.b", "it's"),
    ] {
        let d = set(path, value).unwrap();
        let node = d.find(asked).unwrap_or_else(|| panic!("{path}"));
        assert_eq!(d.scalar_text(node), text, "{path}");
        assert_eq!(d.position(node).file.as_ref(), "--set");
    }
    let d = set("a.b", "2").unwrap();
    assert_eq!(d.position(d.find("a.b").unwrap()).to_string(), "--set:1:5");
    assert_eq!(d.find("list.first.w").map(|n| d.position(n).to_string()).unwrap(), "f.yaml:3:22");
}

#[test]
fn setting_what_cannot_be() {
    for (path, value, message, nearest) in [
        ("list.secund.w", "1", "`list` has no item of the name `secund`", Some("second")),
        ("list[5].w", "1", "`list` has no item [5]", None),
        ("a.b.c", "1", "`a.b` is the value `1`, with nothing below it", None),
        ("a[0]", "1", "`a` is not a list, so it has no item [0]", None),
        ("tables.crm.contacts.rows", "1", "a key with dots needs quotes: \"crm.contacts\"", Some("\"crm.contacts\"")),
        ("x[3]", "1", "item [3] of a list that does not exist", None),
        ("a..b", "1", "malformed path `a..b`: a key is missing at character 3", None),
        ("a.b", "[1", "", None),
        ("a.b", "x: y: z", "", None),
    ] {
        let mut d =
            parse("a: {b: 1}\nlist: [{name: first}, {name: second}]\ntables: {crm.contacts: {rows: 1}}\n").unwrap();
        let before = d.clone();
        let e = d.set(path, value).unwrap_err();
        assert!(e.message.starts_with(message), "{path}: {}", e.message);
        assert_eq!(e.nearest.as_deref(), nearest, "{path}");
        assert_eq!(e.position.as_ref().unwrap().file.as_ref(), "--set");
        for asked in ["a.b", "list[1].name", "tables.\"crm.contacts\".rows"] {
            let text = |d: &Document| d.find(asked).map(|n| d.scalar_text(n).to_owned());
            assert_eq!(text(&d), text(&before), "{path} must leave the rest alone");
        }
    }
}

#[test]
fn removing_values() {
    let mut d = parse("a: 1\nb: [x, y, z]\n").unwrap();
    assert!(d.remove("a") && d.remove("b[0]"));
    assert!(!d.remove("a") && !d.remove("c.d"));
    assert_eq!(d.scalar_text(d.find("b[1]").unwrap()), "z");
    assert_eq!(d.path(d.find("b[1]").unwrap()), "b[1]");
}
