//! Changing one value of a document: `--set cpu.cores=8`.

use super::build::{Offset, build};
use super::document::{Document, Kind, Node, NodeId, Role, ScalarNode, Source};
use super::path::{PathSegment, Segment, parse_path, quote_key};
use crate::diagnostic::{InputError, Position, nearest};

impl Document {
    /// Sets the value at a path, which may be a key that is not there yet: sections on the way are made.
    ///
    /// A list's item is named by its index (`transactions[0]`) or by its `name` (`transactions.transfer`).
    /// The value is read as YAML: `8`, `[1, 5]`, `{random: [1, 10]}`.
    ///
    /// # Errors
    /// A path that cannot be read or leads through a value that is no section; a value that is not
    /// YAML. Whether the key means anything is found out when the document is read into a type.
    pub fn set(&mut self, path: &str, value: &str) -> Result<(), InputError> {
        let assignment: std::sync::Arc<str> = format!("{path}={value}").into();
        let source = Source { name: "--set".into(), text: std::sync::Arc::clone(&assignment) };
        let at_path = |e: InputError, offset: usize| {
            let column = u32::try_from(path[..offset].chars().count() + 1).unwrap_or(u32::MAX);
            let mut e = e.at(Position { file: "--set".into(), line: 1, column, path: Some(path.to_owned()) });
            e.source_text = Some(std::sync::Arc::clone(&assignment));
            e
        };
        let segments = parse_path(path).map_err(|e| at_path(e, 0))?;
        let source_index = u32::try_from(self.sources.len()).unwrap_or(u32::MAX);
        let columns = u32::try_from(path.chars().count() + 1).unwrap_or(u32::MAX);
        let offset = Offset { bytes: path.len() + 1, columns };
        // On an error the document must be as it was: nodes that nothing names do no harm, and links
        // are made last.
        let before = self.nodes.len();
        let built = build(&mut self.nodes, &source, source_index, offset);
        let value = match built {
            Ok(Some(value)) => value,
            Ok(None) => self.push(Kind::Scalar(null()), (source_index, 1, columns + 1)),
            Err(e) => {
                self.nodes.truncate(before);
                return Err(e);
            }
        };
        self.sources.push(source);
        let linked = self.link(&segments, value, source_index);
        linked.map_err(|(e, offset)| {
            self.sources.pop();
            at_path(e, offset)
        })
    }

    /// Removes the value at a path, with its key; whether it was there.
    pub fn remove(&mut self, path: &str) -> bool {
        let Some(node) = self.find(path) else { return false };
        let parent = self.node(node).parent.0 as usize;
        match &mut self.nodes[parent].kind {
            Kind::Mapping(entries) => entries.retain(|(_, v)| *v != node),
            Kind::Sequence(items) => items.retain(|i| *i != node),
            Kind::Scalar(_) => return false,
        }
        let items = match &self.nodes[parent].kind {
            Kind::Sequence(items) => items.clone(),
            _ => Vec::new(),
        };
        for (i, item) in items.into_iter().enumerate() {
            self.nodes[item.0 as usize].role = Role::Item(u32::try_from(i).unwrap_or(u32::MAX));
        }
        true
    }

    fn push(&mut self, kind: Kind, (source, line, column): (u32, u32, u32)) -> NodeId {
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(Node { parent: id, role: Role::Root, source, line, column, kind });
        id
    }

    /// Puts `value` at the path; an error comes with the offset in the path that it is about.
    fn link(&mut self, segments: &[PathSegment], value: NodeId, source: u32) -> Result<(), (InputError, usize)> {
        let mut at = self.root;
        for (i, segment) in segments.iter().enumerate() {
            let Some(child) = self.child(at, &segment.what) else {
                return self.grow(at, &segments[i..], value, source);
            };
            at = child;
        }
        self.replace(at, value);
        Ok(())
    }

    /// Puts `new` in the place of `old`.
    fn replace(&mut self, old: NodeId, new: NodeId) {
        let Node { parent, role, .. } = *self.node(old);
        match &mut self.nodes[parent.0 as usize].kind {
            Kind::Mapping(entries) => entries.iter_mut().filter(|e| e.1 == old).for_each(|e| e.1 = new),
            Kind::Sequence(items) => items.iter_mut().filter(|i| **i == old).for_each(|i| *i = new),
            Kind::Scalar(_) => self.root = new,
        }
        let node = &mut self.nodes[new.0 as usize];
        (node.parent, node.role) = (parent, role);
    }

