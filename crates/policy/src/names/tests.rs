use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Answers as it is told, counts how often it is asked, and says whether it works.
#[derive(Clone)]
struct Told {
    answer: Option<Answer>,
    works: bool,
    asked: Arc<AtomicUsize>,
}

impl Told {
    fn new(answer: Option<Answer>, works: bool) -> Self {
        Self {
            answer,
            works,
            asked: Arc::default(),
        }
    }
}

impl Lookup for Told {
    fn lookup(&self, _host: &str) -> BoxFuture<'static, Answer> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.answer.clone().map_or_else(
            || std::future::pending().boxed(),
            |answer| std::future::ready(answer).boxed(),
        )
    }

    fn works(&self) -> BoxFuture<'static, bool> {
        std::future::ready(self.works).boxed()
    }
}

const SOON: Duration = Duration::from_millis(20);

async fn fault(answer: Option<Answer>, works: bool) -> Fault {
    Names::new(Arc::new(Told::new(answer, works)))
        .resolve("a.example", SOON)
        .await
        .unwrap_err()
}

fn miner(fault: &Fault) -> Option<MinerFaultKind> {
    match fault {
        Fault::Miner(fault) => Some(fault.kind),
        Fault::Infra(fault) => {
            assert_eq!(fault.kind, InfraFaultKind::Network);
            None
        }
    }
}

#[tokio::test]
async fn a_name_without_an_address_is_its_owners_fault() {
    let theirs = Err(LookupError::Theirs("x".to_owned()));
    assert_eq!(
        miner(&fault(Some(theirs), true).await),
        Some(MinerFaultKind::Unreachable)
    );
    assert_eq!(
        miner(&fault(Some(Ok(vec![])), true).await),
        Some(MinerFaultKind::Unreachable)
    );
    assert_eq!(miner(&fault(None, true).await), Some(MinerFaultKind::Timeout));
}

#[tokio::test]
async fn a_dead_name_server_of_ours_is_our_fault() {
    let ours = Err(LookupError::Ours("x".to_owned()));
    assert_eq!(miner(&fault(Some(ours), true).await), None);
    assert_eq!(miner(&fault(None, false).await), None);
}

#[tokio::test]
async fn a_name_that_never_answers_holds_one_lookup_however_often_it_is_asked_for() {
    let told = Told::new(None, true);
    let names = Names::new(Arc::new(told.clone()));
    for _ in 0..5 {
        names.resolve("tarpit.example", SOON).await.unwrap_err();
    }
    assert_eq!(told.asked.load(Ordering::SeqCst), 1);
    assert_eq!(names.permits.available_permits(), MAX_LOOKUPS - 1);
}

#[tokio::test]
async fn a_finished_lookup_gives_its_place_back_and_is_asked_anew() {
    let told = Told::new(Some(Ok(vec!["1.1.1.1".parse().unwrap()])), true);
    let names = Names::new(Arc::new(told.clone()));
    for _ in 0..3 {
        names.resolve("a.example", SOON).await.unwrap();
    }
    assert_eq!(told.asked.load(Ordering::SeqCst), 3);
    assert_eq!(names.permits.available_permits(), MAX_LOOKUPS);
}

#[tokio::test]
async fn too_many_lookups_at_once_are_our_fault() {
    let names = Names::new(Arc::new(Told::new(None, true)));
    let lookups: Vec<_> = (0..MAX_LOOKUPS)
        .map(|n| names.shared(&format!("{n}.example")))
        .collect();
    let fault = names.resolve("one-more.example", SOON).await.unwrap_err();
    assert_eq!(miner(&fault), None);
    drop(lookups);
}

#[tokio::test]
async fn the_system_knows_localhost() {
    let addresses = SystemLookup.lookup("localhost").await.unwrap();
    assert!(addresses.iter().all(IpAddr::is_loopback), "{addresses:?}");
}
