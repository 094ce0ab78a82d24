//! Late joiners, and peers that lie to them.

use std::time::Instant;

use crate::kit::Town;

#[test]
fn a_late_joiner_gets_every_block_from_the_others() {
    let mut town = Town::down(&[1, 1, 1, 1]);
    (0..3).for_each(|at| town.start(at));
    let mut all = Vec::new();
    for n in 0..60 {
        let ids = town.submit(n % 3, 1, &format!("event {n}"));
        if n % 3 == 2 {
            town.wait_final(&ids);
        }
        all.extend(ids);
    }
    town.wait_final(&all);
    town.start(3);
    let watch = Instant::now();
    town.wait_height(3, town.node(0).status().height);
    println!("{} blocks in {:?}", town.node(0).status().height, watch.elapsed());
    town.wait_final(&all);
    town.expect_equal();
    assert!(town.links.bans().is_empty(), "{:?}", town.links.bans());
}
