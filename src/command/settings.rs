//! The settings of server and site that follow from the command line.

use super::config::Config;
use crate::limits;
use crate::server;
use crate::site::{self, KeptLimits};
use std::time::Duration;

impl Config {
    /// The server's settings, where the process may have `descriptors_max` descriptors.
    ///
    /// What is not kept back for the process, for its workers and for kept files is for connections:
    /// a socket each, and beside it the file that it is sent, or while it uploads two more.
    pub fn server(&self, descriptors_max: usize) -> server::Settings {
        let kept = self.kept_descriptors(descriptors_max);
        let reserved =
            limits::DESCRIPTORS_RESERVED.saturating_add(self.threads).saturating_add(kept);
        let each = match self.writable {
            true => limits::UPLOAD_DESCRIPTORS,
            false => limits::ANSWER_DESCRIPTORS,
        };
        let left = descriptors_max.saturating_sub(reserved).max(each);
        let fitting = left - each + 1;
        let wanted = self.max_connections.unwrap_or(fitting.min(limits::CONNECTIONS_MAX));
        if wanted > fitting {
            log::warn!(
                "--max-connections {wanted} is more than the limit of {descriptors_max} open \
                 files has room for: {fitting} are held at a time"
            );
        }
        server::Settings {
            threads: self.threads,
            connections_max: wanted.min(fitting),
            descriptors_max,
            connection_descriptors_max: left,
            descriptors_each: each,
            idle_time: Duration::from_secs(self.keep_alive),
            write_time: Duration::from_secs(self.write_timeout),
            grace_time: Duration::from_secs(self.grace),
            memory_max: self.body_memory,
            trusted_proxies: self.trusted_proxy.iter().copied().collect(),
            ..server::Settings::default()
        }
    }

    /// The site's settings, where the process may have `descriptors_max` descriptors.
    pub fn site(&self, descriptors_max: usize) -> site::Settings {
        site::Settings {
            root: self.root.clone(),
            prefix: self.prefix.clone(),
            health: self.health.clone(),
            index: self.index.clone(),
            lists: self.list,
            serves_hidden: self.hidden,
            fallback: self.spa.clone(),
            clean_urls: self.clean_urls,
            by_host: self.vhosts,
            precompressed: self.precompressed,
            types: self.types.clone(),
            cache_control: self.cache_control.clone(),
            fields: self.headers.clone(),
            cross_origin: self.cors,
            writable: self.writable,
            body_bytes_max: self.max_body,
            kept: KeptLimits {
                bytes_max: self.cache_size,
                descriptors_max: self.kept_descriptors(descriptors_max),
            },
        }
    }

    fn kept_descriptors(&self, descriptors_max: usize) -> usize {
        (descriptors_max / 8).min(limits::KEPT_DESCRIPTORS_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[test]
    fn connections_that_upload_leave_descriptors_for_the_rest() {
        let config = Config::parse_from(["tinyhttpd", "--threads", "4", "--writable"]);
        let settings = config.server(1024);
        let left = settings.connection_descriptors_max;
        assert!(left < 1024 && settings.descriptors_each == 3);
        // The last one let in may still hold all that it needs.
        assert_eq!(settings.connections_max - 1 + 3, left);
    }

    #[test]
    fn connections_leave_descriptors_for_the_rest() {
        let config = Config::parse_from(["tinyhttpd", "--threads", "4"]);
        for descriptors_max in [64, 1024, 20_000, 1 << 30] {
            let most = config.server(descriptors_max).connections_max;
            assert!(most >= 1 && most < descriptors_max, "{descriptors_max}: {most}");
        }
    }
}
