//! Counts, by size, the subsets of a ground that meet every one of many *clauses*.
//!
//! A subset lies in none of a family of sets iff it meets all their complements, the clauses. Four ways, chosen anew for
//! what is left: of few clauses inclusion and exclusion over all their unions; of few elements a bitmap of all subsets;
//! where the sets are small against the ground, a split by the first set that a subset lies in (its ground is then that
//! set, and what it shares with the earlier ones its family); else a branch on the element in most clauses: who holds it
//! has met those, who does not has the clauses without it.

use super::bitmap::Bitmap;
use super::budget::{Budget, Spent};
use super::set::{Set, keep_minimal};
use super::tally::Tally;

/// Clauses up to here are counted by inclusion and exclusion: 32 unions cost less than the branches they save.
const FEW_CLAUSES: usize = 5;
/// A bitmap of that many elements, 2 KiB, and what lies under it takes tens of microseconds.
const FEW_ELEMENTS: usize = 14;
/// With fewer clauses than this, branching is quicker than a bitmap or a split.
const MANY_CLAUSES: usize = 17;
/// Steps of a node beside its clauses.
const NODE: usize = 4;

/// Of the union of some clauses, by the number whose digits say which: whether they are even in number.
const SIGNS: [bool; 1 << FEW_CLAUSES] = {
    let mut signs = [false; 1 << FEW_CLAUSES];
    let mut some = 0u32;
    while some < 1 << FEW_CLAUSES {
        signs[some as usize] = some.count_ones().is_multiple_of(2);
        some += 1;
    }
    signs
};

/// Subsets that hold `taken` elements and any of `ground`, counted with a sign.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cube<S> {
    pub(super) ground: S,
    pub(super) taken: usize,
    pub(super) sign: i64,
}

/// A cube and what its subsets must meet.
#[derive(Debug, Clone)]
pub(super) struct Piece<S> {
    pub(super) cube: Cube<S>,
    pub(super) clauses: Vec<S>,
}

/// Counts into its tally.
#[derive(Debug)]
pub(super) struct Counter<'a, S> {
    pub(super) tally: Tally,
    pub(super) budget: Budget<'a>,
    /// The clauses of all that is begun, the innermost last.
    clauses: Vec<S>,
    map: Bitmap,
    masks: Vec<u32>,
}

/// What is to be done with many clauses.
enum Step<S> {
    /// One of them is empty: nothing meets it.
    None,
    /// These are the only elements of theirs.
    Take(S),
    /// The sets are small: by the first that a subset lies in.
    Split,
    /// On this element.
    Branch(S),
}

impl<'a, S: Set> Counter<'a, S> {
    pub(super) fn new(elements: usize, budget: Budget<'a>) -> Self {
        Self {
            tally: Tally::new(elements),
            budget,
            clauses: Vec::new(),
            map: Bitmap::default(),
            masks: Vec::new(),
        }
    }

    /// Counts the subsets of the cube that meet all the clauses, which are within its ground.
    pub(super) fn count(&mut self, cube: Cube<S>, clauses: &[S]) -> Result<(), Spent> {
        self.clauses.clear();
        self.clauses.extend_from_slice(clauses);
        self.descend(0, cube)
    }

    /// Counts the piece, or what of it is no piece of its own, and lists the rest as pieces.
    pub(super) fn open(&mut self, piece: Piece<S>) -> Result<Vec<Piece<S>>, Spent> {
        let Piece { mut cube, clauses } = piece;
        let is_small = clauses.len() < MANY_CLAUSES || cube.ground.len() <= FEW_ELEMENTS;
        self.clauses.clear();
        self.clauses.extend_from_slice(&clauses);
        if is_small {
            self.descend(0, cube)?;
            return Ok(Vec::new());
        }
        self.budget.spend((clauses.len() + NODE) as u64)?;
        Ok(match self.survey(0, cube.ground) {
            Step::None => Vec::new(),
            Step::Take(elements) => {
                self.drop_met(0, elements);
                cube.ground = cube.ground.without(elements);
                cube.taken += elements.len();
                let clauses = self.clauses.clone();
                vec![Piece { cube, clauses }]
            }
            Step::Split => {
                self.tally.add(cube.taken, cube.ground.len(), cube.sign);
                self.clauses
                    .sort_unstable_by_key(|clause| (clause.len(), *clause));
                let member = |place: usize| {
                    let ground = cube.ground.without(self.clauses[place]);
                    let mut clauses: Vec<S> = self.clauses[..place]
                        .iter()
                        .map(|&other| other & ground)
                        .collect();
                    keep_minimal(&mut clauses, 0);
                    let sign = -cube.sign;
                    Piece {
                        cube: Cube { ground, sign, ..cube },
                        clauses,
                    }
                };
                (0..clauses.len()).map(member).collect()
            }
            Step::Branch(element) => {
                cube.ground = cube.ground.without(element);
                let met = clauses
                    .iter()
                    .copied()
                    .filter(|&clause| (clause & element).is_empty())
                    .collect();
                let shorter = clauses.iter().map(|clause| clause.without(element)).collect();
                let taken = cube.taken + 1;
                vec![
                    Piece {
                        cube: Cube { taken, ..cube },
                        clauses: met,
                    },
                    Piece {
                        cube,
                        clauses: shorter,
                    },
                ]
            }
        })
    }

