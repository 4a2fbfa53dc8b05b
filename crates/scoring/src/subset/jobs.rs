//! The work of counting, in pieces for several threads. Which pieces there are, what each comes to and which error is
//! answered depends neither on the number of threads nor on their pace.

use super::alone::{self, Claim};
use super::budget::{Budget, Spent};
use super::set::{Set, compress};
use super::ties::{Tied, Ties};
use super::{Contest, Sizes};
use crate::{Error, Result};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Who needs more steps than these, some tens of milliseconds, is counted in pieces on all threads.
const PROBE: u64 = 1 << 22;

/// A piece of the work.
#[derive(Debug, Clone)]
enum Job<'a> {
    /// The wins of a candidate that shares its block with nobody.
    Alone(usize),
    /// The wins of the first of these, who share a block; or of the others in one region in which that does not stand.
    Part(&'a Group, Option<usize>),
}

/// Several candidates of one block.
#[derive(Debug)]
struct Group {
    /// The first of the block.
    first: usize,
    /// Those who stand on any subset.
    places: Vec<usize>,
    /// What any of them must win.
    ground: u128,
    tied: Words,
    taken: AtomicU64,
    /// By candidate, by size: of the parts that are done.
    wins: Mutex<Vec<Vec<u128>>>,
}

/// In short words where they are enough.
#[derive(Debug)]
enum Words {
    Short(Vec<Tied<u64>>),
    Long(Vec<Tied<u128>>),
}

/// The counts by size of some candidates.
type Wins = Vec<(usize, Vec<u128>)>;

/// The counts by size of all candidates, each in at most `steps`.
pub(super) fn run(contest: &Contest, threads: usize, steps: u64) -> Result<Vec<Sizes>> {
    count(contest, threads, Limit { steps, of_all: None })
}

/// The counts by size of all candidates in at most `steps` together, on one thread, and how many it took.
pub(super) fn run_within(contest: &Contest, steps: u64) -> Result<(Vec<Sizes>, u64)> {
    let taken = AtomicU64::new(0);
    let of_all = Some(&taken);
    let sizes = count(contest, 1, Limit { steps, of_all })?;
    Ok((sizes, taken.load(Ordering::Relaxed)))
}

/// The steps of each candidate, or of those all who share one count.
#[derive(Debug, Clone, Copy)]
struct Limit<'a> {
    steps: u64,
    of_all: Option<&'a AtomicU64>,
}

impl<'a> Limit<'a> {
    /// At first a candidate of its own gets few steps: most need no more.
    fn or_probe(self) -> Self {
        match self.of_all {
            None => Self {
                steps: self.steps.min(PROBE),
                ..self
            },
            Some(_) => self,
        }
    }

