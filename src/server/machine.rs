//! The names of this machine.

use rustix::system::uname;

/// The names by which others on the network may know this machine, in lower case: its own, with and
/// without its domain, and each of them as mDNS has it (RFC 6762 §3), with `.local`.
pub fn machine_names() -> Vec<String> {
    names_of(&uname().nodename().to_string_lossy())
}

fn names_of(own: &str) -> Vec<String> {
    let own = own.trim_end_matches('.').to_ascii_lowercase();
    let short = own.split('.').next().unwrap_or_default();
    if short.is_empty() {
        return Vec::new();
    }
    let mut names = vec![own.clone(), short.to_owned(), format!("{short}.local")];
    names.sort();
    names.dedup();
    names
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn machine_is_known_with_and_without_a_domain_and_local() {
        assert_eq!(names_of("Box"), ["box", "box.local"]);
        assert_eq!(names_of("box.local"), ["box", "box.local"]);
        assert_eq!(names_of("box.example.org."), ["box", "box.example.org", "box.local"]);
        assert!(names_of("").is_empty());
        assert!(machine_names().iter().all(|name| !name.contains(char::is_uppercase)));
    }
}
