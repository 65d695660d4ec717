//! A YAML file as an arena of nodes with positions.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::path::{Segment, parse_path, push_key};
use super::{build, de};
use crate::diagnostic::{InputError, Position, TextOrigin};

/// Files above this size are refused: nothing a person writes comes near, and reading them would
/// only take long before it fails.
pub const MAX_FILE_BYTES: u64 = 16 << 20;

/// A node of a [`Document`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NodeId(pub(super) u32);

/// What a node is to its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Root,
    Key,
    Value(NodeId),
    Item(u32),
}

/// A scalar as written; what it means (a number, a switch, a text) is for its reader to say.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ScalarNode {
    pub(super) text: Arc<str>,
    /// Neither quoted nor a block: may be a number, a boolean or null.
    pub(super) plain: bool,
    /// Where the characters of the text stand; `None`: on one line, as they are.
    pub(super) anchors: Option<Arc<[(usize, u32, u32)]>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Scalar(ScalarNode),
    Sequence(Vec<NodeId>),
    Mapping(Vec<(NodeId, NodeId)>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) parent: NodeId,
    pub(super) role: Role,
    /// Index in [`Document::sources`].
    pub(super) source: u32,
    /// From 1.
    pub(super) line: u32,
    /// From 1, in characters.
    pub(super) column: u32,
    pub(super) kind: Kind,
}

/// A text that nodes come from: the file, or one `--set`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Source {
    pub(super) name: Arc<str>,
    pub(super) text: Arc<str>,
}

/// Texts of the files that a document names, read once and shared by its clones.
type Beside = Arc<Mutex<HashMap<PathBuf, Arc<str>>>>;

/// A YAML file: its text, its tree, and the position of every node.
///
/// Cloning is cheap, and [`Document::set`] changes one value of a clone without reading the text
/// again: that is how a sweep makes its scenarios.
#[derive(Debug, Clone)]
pub struct Document {
    pub(super) sources: Vec<Source>,
    pub(super) nodes: Vec<Node>,
    pub(super) root: NodeId,
    beside: Beside,
    /// Texts that stand for files, by the name that the document calls them.
    attached: Arc<HashMap<String, Arc<str>>>,
}

impl Document {
    /// Parses `text`; `name` is the file as the user named it.
    ///
    /// # Errors
    /// Not YAML, empty, more than one document, NUL characters, nesting or aliases beyond any sensible
    /// use: each with its position.
    pub fn parse(name: &str, text: &str) -> Result<Self, InputError> {
        let source = Source { name: name.into(), text: text.into() };
        if text.len() as u64 > MAX_FILE_BYTES {
            return Err(too_large(name));
        }
        if let Some(at) = text.find('\0') {
            return Err(InputError::new(format!("`{name}` is not a text file: it holds a NUL character"))
                .at(TextOrigin::file(name).locate(text, at))
                .expected("YAML text in UTF-8"));
        }
        let mut nodes = Vec::new();
        let root = build::build(&mut nodes, &source, 0, build::Offset::default())?;
        let Some(root) = root else {
            return Err(InputError::new(format!("`{name}` is empty"))
                .at(TextOrigin::file(name).locate(text, 0))
                .expected("a YAML mapping"));
        };
        Ok(Self { sources: vec![source], nodes, root, beside: Beside::default(), attached: Arc::default() })
    }

    /// Reads and parses a file.
    ///
    /// # Errors
    /// As [`Document::parse`]; also a file that cannot be read, is too large, or is not UTF-8.
    pub fn read(path: &Path) -> Result<Self, InputError> {
        let text = read_text(path)?;
        Self::parse(&path.to_string_lossy(), &text)
    }

