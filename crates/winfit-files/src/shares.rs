//! Large trees are shared out among the processor's cores.

/// Below this a thread costs more than it saves.
const A_SHARE: usize = 500;

/// Works on the items in shares, one a core, and gives back what came of each share, in order.
pub(crate) fn in_shares<T: Sync, R: Send>(items: &[T], work: impl Fn(&[T]) -> R + Sync) -> Vec<R> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let share = items.len().div_ceil(cores).max(A_SHARE);
    if items.len() <= share {
        return vec![work(items)];
    }
    let work = &work;
    std::thread::scope(|scope| {
        let shares: Vec<_> = items
            .chunks(share)
            .map(|share| scope.spawn(move || work(share)))
            .collect();
        shares
            .into_iter()
            .map(|share| match share.join() {
                Ok(found) => found,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    })
}
