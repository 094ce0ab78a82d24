//! Partitions that the kernel makes: cables between namespaces are pulled.

use crate::kit::{Net, plan};
use crate::wires::Switch::{Left, Right};

#[test]
fn what_is_cut_off_by_the_kernel_stands_still_and_comes_back() {
    let Some(net) = Net::between_wires(&plan(4)) else { return };
    let wires = net.wires();
    net.submit_final(0, "before").unwrap();
    let head = net.wait_equal(&[0, 1, 2, 3], 1);

    // One cable.
    wires.pull(3);
    for at in 0..3 {
        net.submit_final(at, &format!("without the fourth {at}")).unwrap();
    }
    let (alone, is_final) = net.submit(3, "alone").unwrap();
    assert!(!is_final && net.head(3).unwrap() == head, "one of four decides nothing");
    wires.plug(3, Left);
    net.wait_final(0, &alone);
    let head = net.wait_equal(&[0, 1, 2, 3], 5);

    // Two halves, each on a switch of its own.
    wires.plug(2, Right);
    wires.plug(3, Right);
    let waiting: Vec<_> =
        [0, 2].iter().map(|node| net.submit(*node, &format!("half {node}")).unwrap()).collect();
    assert!(waiting.iter().all(|(_, is_final)| !is_final), "{waiting:?}");
    assert!((0..4).all(|node| net.head(node).unwrap() == head), "two of four decide nothing");
    wires.plug(2, Left);
    wires.plug(3, Left);
    for (node, (id, _)) in [3, 1].into_iter().zip(&waiting) {
        net.wait_final(node, id);
        net.verify_receipt(node, id);
    }

    // And all of them at once.
    (0..4).for_each(|node| wires.pull(node));
    let (id, is_final) = net.submit(1, "nobody hears anybody").unwrap();
    assert!(!is_final);
    (0..4).for_each(|node| wires.plug(node, Right));
    net.wait_final(2, &id);
    net.wait_equal(&[0, 1, 2, 3], 8);
}
