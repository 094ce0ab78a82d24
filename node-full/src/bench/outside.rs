//! How fast a log goes to a bucket, and from there into a replica.

use std::path::Path;
use std::time::Duration;

use super::BenchError;
use crate::clock::Stopwatch;
use crate::node::{Node, Options};
use crate::publish::PublishOptions;
use crate::replica::ReplicaOptions;

const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Publishes the log in `data`, and follows it into `replica`: how long each took.
pub(super) fn outside(
    (data, replica): (&Path, &Path),
    to: &str,
    observe: &mut dyn FnMut(&str, u64, u64),
) -> Result<(Duration, Duration), BenchError> {
    let (every, to) = (LOOK_EVERY, to.to_owned());
    let publish = PublishOptions { to: to.clone(), every, head: None };
    let watch = Stopwatch::start();
    let node = Node::open_publishing(data, Options::default(), None, &publish)?;
    wait(&node, "publishing", observe)?;
    let published = watch.elapsed();
    let anchor = node.anchor();
    drop(node);
    let following = ReplicaOptions { from: to, anchor, write_to: None, every };
    let watch = Stopwatch::start();
    let node = Node::follow(replica, Options::default(), following)?;
    wait(&node, "following", observe)?;
    Ok((published, watch.elapsed()))
}

/// Waits until nothing is behind, or something goes wrong.
fn wait(
    node: &Node,
    what: &str,
    observe: &mut dyn FnMut(&str, u64, u64),
) -> Result<(), BenchError> {
    loop {
        let status = node.status();
        let behind = status.behind();
        let done = status.published.as_ref().map_or(status.size, |there| there.size);
        observe(what, done, done.saturating_add(behind));
        if behind == 0 {
            return Ok(());
        }
        let published = status.published.and_then(|there| there.error);
        if let Some(why) = published.or_else(|| status.followed?.error) {
            return Err(BenchError::Wrong(why));
        }
        std::thread::sleep(LOOK_EVERY);
    }
}
