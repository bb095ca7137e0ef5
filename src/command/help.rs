//! How `--help` looks, and what stands at its end.
//!
//! The colours are for a terminal: clap leaves them out in a pipe, and where NO_COLOR says so.

use clap::builder::Styles;
use clap::builder::styling::AnsiColor;

/// The same two colours for headings and for what is typed as in [`EXAMPLES`].
pub(super) const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Yellow.on_default().bold())
    .usage(AnsiColor::Yellow.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// What stands at the end of `--help`.
pub(super) const EXAMPLES: &str = "\
\x1b[1;33mExamples:\x1b[0m
  \x1b[1;36mtinyhttpd --open\x1b[0m
      This directory, for this machine alone, at http://127.0.0.1:8080/ and in a browser
  \x1b[1;36mtinyhttpd public --list --bind ::\x1b[0m
      The directory public for the whole network, with listings
  \x1b[1;36mtinyhttpd dist --spa index.html --cache-control '/assets/*=max-age=31536000'\x1b[0m
      An application that draws its own pages, and whose assets never change
  \x1b[1;36mtinyhttpd inbox --writable --list --max-body 100M\x1b[0m
      Upload with: curl -T report.pdf http://127.0.0.1:8080/
  \x1b[1;36mtinyhttpd site --bind unix:/run/site.sock --access-log /var/log/site.log\x1b[0m
      Behind a proxy on this machine, with a log for GoAccess
  \x1b[1;36mtinyhttpd --check http://127.0.0.1:8080/\x1b[0m
      Whether that server answers, as a container's health check

Each option but the last three is a variable too: TINYHTTPD_MAX_BODY is --max-body. The command \
line wins. What may be repeated has one value a line; an option without a value is on by 1 and \
off by 0.";
