//! Which kind of statement a text is.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::node::{Read, Reader, child, first_words};
use super::tree::Statement;

impl Reader {
    /// Reads a statement that a workload may send.
    pub(super) fn statement(&mut self, node: &SyntaxNode) -> Read<Statement> {
        Ok(match node.kind() {
            K::SELECT | K::PAREN_SELECT | K::TABLE | K::VALUES | K::COMPOUND_SELECT | K::SELECT_INTO => {
                Statement::Query(self.query(node)?)
            }
            K::INSERT => Statement::Insert(self.insert(node)?),
            K::UPDATE => Statement::Update(self.update(node)?),
            K::DELETE => Statement::Delete(self.delete(node)?),
            K::MERGE => Statement::Merge(Box::new(self.merge(node)?)),
            K::BEGIN => Statement::Begin,
            K::COMMIT_TRANSACTION | K::ROLLBACK_TRANSACTION => {
                if let Some(chain) = child(node, K::AND_CHAIN) {
                    return Err(self.unsupported(&chain));
                }
                if node.kind() == K::COMMIT_TRANSACTION { Statement::Commit } else { Statement::Rollback }
            }
            K::SET
            | K::SHOW
            | K::RESET
            | K::SET_TRANSACTION
            | K::SET_CONSTRAINTS
            | K::SET_ROLE
            | K::RESET_ROLE
            | K::SET_SESSION_AUTH
            | K::RESET_SESSION_AUTH
            | K::SAVEPOINT_CREATE
            | K::RELEASE_SAVEPOINT
            | K::ROLLBACK_TO_SAVEPOINT
            | K::LISTEN
            | K::UNLISTEN
            | K::NOTIFY
            | K::DISCARD
            | K::DEALLOCATE
            | K::CLOSE => Statement::Utility { what: first_words(node) },
            _ => self.command(node)?,
        })
    }
}
