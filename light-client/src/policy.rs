//! Which nodes must agree before a head is taken: a policy file in the form of C2SP tlog-policy.
//!
//! ```text
//! # Two of three of our own nodes, and the regulator's.
//! log genesis:6ac7…
//! node one https://one.example
//! node two https://two.example
//! node three https://three.example
//! node regulator https://cairn.regulator.example
//! group ours 2 one two three
//! group both all ours regulator
//! quorum both
//! ```
//!
//! `group` and `quorum` are those of C2SP; `log` names the anchor in place of a key, and `node` a
//! node in place of a `witness`. A line that is not understood is an error: a policy that is half
//! read asks for less than its author meant.

use cairn_verifier::TrustAnchor;

use crate::error::ClientError;

/// The most nodes and groups of a policy.
const MAX_NAMES: usize = 64;
/// The longest policy in bytes.
const MAX_POLICY_LEN: usize = 64 << 10;

/// A policy that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    anchor: Option<TrustAnchor>,
    nodes: Vec<(String, String)>,
    groups: Vec<Group>,
    quorum: Need,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    name: String,
    threshold: usize,
    of: Vec<Need>,
}

/// A node or an earlier group, by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    Node(usize),
    Group(usize),
    Nobody,
}

impl Policy {
    /// One node.
    #[must_use]
    pub fn one(node: &str) -> Self {
        let nodes = vec![(node.to_owned(), node.to_owned())];
        Self { anchor: None, nodes, groups: Vec::new(), quorum: Need::Node(0) }
    }

    /// So many of these nodes must agree.
    ///
    /// # Errors
    /// [`ClientError::BadPolicy`] unless `1 <= agree <= nodes`.
    pub fn some_of(nodes: &[&str], agree: usize) -> Result<Self, ClientError> {
        let bad = |what| ClientError::BadPolicy { line: 0, what };
        if nodes.len() > MAX_NAMES {
            return Err(bad("it has more than 64 nodes"));
        }
        if agree == 0 || agree > nodes.len() {
            return Err(bad("the number of nodes that must agree is 1 up to how many there are"));
        }
        if stands_twice(&nodes.iter().map(|node| plain(node)).collect::<Vec<_>>()) {
            return Err(bad("a node stands there twice; it would count twice"));
        }
        let of = (0..nodes.len()).map(Need::Node).collect();
        let groups = vec![Group { name: "nodes".to_owned(), threshold: agree, of }];
        let nodes = nodes.iter().map(|node| ((*node).to_owned(), (*node).to_owned())).collect();
        Ok(Self { anchor: None, nodes, groups, quorum: Need::Group(0) })
    }

    /// Reads a policy file.
    ///
    /// # Errors
    /// [`ClientError::BadPolicy`] with the line.
    pub fn parse(text: &str) -> Result<Self, ClientError> {
        let mut policy =
            Self { anchor: None, nodes: Vec::new(), groups: Vec::new(), quorum: Need::Nobody };
        let mut has_quorum = false;
        if text.len() > MAX_POLICY_LEN {
            return Err(ClientError::BadPolicy { line: 0, what: "it is over 64 KiB" });
        }
        for (line, words) in (1_usize..).zip(text.lines()) {
            let bad = |what| ClientError::BadPolicy { line, what };
            let words = words.split('#').next().unwrap_or_default();
            let words: Vec<&str> = words.split_ascii_whitespace().collect();
            match words.as_slice() {
                [] => {}
                ["log", anchor] if policy.anchor.is_none() => {
                    let anchor = anchor.parse();
                    policy.anchor =
                        Some(anchor.map_err(|_| bad("`log` is followed by no anchor"))?);
                }
                ["log", ..] => return Err(bad("there is one `log`, with its anchor alone")),
                ["node", name, url] => policy.add_node(name, url).map_err(bad)?,
                ["group", name, threshold, of @ ..] => {
                    policy.add_group((name, threshold), of).map_err(bad)?;
                }
                ["quorum", name] if !has_quorum => {
                    has_quorum = true;
                    policy.quorum =
                        policy.named(name).ok_or_else(|| bad("no such node or group"))?;
                }
                ["quorum", ..] => return Err(bad("there is one `quorum`, with one name")),
                ["witness", ..] => {
                    return Err(bad(
                        "witnesses are not supported yet; leave the line out, knowing so",
                    ));
                }
                _ => return Err(bad("a line begins with log, node, group or quorum")),
            }
        }
        if policy.quorum == Need::Nobody || policy.nodes.is_empty() {
            return Err(ClientError::BadPolicy { line: 0, what: "it names no quorum of nodes" });
        }
        Ok(policy)
    }

