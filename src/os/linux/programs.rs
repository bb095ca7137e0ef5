//! Programs that a system comes with.

/// What opens a URL in the browser that the user has chosen.
pub(crate) const OPENER: &str = "xdg-open";
