//! A set in order that is mostly filled at its end and emptied from its front.

use std::{
    collections::{BTreeMap, btree_map::OccupiedEntry},
    ops::Bound::{Excluded, Unbounded},
};

/// As many as lie together at most.
const RUN: usize = 32;

/// A set in order. What comes in ascending order, as jobs and their deadlines nearly do, is packed without holes: the standard's own
/// tree would be half empty then.
#[derive(Debug)]
pub(super) struct Sorted<T> {
    /// Runs in order, none of them empty, each by what nothing in it comes before.
    runs: BTreeMap<T, Vec<T>>,
    len: usize,
}

impl<T> Default for Sorted<T> {
    fn default() -> Self {
        Self {
            runs: BTreeMap::new(),
            len: 0,
        }
    }
}

impl<T: Ord + Copy> Sorted<T> {
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Adds what is not in it yet.
    pub(super) fn insert(&mut self, item: T) {
        self.len += 1;
        match self.runs.last_entry().map(OccupiedEntry::into_mut) {
            Some(run) if run.last() < Some(&item) && run.len() < RUN => run.push(item),
            Some(run) if run.last() < Some(&item) => self.begin(item),
            Some(_) => self.insert_between(item),
            None => self.begin(item),
        }
    }

    fn begin(&mut self, item: T) {
        let mut run = Vec::with_capacity(RUN);
        run.push(item);
        self.runs.insert(item, run);
    }

    fn insert_between(&mut self, item: T) {
        let Some((_, run)) = self.runs.range_mut(..=item).next_back() else {
            // Before all others: the first run is for what comes from here on.
            let first = self.runs.pop_first().map(|(_, run)| run);
            self.runs.insert(item, first.unwrap_or_default());
            return self.insert_between(item);
        };
        if run.len() == RUN {
            let upper = run.split_off(RUN / 2);
            self.runs.insert(upper[0], upper);
            return self.insert_between(item);
        }
        let at = run.partition_point(|other| *other < item);
        run.insert(at, item);
    }

    /// Takes out what is in it.
    pub(super) fn remove(&mut self, item: &T) {
        match self.runs.first_entry() {
            // What ends by its clock comes first of all.
            Some(mut first) if first.get().first() == Some(item) => {
                self.len -= 1;
                first.get_mut().remove(0);
                if first.get().is_empty() {
                    first.remove();
                }
            }
            Some(_) => self.remove_between(item),
            None => {}
        }
    }

    fn remove_between(&mut self, item: &T) {
        let Some((from, run)) = self.runs.range_mut(..=*item).next_back() else {
            return;
        };
        let Ok(at) = run.binary_search(item) else {
            return;
        };
        self.len -= 1;
        run.remove(at);
        let from = *from;
        if run.is_empty() {
            self.runs.remove(&from);
        } else if run.len() <= RUN / 4 {
            self.join_to_one_before(&from);
        }
    }

    /// A run that has become short goes into the one before it, where there is room.
    fn join_to_one_before(&mut self, from: &T) {
        let mut both = self.runs.range_mut(..=*from).rev();
        if let (Some((_, run)), Some((_, before))) = (both.next(), both.next())
            && before.len() + run.len() <= RUN
        {
            before.append(run);
            self.runs.remove(from);
        }
    }

    /// All, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.runs.values().flatten()
    }

    /// Those after that one, in order, whether or not it is in it itself.
    pub(super) fn after(&self, item: Option<T>) -> impl Iterator<Item = &T> {
        let last = item.and_then(|item| self.runs.range(..=item).next_back());
        let (from, rest) = last.map_or((Unbounded, [].as_slice()), |(from, run)| {
            let skip = run.partition_point(|other| Some(*other) <= item);
            (Excluded(from), &run[skip..])
        });
        let others = self.runs.range((from, Unbounded));
        rest.iter().chain(others.flat_map(|(_, run)| run))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn holds_the_same(sorted: &Sorted<u32>, tree: &BTreeSet<u32>) {
        assert_eq!(sorted.len(), tree.len());
        assert!(sorted.iter().eq(tree));
        assert!(
            sorted
                .runs
                .values()
                .all(|run| (1..=RUN).contains(&run.len()))
        );
    }

    proptest! {
        #[test]
        fn it_holds_what_a_tree_holds(steps in vec((any::<bool>(), 0..600u32), 1..2_000), after in 0..600u32) {
            let (mut sorted, mut tree) = (Sorted::default(), BTreeSet::new());
            for (add, item) in steps {
                if !add {
                    tree.remove(&item);
                    sorted.remove(&item);
                } else if tree.insert(item) {
                    sorted.insert(item);
                }
            }
            holds_the_same(&sorted, &tree);
            prop_assert!(sorted.after(None).eq(&tree));
            prop_assert!(sorted.after(Some(after)).eq(tree.range(after + 1..)));
        }
    }

    #[test]
    fn it_has_no_holes_where_all_came_in_order_and_few_where_most_have_gone() {
        let mut sorted = Sorted::default();
        (0..10_000).for_each(|item| sorted.insert(item));
        assert_eq!(sorted.runs.len(), 10_000_usize.div_ceil(RUN));
        (0..10_000)
            .filter(|item| item % 100 != 7)
            .for_each(|item| sorted.remove(&item));
        holds_the_same(&sorted, &(7..10_000).step_by(100).collect());
        assert!(sorted.runs.len() <= 100 / (RUN / 4));
    }
}