    /// Counts with the clauses from that place on, and drops them.
    fn descend(&mut self, from: usize, mut cube: Cube<S>) -> Result<(), Spent> {
        loop {
            let count = self.clauses.len() - from;
            self.budget.spend((count + NODE) as u64)?;
            if count <= FEW_CLAUSES {
                self.include_exclude(from, cube);
                return Ok(());
            }
            if count >= MANY_CLAUSES && cube.ground.len() <= FEW_ELEMENTS {
                return self.enumerate(from, cube);
            }
            match self.survey(from, cube.ground) {
                Step::None => {
                    self.clauses.truncate(from);
                    return Ok(());
                }
                Step::Take(elements) => {
                    self.drop_met(from, elements);
                    cube.ground = cube.ground.without(elements);
                    cube.taken += elements.len();
                }
                Step::Split => return self.split(from, cube),
                Step::Branch(element) => {
                    let end = self.clauses.len();
                    cube.ground = cube.ground.without(element);
                    for place in from..end {
                        let clause = self.clauses[place];
                        if (clause & element).is_empty() {
                            self.clauses.push(clause);
                        }
                    }
                    let taken = cube.taken + 1;
                    self.descend(end, Cube { taken, ..cube })?;
                    for clause in &mut self.clauses[from..] {
                        *clause = clause.without(element);
                    }
                }
            }
        }
    }

    /// The sum over the unions of clauses: what misses all of a union, with alternating signs.
    fn include_exclude(&mut self, from: usize, cube: Cube<S>) {
        let mut unions = [S::EMPTY; 1 << FEW_CLAUSES];
        let mut filled = 1;
        for &clause in &self.clauses[from..] {
            for place in 0..filled {
                unions[filled + place] = unions[place] | clause;
            }
            filled *= 2;
        }
        self.clauses.truncate(from);
        // By itself, so that several lengths are found at once.
        let lengths = unions.map(Set::len);
        let row = self.tally.row(cube.taken);
        let elements = cube.ground.len();
        for (length, sign) in lengths[..filled].iter().zip(SIGNS) {
            row[elements - length] += if sign { cube.sign } else { -cube.sign };
        }
    }

    /// Decides every subset of the ground.
    fn enumerate(&mut self, from: usize, cube: Cube<S>) -> Result<(), Spent> {
        let elements = cube.ground.len();
        let clauses = &self.clauses[from..];
        self.budget.spend((clauses.len() + (1 << elements) / 16) as u64)?;
        self.masks.clear();
        self.masks.resize(clauses.len(), 0);
        let mut rest = cube.ground;
        for place in 0..elements {
            let element = rest.least();
            rest = rest.without(rest.first());
            for (mask, clause) in self.masks.iter_mut().zip(clauses) {
                *mask |= (1 ^ clause.bit(element)) << place;
            }
        }
        self.clauses.truncate(from);
        self.map.clear(elements);
        self.masks.iter().for_each(|&mask| self.map.insert(mask));
        self.map.close_downwards();
        let tally = &mut self.tally;
        self.map
            .missing(|size, count| tally.add(cube.taken + size, 0, cube.sign * count));
        Ok(())
    }

    /// Looks at all clauses and decides how to go on.
    fn survey(&self, from: usize, ground: S) -> Step<S> {
        let clauses = &self.clauses[from..];
        // How many clauses each element is in, one binary digit per plane.
        let mut planes = [S::EMPTY; 24];
        let (mut top, mut single) = (0, S::EMPTY);
        for &clause in clauses {
            if clause == clause.first() {
                if clause.is_empty() {
                    return Step::None;
                }
                single |= clause;
            }
            let (mut carry, mut plane) = (clause, 0);
            while !carry.is_empty() {
                let both = planes[plane] & carry;
                planes[plane] = planes[plane] ^ carry;
                carry = both;
                plane += 1;
            }
            top = top.max(plane);
        }
        if !single.is_empty() {
            return Step::Take(single);
        }
        if clauses.len() >= MANY_CLAUSES && are_small(clauses, ground.len()) {
            return Step::Split;
        }
        let most = planes[..top].iter().rev().fold(ground, |most, &plane| {
            if (most & plane).is_empty() {
                most
            } else {
                most & plane
            }
        });
        Step::Branch(most.first())
    }

    /// Keeps of the clauses from that place on those which have none of the elements.
    fn drop_met(&mut self, from: usize, elements: S) {
        let mut kept = from;
        for place in from..self.clauses.len() {
            let clause = self.clauses[place];
            if (clause & elements).is_empty() {
                self.clauses[kept] = clause;
                kept += 1;
            }
        }
        self.clauses.truncate(kept);
    }

    /// All subsets, less for each set those that lie in it and in no earlier one: the largest set first.
    fn split(&mut self, from: usize, cube: Cube<S>) -> Result<(), Spent> {
        self.tally.add(cube.taken, cube.ground.len(), cube.sign);
        self.clauses[from..].sort_unstable_by_key(|clause| (clause.len(), *clause));
        let end = self.clauses.len();
        for place in from..end {
            let ground = cube.ground.without(self.clauses[place]);
            for earlier in from..place {
                self.clauses.push(self.clauses[earlier] & ground);
            }
            let mut compared = (place - from) as u64;
            // A bitmap costs no more for needless clauses.
            if ground.len() > FEW_ELEMENTS {
                compared += keep_minimal(&mut self.clauses, end);
            }
            self.budget.spend(compared / 8)?;
            let sign = -cube.sign;
            self.descend(end, Cube { ground, sign, ..cube })?;
        }
        self.clauses.truncate(from);
        Ok(())
    }
}

/// Whether the sets whose complements the clauses are have, together, fewer subsets than the ground has.
fn are_small<S: Set>(clauses: &[S], elements: usize) -> bool {
    let subsets = |clause: &S| 1u128 << (elements - clause.len());
    let sum = clauses
        .iter()
        .fold(0u128, |sum, clause| sum.saturating_add(subsets(clause)));
    sum < u32::try_from(elements)
        .ok()
        .and_then(|shift| 1u128.checked_shl(shift))
        .unwrap_or(u128::MAX)
}
