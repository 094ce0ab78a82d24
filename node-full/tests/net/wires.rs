//! A network of its own for each node: namespaces of this machine, joined by cables that can be
//! pulled. Nothing between two nodes is ours then; what is lost is lost by the kernel.

use std::process::Command;

use cairn_node::testnet::Testnet;

/// Two switches, and a cable from each node to one of them.
pub(crate) struct Wires {
    hub: String,
    spaces: Vec<String>,
}

/// Which switch a node's cable ends at.
#[derive(Clone, Copy)]
pub(crate) enum Switch {
    Left,
    Right,
}

impl Switch {
    const fn name(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Right => "right",
        }
    }
}

fn ip(words: &str) -> Result<(), String> {
    let ran = Command::new("ip").args(words.split(' ')).output();
    let ran = ran.map_err(|error| format!("cannot start `ip` of iproute2: {error}"))?;
    let said = String::from_utf8_lossy(&ran.stderr);
    if ran.status.success() { Ok(()) } else { Err(format!("ip {words}: {}", said.trim())) }
}

impl Wires {
    /// Puts the nodes of a network that does not run yet into their namespaces. Only root may.
    pub(crate) fn between(net: &Testnet) -> Result<Self, String> {
        let name = |what: &str| format!("cairn-{}-{what}", std::process::id());
        let mut wires = Self { hub: name("hub"), spaces: Vec::new() };
        let hub = &wires.hub;
        ip(&format!("netns add {hub}"))?;
        for switch in [Switch::Left, Switch::Right] {
            ip(&format!("-n {hub} link add name {} type bridge", switch.name()))?;
            ip(&format!("-n {hub} link set {} up", switch.name()))?;
        }
        for node in 0..net.nodes.len() {
            let space = name(&node.to_string());
            ip(&format!("netns add {space}"))?;
            wires.spaces.push(space.clone());
            let (port, hub) = (port(node), &wires.hub);
            ip(&format!(
                "link add name cable netns {space} type veth peer name {port} netns {hub}"
            ))?;
            ip(&format!("-n {space} addr add {}/24 dev cable", address(node)))?;
            ip(&format!("-n {space} link set lo up"))?;
            ip(&format!("-n {space} link set cable up"))?;
            ip(&format!("-n {hub} link set {port} up"))?;
            wires.plug(node, Switch::Left);
        }
        wires.move_in(net);
        Ok(wires)
    }

    /// Tells all nodes where they are now. Their APIs stay where only their own namespace is.
    fn move_in(&self, net: &Testnet) {
        for place in &net.nodes {
            let file = place.dir.join("cairn.toml");
            let mut settings = std::fs::read_to_string(&file).unwrap();
            for (node, other) in net.nodes.iter().enumerate() {
                let (_, port) = other.peer.at.rsplit_once(':').unwrap();
                assert!(settings.contains(&other.peer.at), "{settings}");
                let moved = format!("{}:{port}", address(node));
                settings = settings.replace(&other.peer.at, &moved);
            }
            std::fs::write(&file, settings).unwrap();
        }
    }

    /// Does something where a node is: sockets and processes that are made are there too.
    pub(crate) fn inside<T: Send>(&self, node: usize, work: impl FnOnce() -> T + Send) -> T {
        let space = format!("/run/netns/{}", self.spaces[node]);
        std::thread::scope(|scope| {
            let there = scope.spawn(move || {
                enter(&space);
                work()
            });
            there.join().unwrap()
        })
    }

    /// Pulls a node's cable out of its switch: both ends see that.
    pub(crate) fn pull(&self, node: usize) {
        ip(&format!("-n {} link set {} down", self.hub, port(node))).unwrap();
    }

    /// Plugs it into a switch.
    pub(crate) fn plug(&self, node: usize, switch: Switch) {
        let (hub, port) = (&self.hub, port(node));
        ip(&format!("-n {hub} link set {port} master {} up", switch.name())).unwrap();
    }
}

impl Drop for Wires {
    fn drop(&mut self) {
        for space in self.spaces.iter().chain([&self.hub]) {
            // One that was not made is not there to be removed.
            let _gone = ip(&format!("netns del {space}"));
        }
    }
}

fn port(node: usize) -> String {
    format!("port-{node}")
}

/// No address of this machine: nobody else is on these cables.
fn address(node: usize) -> String {
    format!("10.77.0.{}", node.saturating_add(1))
}

/// Moves this thread into a namespace.
#[cfg(target_os = "linux")]
fn enter(space: &str) {
    use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
    use std::os::fd::AsFd as _;

    let file = std::fs::File::open(space).unwrap();
    move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
}

#[cfg(not(target_os = "linux"))]
fn enter(space: &str) {
    Err::<(), _>(format!("{space}: only Linux has network namespaces")).unwrap();
}
