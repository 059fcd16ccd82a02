//! Tags in GHL that say the status of a lead, where that is asked for (`facts/growbots.md`, section 7).

/// What such a tag begins with; the lead's status follows.
const BEGINS: &str = "growbots:";

/// The tag for a lead with this status; `None` where it has none.
pub fn status_tag(status: &str) -> Option<String> {
    (!status.is_empty()).then(|| format!("{BEGINS}{status}"))
}

/// Whether a tag says a lead's status. It is Growbots' own: never written there, and nobody's edit in GHL.
pub fn is_status_tag(tag: &str) -> bool {
    tag.starts_with(BEGINS)
}