    fn budget(self, own: &'a AtomicU64) -> Budget<'a> {
        Budget::new(self.steps, self.of_all.unwrap_or(own))
    }
}

fn count(contest: &Contest, threads: usize, limit: Limit<'_>) -> Result<Vec<Sizes>> {
    let must_win: Vec<u128> = (0..contest.order().len())
        .map(|place| contest.must_win(place))
        .collect();
    let can_win: Vec<usize> = contest
        .order()
        .iter()
        .copied()
        .filter(|&place| must_win[place] != 0)
        .collect();
    let blocks: Vec<&[usize]> = can_win.chunk_by(|&a, &b| contest.share_block(a, b)).collect();
    let groups: Vec<Option<Group>> = spread(threads, &blocks, |places| {
        (places.len() > 1).then(|| Group::new(contest, places, &must_win))
    });
    let jobs: Vec<Job<'_>> = blocks
        .iter()
        .zip(&groups)
        .flat_map(|(&places, group)| match group {
            Some(group) => group
                .parts()
                .map(|part| Job::Part(group, part))
                .collect::<Vec<_>>(),
            None => places.iter().map(|&place| Job::Alone(place)).collect(),
        })
        .collect();
    // Work behind the first failure is of no use; who only spent its first few steps has not failed.
    let failed = AtomicUsize::new(usize::MAX);
    let numbered: Vec<(usize, Job<'_>)> = jobs.into_iter().enumerate().collect();
    let answers = spread(threads, &numbered, |(number, job)| {
        if failed.load(Ordering::Relaxed) < *number {
            return Ok(Wins::new());
        }
        job.run(contest, &must_win, limit).inspect_err(|_| {
            if !job.has_more(limit) {
                failed.fetch_min(*number, Ordering::Relaxed);
            }
        })
    });
    let mut sizes = vec![vec![0u128; contest.environments() + 1]; must_win.len()];
    for ((_, job), answer) in numbered.iter().zip(answers) {
        let wins = answer.or_else(|Spent| job.again(contest, &must_win, threads, limit));
        let uid = contest.uid(job.first());
        let steps = limit.steps;
        for (place, counts) in wins.map_err(|Spent| Error::TooHard { uid, steps })? {
            add(&mut sizes[place], &counts);
        }
    }
    for Group { places, wins, .. } in groups.iter().flatten() {
        let wins = wins.lock().unwrap_or_else(PoisonError::into_inner);
        for (&place, counts) in places.iter().zip(wins.iter()) {
            add(&mut sizes[place], counts);
        }
    }
    Ok(sizes.into_iter().map(Sizes::new).collect())
}

/// Does the same to all items, on that many threads; the answers are in the items' order.
fn spread<T: Sync, A: Send>(threads: usize, items: &[T], work: impl Fn(&T) -> A + Sync) -> Vec<A> {
    let threads = threads.min(items.len());
    if threads <= 1 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let take = || {
        let places = std::iter::from_fn(|| Some(next.fetch_add(1, Ordering::Relaxed)));
        let items = places.map_while(|place| Some((place, items.get(place)?)));
        items.map(|(place, item)| (place, work(item))).collect::<Vec<_>>()
    };
    let mut answers: Vec<(usize, A)> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(take)).collect();
        let mut answers = take();
        for other in others {
            answers.extend(
                other
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            );
        }
        answers
    });
    answers.sort_unstable_by_key(|(place, _)| *place);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

impl Job<'_> {
    fn first(&self) -> usize {
        match self {
            Self::Alone(place) => *place,
            Self::Part(group, _) => group.first,
        }
    }

    /// Whether it may take more steps than it got at first.
    fn has_more(&self, limit: Limit<'_>) -> bool {
        matches!(self, Self::Alone(_)) && limit.of_all.is_none() && limit.steps > PROBE
    }

    /// The wins of a candidate that is hard, in pieces. Steps begin anew.
    fn again(
        &self,
        contest: &Contest,
        must_win: &[u128],
        threads: usize,
        limit: Limit<'_>,
    ) -> Result<Wins, Spent> {
        match self {
            Self::Alone(place) if self.has_more(limit) => {
                let way = Way::Pieces(threads, limit.steps);
                Ok(vec![(*place, alone(contest, *place, must_win[*place], way)?)])
            }
            Self::Alone(_) | Self::Part(..) => Err(Spent),
        }
    }

    fn run(&self, contest: &Contest, must_win: &[u128], limit: Limit<'_>) -> Result<Wins, Spent> {
        match self {
            Self::Alone(place) => {
                let way = Way::Whole(limit.or_probe());
                Ok(vec![(*place, alone(contest, *place, must_win[*place], way)?)])
            }
            Self::Part(group, part) => {
                let budget = limit.budget(&group.taken);
                let elements = group.ground.count_ones() as usize;
                let counts = match &group.tied {
                    Words::Short(tied) => Ties::wins(elements, tied, group.all(), *part, budget),
                    Words::Long(tied) => Ties::wins(elements, tied, group.all(), *part, budget),
                };
                // Sums of whole numbers: their order does not matter.
                let mut wins = group.wins.lock().unwrap_or_else(PoisonError::into_inner);
                for (sizes, more) in wins.iter_mut().zip(counts?) {
                    add(sizes, &more);
                }
                Ok(Wins::new())
            }
        }
    }
}

