//! Proxies between nodes that can fall silent: a cable that is cut says nothing either.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use cairn_node::testnet::Testnet;

/// One proxy for each node and each other node that it dials.
pub(crate) struct Proxies(Vec<(usize, usize, Arc<AtomicBool>)>);

impl Proxies {
    /// Puts them between the nodes of a network that does not run yet.
    pub(crate) fn between(net: &Testnet) -> Self {
        let mut all = Vec::new();
        for (from, place) in net.nodes.iter().enumerate() {
            let file = place.dir.join("cairn.toml");
            let mut settings = std::fs::read_to_string(&file).unwrap();
            for (to, other) in net.nodes.iter().enumerate().filter(|(to, _)| *to != from) {
                let listener = TcpListener::bind("127.0.0.1:0").unwrap();
                let at = listener.local_addr().unwrap().to_string();
                let here = format!("{}@{}", other.peer.id, other.peer.at);
                assert!(settings.contains(&here), "{settings}");
                settings = settings.replace(&here, &format!("{}@{at}", other.peer.id));
                let cut = Arc::new(AtomicBool::new(false));
                let (target, is_cut) = (other.peer.at.clone(), Arc::clone(&cut));
                thread::spawn(move || serve(&listener, &target, &is_cut));
                all.push((from, to, cut));
            }
            std::fs::write(&file, settings).unwrap();
        }
        Self(all)
    }

    /// Cuts those links of which this is true, and mends the others.
    pub(crate) fn cut(&self, which: impl Fn(usize, usize) -> bool) {
        for (from, to, cut) in &self.0 {
            cut.store(which(*from, *to), Ordering::Relaxed);
        }
    }
}

fn serve(listener: &TcpListener, target: &str, cut: &Arc<AtomicBool>) {
    for near in listener.incoming() {
        let Ok(near) = near else { return };
        wait(cut);
        let Ok(far) = TcpStream::connect(target) else { continue };
        for (from, to) in [(&near, &far), (&far, &near)] {
            let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
            let cut = Arc::clone(cut);
            thread::spawn(move || copy(from, to, &cut));
        }
    }
}

/// Passes bytes on, and none while the link is cut.
fn copy(mut from: TcpStream, mut to: TcpStream, cut: &AtomicBool) {
    let mut buffer = [0; 16_384];
    loop {
        let len = match from.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(len) => len,
        };
        wait(cut);
        let Some(bytes) = buffer.get(..len) else { break };
        if to.write_all(bytes).is_err() {
            break;
        }
    }
    for stream in [from, to] {
        let _gone = stream.shutdown(std::net::Shutdown::Both);
    }
}

fn wait(cut: &AtomicBool) {
    while cut.load(Ordering::Relaxed) {
        thread::sleep(Duration::from_millis(10));
    }
}