    /// The file, as the user named it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.sources[0].name
    }

    /// The node of the whole value.
    #[must_use]
    pub fn root(&self) -> NodeId {
        self.root
    }

    /// The text of the file.
    #[must_use]
    pub fn text(&self) -> &Arc<str> {
        &self.sources[0].text
    }

    /// A path written in this document, seen from the folder of its file.
    #[must_use]
    pub fn resolve(&self, relative: &str) -> PathBuf {
        Path::new(self.name()).parent().unwrap_or(Path::new("")).join(relative)
    }

    /// Gives a text to a name, in place of the file that the name would stand for.
    pub fn attach(&mut self, name: &str, text: &str) {
        Arc::make_mut(&mut self.attached).insert(name.to_owned(), text.into());
    }

    /// The text given to a name, when there is one.
    #[must_use]
    pub fn attached(&self, name: &str) -> Option<Arc<str>> {
        self.attached.get(name).cloned()
    }

    /// The text of the file and of all that was set in it, for a hash of what the document says.
    #[must_use]
    pub fn whole_text(&self) -> String {
        let texts: Vec<&str> = self.sources.iter().map(|s| &*s.text).collect();
        texts.join("\n")
    }

    /// The text of another file; read once for this document and all its clones.
    ///
    /// # Errors
    /// As [`Document::read`], at the position of `node`, which names the file.
    pub fn read_beside(&self, node: NodeId, path: &Path) -> Result<Arc<str>, InputError> {
        let mut files = match self.beside.lock() {
            Ok(files) => files,
            Err(poisoned) => poisoned.into_inner(),
        };
        if let Some(text) = files.get(path) {
            return Ok(Arc::clone(text));
        }
        let text: Arc<str> = match read_text(path) {
            Ok(text) => text.into(),
            Err(e) if e.position.is_some() => return Err(e),
            Err(e) => return Err(self.error_at(node, e.message)),
        };
        files.insert(path.to_owned(), Arc::clone(&text));
        Ok(text)
    }

    /// Reads the whole document into a type.
    ///
    /// # Errors
    /// What does not fit the type, at the node that does not fit.
    pub fn deserialize<T: serde::de::DeserializeOwned>(&self) -> Result<T, InputError> {
        T::deserialize(de::NodeReader { document: self, node: self.root }).map_err(|e| e.into_input_error(self))
    }

    /// Where a node stands, with its path.
    #[must_use]
    pub fn position(&self, node: NodeId) -> Position {
        let n = self.node(node);
        Position {
            file: Arc::clone(&self.sources[n.source as usize].name),
            line: n.line,
            column: n.column,
            path: Some(self.path(node)),
        }
    }

    /// Where the characters of a scalar stand.
    #[must_use]
    pub fn origin(&self, node: NodeId) -> TextOrigin {
        let n = self.node(node);
        let anchors = match &n.kind {
            Kind::Scalar(ScalarNode { anchors: Some(anchors), .. }) => anchors.to_vec(),
            _ => vec![(0, n.line, n.column)],
        };
        TextOrigin { file: Arc::clone(&self.sources[n.source as usize].name), path: Some(self.path(node)), anchors }
    }

    /// An error at a node, with the text for its snippet.
    #[must_use]
    pub fn error_at(&self, node: NodeId, message: impl Into<String>) -> InputError {
        let mut error = InputError::new(message).at(self.position(node));
        error.source_text = Some(Arc::clone(&self.sources[self.node(node).source as usize].text));
        error
    }

    /// The text of a scalar; empty for anything else.
    #[must_use]
    pub fn text_at(&self, node: NodeId) -> String {
        self.scalar_text(node).to_owned()
    }

    /// The node at a path such as `transactions[0].weight` or `transactions.transfer.weight`, when it is there.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<NodeId> {
        let mut at = self.root;
        for segment in parse_path(path).ok()? {
            at = self.child(at, &segment.what)?;
        }
        Some(at)
    }

    /// The path of a node, in the form that [`Document::find`] and [`Document::set`] take.
    #[must_use]
    pub fn path(&self, node: NodeId) -> String {
        let mut chain = Vec::new();
        let mut at = node;
        // A document is at most a few hundred levels deep; the bound only guards against a cycle.
        while chain.len() < 1000 && self.node(at).role != Role::Root {
            chain.push(at);
            at = self.node(at).parent;
        }
        let mut path = String::new();
        for id in chain.into_iter().rev() {
            match self.node(id).role {
                Role::Root => {}
                Role::Key => push_key(&mut path, self.scalar_text(id)),
                Role::Value(key) => push_key(&mut path, self.scalar_text(key)),
                Role::Item(index) => path.push_str(&format!("[{index}]")),
            }
        }
        path
    }

    pub(super) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    pub(super) fn scalar_text(&self, id: NodeId) -> &str {
        match &self.node(id).kind {
            Kind::Scalar(s) => &s.text,
            _ => "",
        }
    }

    /// The child that one segment of a path names.
    pub(super) fn child(&self, at: NodeId, segment: &Segment) -> Option<NodeId> {
        match (&self.node(at).kind, segment) {
            (Kind::Sequence(items), Segment::Index(i)) => items.get(*i).copied(),
            (Kind::Sequence(items), Segment::Key(name)) => {
                items.iter().copied().find(|item| self.name_of(*item) == Some(name)).or_else(|| {
                    let index: usize = name.parse().ok()?;
                    items.get(index).copied()
                })
            }
            (Kind::Mapping(entries), Segment::Key(name)) => {
                entries.iter().find(|(k, _)| self.scalar_text(*k) == name).map(|(_, v)| *v)
            }
            _ => None,
        }
    }

    /// The `name` of a list's item.
    pub(super) fn name_of(&self, item: NodeId) -> Option<&str> {
        let Kind::Mapping(entries) = &self.node(item).kind else { return None };
        entries.iter().find(|(k, _)| self.scalar_text(*k) == "name").map(|(_, v)| self.scalar_text(*v))
    }
}

fn too_large(name: &str) -> InputError {
    InputError::new(format!("`{name}` is larger than {} MB", MAX_FILE_BYTES >> 20)).expected("a smaller file")
}

/// The text of a file that a person wrote: bounded, UTF-8, without a byte order mark.
pub(crate) fn read_text(path: &Path) -> Result<String, InputError> {
    let name = path.to_string_lossy();
    let failed = |e: std::io::Error| InputError::new(format!("failed to read `{name}`: {e}")).nearest_file(path);
    let file = std::fs::File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.len() > MAX_FILE_BYTES {
        return Err(too_large(&name));
    }
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(too_large(&name));
    }
    if bytes.starts_with(b"\xef\xbb\xbf") {
        bytes.drain(..3);
    }
    String::from_utf8(bytes).map_err(|e| {
        let valid = String::from_utf8_lossy(&e.as_bytes()[..e.utf8_error().valid_up_to()]).into_owned();
        InputError::new(format!("`{name}` is not a text file: it is not valid UTF-8"))
            .at(TextOrigin::file(&name).locate(&valid, valid.len()))
            .expected("text in UTF-8")
    })
}
