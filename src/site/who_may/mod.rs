//! Who may do what with the files: other people's pages may not write here, and where there are
//! passwords, only who knows one.
//!
//! It is judged before a path is looked at and before a body is asked for.

mod lately;
mod names;
mod passwords;

pub(super) use passwords::Passwords;

use super::answer::Answer;
use super::asked::Conditions;
use super::leave::Leave;
use super::refusal::refusal;
use super::response::Response;
use super::rules::Rules;
use super::settings::AuthFor;
use crate::http::credentials::Credentials;
use crate::http::date::Timestamp;
use crate::http::origin::is_of_another_site;
use crate::http::request::Request;
use crate::http::status::Status;
use passwords::Verdict;

/// The challenge of a 401 (RFC 7617 §2).
const CHALLENGE: &str = "Basic realm=\"tinyhttpd\", charset=\"UTF-8\"";

/// The answer to a request that may not do what it asks for, or not yet; `None` if it may.
pub(super) fn check(rules: &Rules, request: &Request, conditions: &Conditions) -> Option<Answer> {
    let writes = rules.settings.writable && request.method.writes();
    if !writes && !rules.guards_reading {
        return None;
    }
    if let Some(response) = refuse_site(rules, request, writes) {
        return Some(Answer::Response(rules.complete(response)));
    }
    match &rules.passwords {
        Some(passwords) if writes || rules.settings.auth_for == AuthFor::All => {
            check_password(passwords, rules, request, conditions)
        }
        _ => None,
    }
}

/// The user that the request names, if the password with it was found right lately.
pub(super) fn user(rules: &Rules, request: &Request, now: Timestamp) -> Option<Vec<u8>> {
    let passwords = rules.passwords.as_ref()?;
    let credentials = Credentials::of(&request.fields)?;
    passwords.were_right(&credentials, now).then(|| credentials.user().to_vec())
}

/// 403 for what would write and comes from a page of another site, or by a name that is none of
/// this server's; 421 for what would read by such a name, where the user has given names.
fn refuse_site(rules: &Rules, request: &Request, writes: bool) -> Option<Response> {
    let by_name = writes || !rules.settings.hosts.is_empty();
    if by_name && !names::mean_this_server(&rules.settings, request.host) {
        return Some(refuse_name(request, writes));
    }
    if writes && is_of_another_site(&request.fields, request.host) {
        log::info!("a page of another site would write here, and is refused");
        return Some(refusal(Status::Forbidden));
    }
    None
}

fn refuse_name(request: &Request, writes: bool) -> Response {
    if !writes {
        return refusal(Status::MisdirectedRequest);
    }
    let host = request.host.unwrap_or_default().escape_ascii();
    log::info!("{host} is no name of this machine, so nobody writes by it; --host would allow it");
    refusal(Status::Forbidden)
}

/// 401 without the right password. Whether it is right may take a hash, which needs a leave; the
/// request is answered by another worker then, so that hashes wait for hashes alone.
fn check_password(
    passwords: &Passwords,
    rules: &Rules,
    request: &Request,
    conditions: &Conditions,
) -> Option<Answer> {
    let may_hash = conditions.leave == Some(Leave::Hash);
    let credentials = Credentials::of(&request.fields);
    match passwords.judge(credentials.as_ref(), may_hash, conditions.now) {
        Verdict::Right if may_hash => Some(Answer::Again),
        Verdict::Right => None,
        Verdict::Unknown => Some(Answer::Dear(Leave::Hash)),
        Verdict::Wrong => {
            let response = refusal(Status::Unauthorized).with("WWW-Authenticate", CHALLENGE);
            Some(Answer::Response(rules.complete(response)))
        }
    }
}