/// How the wins of one candidate are counted.
#[derive(Debug, Clone, Copy)]
enum Way<'a> {
    /// At once.
    Whole(Limit<'a>),
    /// In pieces, on that many threads.
    Pieces(usize, u64),
}

fn alone(contest: &Contest, place: usize, must_win: u128, way: Way<'_>) -> Result<Vec<u128>, Spent> {
    if must_win.count_ones() <= u64::BITS {
        alone_in::<u64>(contest, place, must_win, way)
    } else {
        alone_in::<u128>(contest, place, must_win, way)
    }
}

fn alone_in<S: Set>(
    contest: &Contest,
    place: usize,
    must_win: u128,
    way: Way<'_>,
) -> Result<Vec<u128>, Spent> {
    let elements = must_win.count_ones() as usize;
    let claim: Claim<S> = claim(contest, place, must_win, must_win);
    if claim.is_void() {
        return Ok(Vec::new());
    }
    let piece = claim.piece();
    let taken = AtomicU64::new(0);
    match way {
        Way::Whole(limit) => alone::count(elements, &piece, limit.budget(&taken)),
        Way::Pieces(threads, steps) => {
            let budget = || Budget::new(steps, &taken);
            let (pieces, mut sizes) = alone::cut(elements, piece, budget())?;
            for more in spread(threads, &pieces, |piece| alone::count(elements, piece, budget())) {
                add(&mut sizes, &more?);
            }
            Ok(sizes)
        }
    }
}

fn add(sizes: &mut [u128], more: &[u128]) {
    for (size, count) in sizes.iter_mut().zip(more) {
        *size = size.wrapping_add(*count);
    }
}

/// What the candidate must win and must not lie in, of that ground.
fn claim<S: Set>(contest: &Contest, place: usize, must_win: u128, ground: u128) -> Claim<S> {
    let rivals = contest.rivals(place).into_iter();
    Claim::new(
        S::of(compress(must_win, ground)),
        rivals.map(|rival| S::of(compress(rival.mask, ground))),
    )
}

impl Group {
    fn new(contest: &Contest, block: &[usize], must_win: &[u128]) -> Self {
        let ground = block.iter().fold(0, |ground, &place| ground | must_win[place]);
        let (places, tied) = if ground.count_ones() <= u64::BITS {
            let (places, tied) = tied(contest, block, must_win, ground);
            (places, Words::Short(tied))
        } else {
            let (places, tied) = tied(contest, block, must_win, ground);
            (places, Words::Long(tied))
        };
        Self {
            first: block[0],
            ground,
            tied,
            taken: AtomicU64::new(0),
            wins: Mutex::new(vec![vec![0; ground.count_ones() as usize + 1]; places.len()]),
            places,
        }
    }

    fn parts(&self) -> impl Iterator<Item = Option<usize>> {
        let regions = match &self.tied {
            Words::Short(tied) => tied.first().map(Tied::regions),
            Words::Long(tied) => tied.first().map(Tied::regions),
        };
        std::iter::once(None).chain((0..regions.unwrap_or(0)).map(Some))
    }

    /// All elements, moved together.
    fn all<S: Set>(&self) -> S {
        S::of(compress(self.ground, self.ground))
    }
}

/// Those of the block that stand on any subset.
fn tied<S: Set>(
    contest: &Contest,
    block: &[usize],
    must_win: &[u128],
    ground: u128,
) -> (Vec<usize>, Vec<Tied<S>>) {
    let claims = block
        .iter()
        .map(|&place| (place, claim(contest, place, must_win[place], ground)));
    claims
        .filter(|(_, claim): &(usize, Claim<S>)| !claim.is_void())
        .map(|(place, claim)| (place, Tied::from(claim)))
        .unzip()
}
