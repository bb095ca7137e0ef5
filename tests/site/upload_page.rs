//! Listings of a site that may be written to: what they have beside the others.

use crate::support::site::{Asked, Tree};

const POLICY: &str = "Content-Security-Policy";

fn site(tree: &Tree, is_writable: bool, policy: Option<&str>) -> Asked {
    tree.site(|settings| {
        settings.lists = true;
        settings.writable = is_writable;
        settings.body_bytes_max = 12_345;
        settings.fields = policy.map(|policy| (POLICY.into(), policy.into())).into_iter().collect();
    })
}

fn tree() -> Tree {
    Tree::with(&[("a", ""), ("README.md", "read me"), ("page/index.html", "index")])
}

#[test]
fn no_word_of_script_where_nothing_can_be_written() {
    let reply = site(&tree(), false, None).get("/").expect_status("200 OK");
    assert_eq!(reply.field(POLICY), None);
    let page = reply.text().to_lowercase();
    assert!(!page.contains("script") && !page.contains("upload"), "{page}");
}

#[test]
fn page_that_uploads_runs_its_own_script_alone() {
    let tree = tree();
    let site = site(&tree, true, None);
    let reply = site.get("/").expect_status("200 OK");
    let policy = reply.field(POLICY).expect("a policy");
    assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"), "{policy}");
    for word in ["unsafe", "*", "http", "data: '"] {
        assert!(!policy.contains(word), "{policy}");
    }
    let page = reply.text();
    assert_eq!(page.matches("<script>").count(), 1, "{page}");
    assert!(page.contains(" data-bytes-max=12345>"), "{page}");
    // Not about JSON, and not about files.
    assert_eq!(site.get_with("/", "Accept: application/json").field(POLICY), None);
    for target in ["/a", "/page/", "/missing"] {
        assert_eq!(site.get(target).field(POLICY), None, "{target}");
    }
}

#[test]
fn own_policy_of_the_user_counts_alone() {
    let own = "default-src 'self'";
    let reply = site(&tree(), true, Some(own)).get("/");
    let policies = reply.lines.iter().filter(|(name, _)| name == POLICY);
    let policies: Vec<_> = policies.map(|(_, value)| &**value).collect();
    assert_eq!(policies, [own]);
}