    fn add_node(&mut self, name: &str, url: &str) -> Result<(), &'static str> {
        self.check_name(name)?;
        if self.nodes.iter().any(|(_, known)| plain(known) == plain(url)) {
            return Err("the same address under another name; it would count twice");
        }
        self.nodes.push((name.to_owned(), url.to_owned()));
        Ok(())
    }

    fn add_group(
        &mut self,
        (name, threshold): (&str, &str),
        of: &[&str],
    ) -> Result<(), &'static str> {
        self.check_name(name)?;
        if stands_twice(of) {
            return Err("a name stands twice in the group; it would count twice");
        }
        let of: Option<Vec<Need>> = of.iter().map(|name| self.named(name)).collect();
        let of = of.ok_or("the group names a node or group that is not above it")?;
        let threshold = match threshold {
            "any" => 1,
            "all" => of.len(),
            number => number.parse().map_err(|_| "a group's number is `any`, `all` or a number")?,
        };
        if threshold == 0 || threshold > of.len() {
            return Err("a group's number is 1 up to how many it has");
        }
        self.groups.push(Group { name: name.to_owned(), threshold, of });
        Ok(())
    }

    fn check_name(&self, name: &str) -> Result<(), &'static str> {
        if self.nodes.len().saturating_add(self.groups.len()) >= MAX_NAMES {
            return Err("there are more than 64 names");
        }
        if name == "none" || self.named(name).is_some() {
            return Err("the name is taken");
        }
        Ok(())
    }

    fn named(&self, name: &str) -> Option<Need> {
        let node = self.nodes.iter().position(|(known, _)| known == name).map(Need::Node);
        let group = || self.groups.iter().position(|group| group.name == name).map(Need::Group);
        node.or_else(group)
    }

    /// The anchor that the policy names.
    #[must_use]
    pub const fn anchor(&self) -> Option<TrustAnchor> {
        self.anchor
    }

    /// Names and addresses of the nodes.
    #[must_use]
    pub fn nodes(&self) -> &[(String, String)] {
        &self.nodes
    }

    /// Whether it is enough that the nodes in these places agree.
    #[must_use]
    pub fn is_met(&self, agreeing: &[usize]) -> bool {
        let mut met: Vec<bool> = Vec::new();
        let holds = |need: &Need, met: &[bool]| match need {
            Need::Node(place) => agreeing.contains(place),
            Need::Group(place) => met.get(*place).copied().unwrap_or(false),
            Need::Nobody => false,
        };
        // A group names earlier ones only.
        for group in &self.groups {
            let count = group.of.iter().filter(|need| holds(need, &met)).count();
            met.push(count >= group.threshold);
        }
        holds(&self.quorum, &met)
    }
}

/// An address in the one form of those that lead to the same place: scheme and host in small letters,
/// no port that the scheme means anyway, no slash at the end.
fn plain(address: &str) -> String {
    let address = address.trim_end_matches('/');
    let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (scheme, host) = (scheme.to_ascii_lowercase(), host.to_ascii_lowercase());
    let usual = if scheme == "https" { ":443" } else { ":80" };
    let host = host.strip_suffix(usual).unwrap_or(&host).trim_end_matches('.');
    format!("{scheme}://{host}{path}")
}

/// Whether something stands in a list more than once. There are 64 names: of more, one must.
fn stands_twice<T: PartialEq>(mut names: &[T]) -> bool {
    if names.len() > MAX_NAMES {
        return true;
    }
    while let Some((name, others)) = names.split_first() {
        if others.contains(name) {
            return true;
        }
        names = others;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = "# ours, and another's\n\
        log genesis:0000000000000000000000000000000000000000000000000000000000000001\n\
        node one https://one.example # in Zurich\nnode two https://two.example\n\
        node three https://three.example\n\nnode other https://other.example\n\
        group ours 2 one two three\ngroup both all ours other\nquorum both\n";

    #[test]
    fn groups_are_met_by_their_numbers() {
        let policy = Policy::parse(POLICY).unwrap();
        assert!(policy.anchor().is_some());
        assert_eq!(policy.nodes().len(), 4);
        let met = |nodes: &[usize]| policy.is_met(nodes);
        assert!(met(&[0, 1, 3]) && met(&[1, 2, 3]) && met(&[0, 1, 2, 3]));
        assert!(!met(&[]) && !met(&[0, 1, 2]) && !met(&[0, 3]) && !met(&[3]));
        let two = Policy::some_of(&["http://a", "http://b", "http://c"], 2).unwrap();
        assert!(two.is_met(&[0, 2]) && !two.is_met(&[1]));
        assert!(Policy::one("http://a").is_met(&[0]));
    }

    #[test]
    fn what_is_not_understood_is_refused_by_line() {
        let line_of = |text: &str| match Policy::parse(text) {
            Err(ClientError::BadPolicy { line, .. }) => Some(line),
            _ => None,
        };
        assert_eq!(line_of(POLICY), None);
        for (text, line) in [
            ("", 0),
            ("node a http://a", 0),
            ("quorum none", 1),
            ("node a http://a\nquorum b", 2),
            ("node a http://a\nnode a http://b\nquorum a", 2),
            ("node a http://a\nnode b http://a/\nquorum a", 2),
            ("node none http://a\nquorum none", 1),
            ("node a http://a\nwitness w key+1 http://w\nquorum a", 2),
            ("node a http://a\ngroup g 2 a a\nquorum g", 2),
            ("node a http://a\ngroup g 2 a\nquorum g", 2),
            ("node a http://a\ngroup g 0 a\nquorum g", 2),
            ("node a http://a\ngroup g all\nquorum g", 2),
            ("node a http://a\ngroup g any later\ngroup later any a\nquorum g", 2),
            ("node a http://a\nquorum a\nquorum a", 3),
            ("node a http://a\nlog genesis:1\nquorum a", 2),
            ("node a\nquorum a", 1),
            ("Node a http://a\nquorum a", 1),
        ] {
            assert_eq!(line_of(text), Some(line), "{text}");
        }
        for (nodes, agree) in [(&["a", "b"][..], 3), (&["a", "b"], 0), (&["a", "a"], 1), (&[], 0)] {
            assert!(Policy::some_of(nodes, agree).is_err());
        }
        for same in ["https://a/", "HTTPS://A", "https://a:443", "https://a."] {
            assert!(Policy::some_of(&["https://a", same], 1).is_err(), "{same}");
        }
        assert!(
            Policy::some_of(&["https://a", "http://a", "https://a:80", "https://a/b"], 1).is_ok()
        );
    }
}
