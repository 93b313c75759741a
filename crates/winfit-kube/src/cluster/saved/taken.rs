//! Objects on their way into the cluster, and what of them is left out.

use crate::model::Item;

use super::super::{Cluster, Interned};
use super::LeftOut;

/// So many objects are kept: ten times those of the largest clusters. A hostile text of some bytes an object
/// would otherwise grow to many times its size.
const MOST_OBJECTS: usize = 4_000_000;

/// So often a text that broke is read again from another place in it.
const MOST_TAKEN_UP: usize = 16;

/// What takes the objects of a text.
pub(super) struct Taken<'c> {
    cluster: &'c mut Cluster,
    interned: &'c mut Interned,
    left: LeftOut,
    objects: usize,
    resumed: usize,
}

impl<'c> Taken<'c> {
    pub(super) fn new(cluster: &'c mut Cluster, interned: &'c mut Interned) -> Self {
        Self {
            cluster,
            interned,
            left: LeftOut::default(),
            objects: 0,
            resumed: 0,
        }
    }

    pub(super) fn item(&mut self, item: Item) {
        self.objects += 1;
        if !self.is_full()
            && let Some(kind) = self.cluster.add(item, self.interned)
        {
            self.left.other(kind);
        }
    }

    /// Something that cannot be read, what begins or is wrong at this line.
    pub(super) fn is_broken(&mut self, line: usize, what: &str, reason: &str) {
        self.left
            .is_broken(format!("line {line}: {what} is left out: {reason}"));
    }

    /// Whether a text that broke may be read again from another place in it.
    pub(super) fn may_take_up(&mut self) -> bool {
        self.resumed += 1;
        self.resumed <= MOST_TAKEN_UP
    }

    /// So many objects are no cluster's.
    pub(super) fn is_full(&self) -> bool {
        self.objects > MOST_OBJECTS
    }

    pub(super) fn done(mut self) -> LeftOut {
        if self.is_full() {
            let more = self.objects - MOST_OBJECTS;
            self.left.is_broken(format!(
                "more than {MOST_OBJECTS} objects: {more} or more are left out"
            ));
        }
        self.left
    }
}
