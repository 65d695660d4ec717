//! Turns the events of the YAML parser into the nodes of a document, within limits.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};

use super::anchors::anchors;
use super::document::{Kind, Node, NodeId, Role, ScalarNode, Source};
use crate::diagnostic::{InputError, Position};

/// Levels of nesting; the formats need six.
const MAX_DEPTH: usize = 100;
/// Nodes that aliases may add.
const MAX_ALIASED_NODES: usize = 100_000;

/// Where in its source the parsed text starts: nowhere else than at the start, but for `--set`.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Offset {
    pub(super) bytes: usize,
    pub(super) columns: u32,
}

/// A collection whose end has not come yet.
struct Open {
    id: NodeId,
    anchor: usize,
    /// The key that waits for its value.
    key: Option<NodeId>,
    /// The keys so far, of a mapping.
    keys: HashSet<Arc<str>>,
}

struct Builder<'a> {
    nodes: &'a mut Vec<Node>,
    source: &'a Source,
    source_index: u32,
    offset: Offset,
    open: Vec<Open>,
    root: Option<NodeId>,
    anchored: HashMap<usize, NodeId>,
    aliased: usize,
    documents: usize,
    /// Character and byte of the text reached so far; spans come in characters.
    cursor: (usize, usize),
}

/// Appends the nodes of a text; `None` when it holds no value.
pub(super) fn build(
    nodes: &mut Vec<Node>,
    source: &Source,
    source_index: u32,
    offset: Offset,
) -> Result<Option<NodeId>, InputError> {
    let mut builder = Builder {
        nodes,
        source,
        source_index,
        offset,
        open: Vec::new(),
        root: None,
        anchored: HashMap::new(),
        aliased: 0,
        documents: 0,
        cursor: (0, offset.bytes),
    };
    for event in Parser::new_from_str(&source.text[offset.bytes..]) {
        match event {
            Ok((event, span)) => builder.event(event, span)?,
            Err(e) => {
                let mark = e.marker();
                let (line, column) = builder.place(mark.line(), mark.col());
                let message = if e.info().contains("recursion limit") {
                    return Err(builder.too_deep(line, column));
                } else {
                    format!("not YAML: {}", e.info())
                };
                return Err(builder.error(line, column, message));
            }
        }
    }
    let root = builder.root;
    Ok(root.filter(|r| !matches!(&builder.nodes[r.0 as usize].kind, Kind::Scalar(s) if s.plain && s.text.is_empty())))
}