    /// Makes the sections that are missing below `at`, and puts `value` into the last.
    fn grow(
        &mut self,
        at: NodeId,
        segments: &[PathSegment],
        value: NodeId,
        source: u32,
    ) -> Result<(), (InputError, usize)> {
        let first = &segments[0];
        self.may_grow(at, segments).map_err(|e| (e, first.offset))?;
        // From the end: each missing section holds what comes after it.
        let mut inner = value;
        for segment in segments[1..].iter().rev() {
            let place = (source, 1, u32::try_from(segment.offset + 1).unwrap_or(u32::MAX));
            let (kind, role) = match &segment.what {
                Segment::Key(name) => {
                    let key = self.push(Kind::Scalar(text(name)), place);
                    (Kind::Mapping(vec![(key, inner)]), Role::Value(key))
                }
                Segment::Index(0) => (Kind::Sequence(vec![inner]), Role::Item(0)),
                Segment::Index(n) => {
                    let message = format!("item [{n}] of a list that does not exist");
                    return Err((InputError::new(message).expected("`[0]`"), segment.offset));
                }
            };
            let outer = self.push(kind, place);
            if let Role::Value(key) = role {
                self.adopt(key, outer, Role::Key);
            }
            self.adopt(inner, outer, role);
            inner = outer;
        }
        let place = (source, 1, u32::try_from(first.offset + 1).unwrap_or(u32::MAX));
        match &first.what {
            Segment::Key(name) => {
                let key = self.push(Kind::Scalar(text(name)), place);
                self.adopt(key, at, Role::Key);
                self.adopt(inner, at, Role::Value(key));
                match &mut self.nodes[at.0 as usize].kind {
                    Kind::Mapping(entries) => entries.push((key, inner)),
                    kind => *kind = Kind::Mapping(vec![(key, inner)]),
                }
            }
            Segment::Index(i) => {
                self.adopt(inner, at, Role::Item(u32::try_from(*i).unwrap_or(u32::MAX)));
                match &mut self.nodes[at.0 as usize].kind {
                    Kind::Sequence(items) => items.push(inner),
                    kind => *kind = Kind::Sequence(vec![inner]),
                }
            }
        }
        Ok(())
    }

    fn adopt(&mut self, child: NodeId, parent: NodeId, role: Role) {
        let node = &mut self.nodes[child.0 as usize];
        (node.parent, node.role) = (parent, role);
    }

    /// Whether a new child can come below `at`.
    fn may_grow(&self, at: NodeId, segments: &[PathSegment]) -> Result<(), InputError> {
        let here = self.path(at);
        match (&self.node(at).kind, &segments[0].what) {
            (Kind::Mapping(entries), Segment::Key(_)) => {
                // `tables.crm.contacts.rows` where the key is `crm.contacts`: a forgotten quote.
                let mut joined = String::new();
                for segment in segments {
                    let Segment::Key(name) = &segment.what else { break };
                    joined = if joined.is_empty() { name.clone() } else { format!("{joined}.{name}") };
                    if joined.contains('.') && entries.iter().any(|(k, _)| self.scalar_text(*k) == joined) {
                        let mut error =
                            InputError::new(format!("a key with dots needs quotes: {}", quote_key(&joined)));
                        error.nearest = Some(quote_key(&joined));
                        return Err(error);
                    }
                }
                Ok(())
            }
            (Kind::Sequence(items), Segment::Key(name)) => {
                let names: Vec<&str> = items.iter().filter_map(|i| self.name_of(*i)).collect();
                let mut error = InputError::new(format!("`{here}` has no item of the name `{name}`"));
                error.expected = Some(if names.is_empty() {
                    format!("an index below {}, such as `{here}[0]`", items.len())
                } else {
                    format!(
                        "one of {}, or an index",
                        names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
                    )
                });
                error.nearest = nearest(name, names).map(str::to_owned);
                Err(error)
            }
            (Kind::Sequence(items), Segment::Index(i)) if *i == items.len() => Ok(()),
            (Kind::Sequence(items), Segment::Index(i)) => Err(InputError::new(format!("`{here}` has no item [{i}]"))
                .expected(format!("an index of at most {}, which adds an item", items.len()))),
            (Kind::Mapping(_), Segment::Index(i)) => {
                Err(InputError::new(format!("`{here}` is not a list, so it has no item [{i}]")).expected("a key"))
            }
            (Kind::Scalar(s), Segment::Key(_) | Segment::Index(0))
                if super::scalar::resolve(s) == super::scalar::Plain::Null =>
            {
                Ok(())
            }
            (Kind::Scalar(s), _) => {
                Err(InputError::new(format!("`{here}` is the value `{}`, with nothing below it", s.text)))
            }
        }
    }
}

fn text(text: &str) -> ScalarNode {
    ScalarNode { text: text.into(), plain: false, anchors: None }
}

fn null() -> ScalarNode {
    ScalarNode { text: "".into(), plain: true, anchors: None }
}
