//! placeholder
use super::Solution;
use super::shape::Shape;
#[derive(Debug, Default)]
pub(super) struct Nodes {}
pub(super) fn solve(_shape: &Shape, _nodes: &mut Nodes, _population: u64, _solution: &mut Solution) -> bool {
    false
}