impl Builder<'_> {
    fn place(&self, line: usize, col: usize) -> (u32, u32) {
        let shift = if line <= 1 { self.offset.columns } else { 0 };
        (u32::try_from(line.max(1)).unwrap_or(u32::MAX), u32::try_from(col + 1).unwrap_or(u32::MAX) + shift)
    }

    fn error(&self, line: u32, column: u32, message: impl Into<String>) -> InputError {
        let mut error =
            InputError::new(message).at(Position { file: Arc::clone(&self.source.name), line, column, path: None });
        error.source_text = Some(Arc::clone(&self.source.text));
        error
    }

    fn too_deep(&self, line: u32, column: u32) -> InputError {
        self.error(line, column, format!("nested deeper than {MAX_DEPTH} levels"))
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), InputError> {
        let (line, column) = self.place(span.start.line(), span.start.col());
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(self.error(line, column, "a second YAML document").expected("one document per file"));
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                let text_tag = self.tag(tag.as_deref(), line, column)?;
                let plain = style == ScalarStyle::Plain && !text_tag;
                let raw = self.raw(span);
                let anchors = anchors(raw, &text, style, line, column);
                let kind = Kind::Scalar(ScalarNode { text: Arc::from(&*text), plain, anchors });
                let id = self.add(kind, line, column)?;
                self.anchored.insert(anchor, id);
            }
            Event::SequenceStart(anchor, tag) => {
                self.tag(tag.as_deref(), line, column)?;
                self.start(Kind::Sequence(Vec::new()), anchor, line, column)?;
            }
            Event::MappingStart(anchor, tag) => {
                self.tag(tag.as_deref(), line, column)?;
                self.start(Kind::Mapping(Vec::new()), anchor, line, column)?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.open.pop() {
                    self.anchored.insert(open.anchor, open.id);
                }
            }
            Event::Alias(anchor) => {
                let Some(&of) = self.anchored.get(&anchor).filter(|_| anchor != 0) else {
                    return Err(self.error(line, column, "an alias inside the value that it stands for"));
                };
                let at = self.add(Kind::Sequence(Vec::new()), line, column)?;
                self.copy(of, at, self.open.len(), (line, column))?;
            }
        }
        Ok(())
    }

    /// Whether a tag says "text"; any tag that would change the meaning otherwise is refused.
    fn tag(&self, tag: Option<&Tag>, line: u32, column: u32) -> Result<bool, InputError> {
        let Some(tag) = tag else { return Ok(false) };
        match tag.suffix.as_str() {
            _ if !tag.is_yaml_core_schema() => {}
            "str" => return Ok(true),
            "int" | "float" | "bool" | "null" | "map" | "seq" => return Ok(false),
            _ => {}
        }
        Err(self
            .error(line, column, format!("tag `{}{}` is not known here", tag.handle, tag.suffix))
            .expected("a value without a tag"))
    }

    /// The text under a span; spans must come in order.
    fn raw(&mut self, span: Span) -> &str {
        let text: &str = &self.source.text;
        let mut advance = |to: usize| {
            while self.cursor.0 < to {
                let Some(c) = text.get(self.cursor.1..).and_then(|rest| rest.chars().next()) else { break };
                self.cursor.0 += 1;
                self.cursor.1 += c.len_utf8();
            }
            self.cursor.1
        };
        let start = advance(span.start.index());
        let end = advance(span.end.index());
        text.get(start..end).unwrap_or("")
    }

    fn start(&mut self, kind: Kind, anchor: usize, line: u32, column: u32) -> Result<(), InputError> {
        if self.open.len() >= MAX_DEPTH {
            return Err(self.too_deep(line, column));
        }
        let id = self.add(kind, line, column)?;
        self.open.push(Open { id, anchor, key: None, keys: HashSet::new() });
        Ok(())
    }

    /// Adds a node where the next one belongs.
    fn add(&mut self, kind: Kind, line: u32, column: u32) -> Result<NodeId, InputError> {
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        let mut node = Node { parent: id, role: Role::Root, source: self.source_index, line, column, kind };
        let Some(open) = self.open.last_mut() else {
            self.root = Some(id);
            self.nodes.push(node);
            return Ok(id);
        };
        node.parent = open.id;
        let parent = open.id.0 as usize;
        match (&mut self.nodes[parent].kind, open.key.take()) {
            (Kind::Sequence(items), _) => {
                node.role = Role::Item(u32::try_from(items.len()).unwrap_or(u32::MAX));
                items.push(id);
            }
            (Kind::Mapping(entries), Some(key)) => {
                node.role = Role::Value(key);
                entries.push((key, id));
            }
            (_, None) => {
                node.role = Role::Key;
                open.key = Some(id);
                let Kind::Scalar(scalar) = &node.kind else {
                    return Err(self
                        .error(line, column, "a key that is a list or a mapping")
                        .expected("a text as key"));
                };
                let name = Arc::clone(&scalar.text);
                if !open.keys.insert(Arc::clone(&name)) {
                    return Err(self.error(line, column, format!("key `{name}` stands here twice")));
                }
            }
            (Kind::Scalar(_), Some(_)) => {}
        }
        self.nodes.push(node);
        Ok(id)
    }

    /// Copies the value of one node, with all below it, into another.
    fn copy(&mut self, from: NodeId, to: NodeId, depth: usize, alias: (u32, u32)) -> Result<(), InputError> {
        if depth > MAX_DEPTH {
            return Err(self.too_deep(alias.0, alias.1));
        }
        let kind = self.nodes[from.0 as usize].kind.clone();
        let copied = match kind {
            Kind::Scalar(_) => kind,
            Kind::Sequence(items) => {
                let mut copies = Vec::new();
                for (i, item) in items.into_iter().enumerate() {
                    let role = Role::Item(u32::try_from(i).unwrap_or(u32::MAX));
                    copies.push(self.copy_child(item, to, role, depth, alias)?);
                }
                Kind::Sequence(copies)
            }
            Kind::Mapping(entries) => {
                let mut copies = Vec::new();
                for (key, value) in entries {
                    let key = self.copy_child(key, to, Role::Key, depth, alias)?;
                    copies.push((key, self.copy_child(value, to, Role::Value(key), depth, alias)?));
                }
                Kind::Mapping(copies)
            }
        };
        self.nodes[to.0 as usize].kind = copied;
        Ok(())
    }

    fn copy_child(
        &mut self,
        from: NodeId,
        parent: NodeId,
        role: Role,
        depth: usize,
        alias: (u32, u32),
    ) -> Result<NodeId, InputError> {
        self.aliased += 1;
        if self.aliased > MAX_ALIASED_NODES {
            return Err(self
                .error(alias.0, alias.1, "aliases that unfold into too many values")
                .expected("at most 100,000 values from aliases"));
        }
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        let mut node = self.nodes[from.0 as usize].clone();
        (node.parent, node.role) = (parent, role);
        self.nodes.push(node);
        self.copy(from, id, depth + 1, alias)?;
        Ok(id)
    }
}
