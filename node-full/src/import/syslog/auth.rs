//! What `sshd`, `sudo`, `su` and PAM say of people.

use super::{DraftOutcome, Mapped};

/// What a message means.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found<'a> {
    event_type: &'static str,
    outcome: DraftOutcome,
    user: &'a str,
    reason: String,
    more: Vec<(&'static str, &'a str)>,
}

impl Found<'_> {
    /// Makes the event say that.
    pub(super) fn put(self, mapped: &mut Mapped) {
        self.event_type.clone_into(&mut mapped.event_type);
        mapped.actor = ("user".to_owned(), self.user.to_owned());
        mapped.outcome = self.outcome;
        mapped.reason = self.reason;
        let more = self.more.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned()));
        mapped.metadata.extend(more);
    }
}

/// The meaning of a program's message, if it is one of those known.
pub(super) fn find<'a>(program: &str, message: &'a str) -> Option<Found<'a>> {
    let found = match program {
        "sshd" | "sshd-session" => login(message),
        "sudo" => sudo(message),
        "su" => su(message),
        _ => None,
    };
    found.or_else(|| session(message)).filter(|found| !found.user.is_empty())
}

/// `Accepted publickey for ann from 192.0.2.7 port 50122 ssh2: …`
fn login(message: &str) -> Option<Found<'_>> {
    let (outcome, rest) = match message.split_once(' ')? {
        ("Accepted", rest) => (DraftOutcome::Success, rest),
        ("Failed", rest) => (DraftOutcome::Failure, rest),
        _ => return None,
    };
    let (method, rest) = rest.split_once(" for ")?;
    let (user, rest) = rest.rsplit_once(" from ")?;
    let (address, rest) = rest.split_once(" port ")?;
    let port = rest.split(' ').next()?;
    let known = user.strip_prefix("invalid user ");
    let reason = match (outcome, known) {
        (DraftOutcome::Success, _) => String::new(),
        (_, None) => format!("Failed {method}"),
        (_, Some(_)) => format!("Failed {method}, invalid user"),
    };
    let more = vec![("method", method), ("address", address), ("port", port)];
    Some(Found { event_type: "auth.login", outcome, user: known.unwrap_or(user), reason, more })
}

/// `ann : TTY=pts/0 ; PWD=/home/ann ; USER=root ; COMMAND=/usr/bin/id`, with a reason before `TTY`
/// if it was refused.
fn sudo(message: &str) -> Option<Found<'_>> {
    let (user, rest) = message.split_once(" : ")?;
    let (rest, command) = rest.split_once("COMMAND=")?;
    let mut reason = "";
    let mut more = vec![("command", command)];
    for part in rest.split(" ; ").filter(|part| !part.is_empty()) {
        match part.split_once('=') {
            Some(("TTY", tty)) => more.push(("tty", tty)),
            Some(("PWD", pwd)) => more.push(("pwd", pwd)),
            Some(("USER", target)) => more.push(("target", target)),
            None if reason.is_empty() => reason = part,
            _ => {}
        }
    }
    let outcome = match reason {
        "" => DraftOutcome::Success,
        why if why.contains("password") => DraftOutcome::Failure,
        _ => DraftOutcome::Denied,
    };
    let user = user.trim();
    Some(Found { event_type: "auth.sudo", outcome, user, reason: reason.to_owned(), more })
}

/// `(to root) ann on pts/1`
fn su(message: &str) -> Option<Found<'_>> {
    let (outcome, rest) = match message.strip_prefix("FAILED SU ") {
        Some(rest) => (DraftOutcome::Failure, rest),
        None => (DraftOutcome::Success, message),
    };
    let (target, rest) = rest.strip_prefix("(to ")?.split_once(") ")?;
    let (user, tty) = rest.rsplit_once(" on ")?;
    let more = vec![("target", target), ("tty", tty)];
    Some(Found { event_type: "auth.su", outcome, user, reason: String::new(), more })
}

/// `pam_unix(sshd:session): session opened for user ann(uid=1000) by (uid=0)`
fn session(message: &str) -> Option<Found<'_>> {
    let (_, rest) = message.strip_prefix("pam_unix(")?.split_once("): session ")?;
    let (event_type, rest) = match rest.split_once(" for user ")? {
        ("opened", rest) => ("auth.session.opened", rest),
        ("closed", rest) => ("auth.session.closed", rest),
        _ => return None,
    };
    let user = rest.split(['(', ' ']).next()?;
    let outcome = DraftOutcome::Success;
    Some(Found { event_type, outcome, user, reason: String::new(), more: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_move_the_address() {
        let message = "Failed password for invalid user root from 10.0.0.1 port 22 ssh2 \
                       from 203.0.113.9 port 4444 ssh2";
        let found = find("sshd", message).unwrap();
        assert_eq!(found.user, "root from 10.0.0.1 port 22 ssh2");
        assert_eq!(found.more[1..], [("address", "203.0.113.9"), ("port", "4444")]);
    }

    #[test]
    fn what_sudo_refused() {
        let outcome = |why: &str| {
            let message =
                format!("bob : {why} ; TTY=pts/1 ; PWD=/ ; USER=root ; COMMAND=/bin/sh -c a=b ; c");
            let found = find("sudo", &message).unwrap();
            assert_eq!((found.user, found.reason.as_str()), ("bob", why));
            assert_eq!(found.more[0], ("command", "/bin/sh -c a=b ; c"));
            found.outcome
        };
        assert_eq!(outcome("user NOT in sudoers"), DraftOutcome::Denied);
        assert_eq!(outcome("command not allowed"), DraftOutcome::Denied);
        assert_eq!(outcome("3 incorrect password attempts"), DraftOutcome::Failure);
    }

    #[test]
    fn su_and_sessions() {
        let found = find("su", "FAILED SU (to root) bob on pts/2").unwrap();
        assert_eq!((found.outcome, found.user), (DraftOutcome::Failure, "bob"));
        let found = find("su", "(to root) ann on pts/2").unwrap();
        assert_eq!(
            (found.outcome, found.more),
            (DraftOutcome::Success, vec![("target", "root"), ("tty", "pts/2")])
        );
        let found = find("cron", "pam_unix(cron:session): session closed for user root").unwrap();
        assert_eq!((found.event_type, found.user), ("auth.session.closed", "root"));
    }

    #[test]
    fn what_is_not_known_has_no_meaning() {
        for (program, message) in [
            ("sshd", "Connection closed by 198.51.100.4 port 22 [preauth]"),
            ("sshd", "Accepted password for ann"),
            ("nginx", "Failed password for ann from 10.0.0.1 port 22 ssh2"),
            ("sudo", "pam_unix(sudo:auth): conversation failed"),
            ("su", ""),
            ("x", "pam_unix(x:session): session opened for user "),
        ] {
            assert_eq!(find(program, message), None, "{program}: {message}");
        }
    }
}
