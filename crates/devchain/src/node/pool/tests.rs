use super::*;

fn terms(account: u8, nonce: u32, requires: Option<u32>, priority: u64) -> ValidTransaction {
    let tag = |nonce: u32| ([account; 32], nonce).encode();
    ValidTransaction {
        priority,
        requires: requires.map(tag).into_iter().collect(),
        provides: vec![tag(nonce)],
        longevity: 8,
        propagate: true,
    }
}

fn transaction(number: u8) -> (H256, Arc<[u8]>) {
    (H256::repeat_byte(number), Arc::from([number]))
}

fn watched() -> (Watcher, mpsc::Receiver<Status>) {
    mpsc::channel(STATUSES)
}

fn told(receiver: &mut mpsc::Receiver<Status>) -> Vec<Status> {
    std::iter::from_fn(|| receiver.try_recv().ok()).collect()
}

fn numbers(pool: &Pool) -> Vec<u8> {
    pool.ready().iter().map(|(_, bytes)| bytes[0]).collect()
}

#[test]
fn a_future_nonce_waits_for_the_one_before() {
    let mut pool = Pool::new(8);
    let (watcher, mut statuses) = watched();
    pool.insert(transaction(2), terms(1, 1, Some(0), 0), 1, Some(watcher))
        .unwrap();
    assert_eq!(numbers(&pool), [0; 0]);
    pool.insert(transaction(1), terms(1, 0, None, 0), 1, None)
        .unwrap();
    assert_eq!(numbers(&pool), [1, 2]);
    assert_eq!(told(&mut statuses), [Status::Future, Status::Ready]);
}

#[test]
fn dearer_transactions_come_first_but_not_before_what_they_require() {
    let mut pool = Pool::new(8);
    pool.insert(transaction(1), terms(1, 0, None, 1), 1, None)
        .unwrap();
    pool.insert(transaction(2), terms(1, 1, Some(0), 9), 1, None)
        .unwrap();
    pool.insert(transaction(3), terms(2, 0, None, 5), 1, None)
        .unwrap();
    assert_eq!(numbers(&pool), [3, 1, 2]);
}

#[test]
fn the_same_nonce_replaces_only_for_a_higher_priority() {
    let mut pool = Pool::new(8);
    let (watcher, mut statuses) = watched();
    pool.insert(transaction(1), terms(1, 0, None, 5), 1, Some(watcher))
        .unwrap();
    let refused = pool.insert(transaction(2), terms(1, 0, None, 5), 1, None);
    assert!(
        matches!(refused, Err(Rejection::TooLowPriority { old: 5, new: 5 })),
        "{refused:?}"
    );
    pool.insert(transaction(3), terms(1, 0, None, 6), 1, None)
        .unwrap();
    assert_eq!(numbers(&pool), [3]);
    assert_eq!(
        told(&mut statuses),
        [Status::Ready, Status::Usurped(H256::repeat_byte(3))]
    );
    assert!(matches!(pool.admit(H256::repeat_byte(1)), Err(Rejection::Banned)));
}

#[test]
fn a_full_pool_takes_only_what_replaces_another() {
    let mut pool = Pool::new(1);
    pool.insert(transaction(1), terms(1, 0, None, 5), 1, None)
        .unwrap();
    assert!(matches!(
        pool.insert(transaction(2), terms(2, 0, None, 9), 1, None),
        Err(Rejection::Full)
    ));
    pool.insert(transaction(3), terms(1, 0, None, 6), 1, None)
        .unwrap();
    assert_eq!(numbers(&pool), [3]);
}

#[test]
fn the_same_bytes_are_taken_once() {
    let mut pool = Pool::new(8);
    pool.insert(transaction(1), terms(1, 0, None, 5), 1, None)
        .unwrap();
    assert!(matches!(
        pool.admit(H256::repeat_byte(1)),
        Err(Rejection::Known(_))
    ));
    pool.settle(H256::zero(), 2, &[H256::repeat_byte(1)], &[]);
    assert!(matches!(pool.admit(H256::repeat_byte(1)), Err(Rejection::Banned)));
}

#[test]
fn what_expires_leaves_as_invalid() {
    let mut pool = Pool::new(8);
    let (watcher, mut statuses) = watched();
    pool.insert(transaction(1), terms(1, 0, None, 5), 10, Some(watcher))
        .unwrap();
    pool.settle(H256::zero(), 17, &[], &[]);
    assert_eq!(numbers(&pool), [1]);
    pool.settle(H256::zero(), 18, &[], &[]);
    assert_eq!(numbers(&pool), [0; 0]);
    assert_eq!(told(&mut statuses), [Status::Ready, Status::Invalid]);
}

#[test]
fn nonces_count_what_is_ready() {
    let mut pool = Pool::new(8);
    pool.insert(transaction(1), terms(1, 4, None, 5), 1, None)
        .unwrap();
    pool.insert(transaction(2), terms(1, 5, Some(4), 5), 1, None)
        .unwrap();
    pool.insert(transaction(3), terms(1, 7, Some(6), 5), 1, None)
        .unwrap();
    assert_eq!(pool.next_nonce(&[1; 32], 4), 6);
    assert_eq!(pool.next_nonce(&[2; 32], 4), 4);
}
