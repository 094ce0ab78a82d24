//! Load on a network while one of its nodes is killed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::kit::{Net, submit};

/// Events of which a node said that they are final.
#[derive(Default)]
pub(crate) struct Known(Vec<String>);

impl Known {
    pub(crate) fn add(&mut self, ids: Vec<String>) {
        self.0.extend(ids);
    }

    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }

    /// This node has each of them, and they are final there: at once, or when it has caught up.
    pub(crate) fn check(&self, net: &Net, node: usize) {
        for id in &self.0 {
            net.wait_final(node, id);
        }
    }
}

/// Submits at every node, and kills one of them after a moment. What was said to be final.
pub(crate) fn until_killed(net: &mut Net, victim: usize, round: &str) -> Vec<String> {
    let stop = AtomicBool::new(false);
    let urls: Vec<_> = (0..net.made.nodes.len()).map(|node| net.url(node)).collect();
    thread::scope(|scope| {
        let writers: Vec<_> = urls
            .iter()
            .enumerate()
            .map(|(node, url)| {
                let (stop, name) = (&stop, format!("{round}.{node}"));
                scope.spawn(move || submit_until(url, &name, stop))
            })
            .collect();
        thread::sleep(random_while());
        net.kill(victim);
        // The others go on without it.
        thread::sleep(Duration::from_millis(1_500));
        stop.store(true, Ordering::Relaxed);
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    })
}

fn submit_until(url: &str, name: &str, stop: &AtomicBool) -> Vec<String> {
    let mut known = Vec::new();
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        // An answer that did not arrive whole says nothing; the node that was killed gives none.
        let Ok((id, is_final)) = submit(url, &format!("{name}.{number}")) else { break };
        known.extend(is_final.then_some(id));
    }
    known
}

/// Between 300 and 1,067 milliseconds.
fn random_while() -> Duration {
    let mut random = [0; 2];
    getrandom::fill(&mut random).unwrap();
    let [high, low] = random.map(u64::from);
    Duration::from_millis(300_u64.saturating_add(high.saturating_mul(2)).saturating_add(low))
}
