//! Refusals of a manager whose Swarm has no leader: the remote procedure's words say little to people.

/// Why a Swarm does not answer, in words; none: the refusal says something else.
pub(super) fn reason(status: u16, message: &str) -> Option<&'static str> {
    if !matches!(status, 500 | 503) {
        return None;
    }
    let has = |part: &str| message.contains(part);
    if has("does not have a leader") || has("no elected cluster leader") {
        Some("it has no leader, since most of its managers are away; start them again")
    } else if has("context deadline exceeded")
        || has("code = DeadlineExceeded")
        || has("code = Unavailable")
    {
        Some("its leader is away; another one is elected while most of its managers are there")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_away_is_said_in_words() {
        let none = "rpc error: code = Unknown desc = The swarm does not have a leader. It's possible that too few managers are online. Make sure more than half of the managers are online.";
        let lost = "rpc error: code = DeadlineExceeded desc = context deadline exceeded";
        // The same of a write that the managers did not agree on in time.
        let no_majority = "rpc error: code = Unknown desc = context deadline exceeded";
        assert!(reason(500, none).is_some_and(|reason| reason.contains("no leader")));
        for message in [lost, no_majority] {
            let reason = reason(500, message);
            assert!(reason.is_some_and(|reason| reason.contains("another one is elected")));
        }
        assert_eq!(
            reason(
                500,
                "rpc error: code = Unknown desc = update out of sequence"
            ),
            None
        );
        assert_eq!(reason(404, none), None);
    }
}
