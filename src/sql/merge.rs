//! MERGE.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::node::{Read, Reader, child, has};
use super::tree::{Body, Expr, Merge, MergeAction, MergeRows, MergeWhen, TableRef};

impl Reader {
    /// Reads a MERGE.
    pub(super) fn merge(&mut self, node: &SyntaxNode) -> Read<Merge> {
        let (mut with, mut alias, mut returning) = (Vec::new(), None, Vec::new());
        let (mut target, mut source, mut on, mut when) = (None, None, None, Vec::new());
        for part in node.children() {
            match part.kind() {
                K::WITH_CLAUSE => with = self.with(&part)?,
                K::TABLE_RELATION_NAME => target = Some(part),
                K::OPTIONAL_AS_ALIAS => alias = self.name_in(&part, K::TABLE_ALIAS)?,
                K::USING_ON_CLAUSE => {
                    for inner in part.children() {
                        if inner.kind() == K::ON_CLAUSE {
                            on = Some(self.only_expr(&inner)?);
                        } else {
                            source = Some(self.merge_source(&inner)?);
                        }
                    }
                }
                K::MERGE_WHEN_MATCHED => when.push(self.when(&part, MergeRows::Matched)?),
                K::MERGE_WHEN_NOT_MATCHED_TARGET => when.push(self.when(&part, MergeRows::NotMatched)?),
                K::MERGE_WHEN_NOT_MATCHED_SOURCE => when.push(self.when(&part, MergeRows::NotMatchedBySource)?),
                K::RETURNING_CLAUSE => returning = self.returning(&part)?,
                _ => return Err(self.unsupported(&part)),
            }
        }
        let (Some(target), Some(source), Some(on)) = (target, source, on) else {
            return Err(self.error("MERGE needs a target, USING and ON", node));
        };
        let (table, span) = self.table_named(&target)?;
        let only = has(&target, K::ONLY_KW);
        Ok(Merge { with, table, alias, only, span, source, on, when, returning })
    }

    fn merge_source(&mut self, node: &SyntaxNode) -> Read<TableRef> {
        self.table_item(node)
    }

    fn when(&mut self, node: &SyntaxNode, rows: MergeRows) -> Read<MergeWhen> {
        let (mut condition, mut action) = (None, MergeAction::Nothing);
        for part in node.children() {
            match part.kind() {
                K::MERGE_CONDITION => condition = Some(self.only_expr(&part)?),
                K::MERGE_DO_NOTHING => {}
                K::MERGE_DELETE => action = MergeAction::Delete,
                K::MERGE_UPDATE => {
                    let set = child(&part, K::SET_CLAUSE).ok_or_else(|| self.error("SET is missing here", &part))?;
                    action = MergeAction::Update(self.assignments(&set)?);
                }
                K::MERGE_INSERT => action = self.merge_insert(&part)?,
                // BY TARGET is what NOT MATCHED alone means.
                K::BY_TARGET => {}
                _ => return Err(self.unsupported(&part)),
            }
        }
        Ok(MergeWhen { rows, condition, action, span: self.span(node) })
    }

    fn merge_insert(&mut self, node: &SyntaxNode) -> Read<MergeAction> {
        let (mut columns, mut values) = (Vec::new(), None);
        for part in node.children() {
            match part.kind() {
                K::COLUMN_TARGET_LIST => columns = self.column_targets(&part)?,
                K::OVERRIDING_SYSTEM_VALUE | K::OVERRIDING_USER_VALUE | K::DEFAULT_VALUES => {}
                K::VALUES => {
                    let query = self.query(&part)?;
                    let Body::Values(rows) = query.body else { return Err(self.unsupported(&part)) };
                    let row: Option<Vec<Expr>> = rows.into_iter().next();
                    values = row;
                }
                _ => return Err(self.unsupported(&part)),
            }
        }
        Ok(MergeAction::Insert { columns, values })
    }
}
