//! One flight a name: what several ask for at a time is fetched once, and all get the answer.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

/// Flights by name. Answers stay for as long as this does: a run asks for nothing twice.
#[derive(Debug)]
pub(crate) struct Flights<K, V>(Mutex<HashMap<K, Arc<OnceCell<V>>>>);

impl<K, V> Default for Flights<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, V: Clone> Flights<K, V> {
    /// The answer, from the flight that is under way or, where there is none, from a new one.
    pub(crate) async fn answer(&self, key: K, fetch: impl Future<Output = V>) -> V {
        let cell = {
            let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(flights.entry(key).or_default())
        };
        cell.get_or_init(|| fetch).await.clone()
    }

    /// Takes an answer that came by itself, where nobody has asked yet.
    pub(crate) fn know(&self, key: K, answer: V) {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        flights
            .entry(key)
            .or_insert_with(|| Arc::new(OnceCell::new_with(Some(answer))));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn what_many_ask_for_is_fetched_once() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let flights: Arc<Flights<&str, u32>> = Arc::default();
        let fetched = Arc::new(AtomicU32::new(0));
        let answers = runtime.block_on(async {
            let tasks: Vec<_> = (0..50)
                .map(|at| {
                    let (flights, fetched) = (Arc::clone(&flights), Arc::clone(&fetched));
                    tokio::spawn(async move {
                        let fetch = async {
                            tokio::task::yield_now().await;
                            fetched.fetch_add(1, Ordering::Relaxed)
                        };
                        flights.answer(["a", "b"][at % 2], fetch).await
                    })
                })
                .collect();
            let mut answers = Vec::new();
            for task in tasks {
                answers.push(task.await.unwrap());
            }
            answers
        });
        assert_eq!(fetched.load(Ordering::Relaxed), 2);
        assert!(
            answers
                .iter()
                .step_by(2)
                .all(|answer| *answer == answers[0])
        );
    }
}
