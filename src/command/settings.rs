//! The settings of server and site that follow from the command line.

use super::config::Config;
use crate::limits;
use crate::server;
use crate::site::{self, KeptLimits};
use std::time::Duration;

impl Config {
    /// The server's settings, where the process may have `descriptors_max` descriptors.
    pub fn server(&self, descriptors_max: usize) -> server::Settings {
        let settings = server::Settings {
            threads: self.threads,
            reuse_port: self.reuse_port,
            idle_time: Duration::from_secs(self.keep_alive),
            write_time: Duration::from_secs(self.write_timeout),
            grace_time: Duration::from_secs(self.grace),
            memory_max: self.body_memory,
            trusted_proxies: self.trusted_proxy.iter().copied().collect(),
            ..server::Settings::default()
        };
        let kept = kept_descriptors(descriptors_max);
        let settings = settings.sharing_descriptors(descriptors_max, kept, self.writable);
        let fitting = settings.connections_max;
        let wanted = self.max_connections.unwrap_or(fitting.min(limits::CONNECTIONS_MAX));
        if wanted > fitting {
            log::warn!(
                "--max-connections {wanted} is more than the limit of {descriptors_max} open \
                 files has room for: {fitting} are held at a time"
            );
        }
        server::Settings { connections_max: wanted.min(fitting), ..settings }
    }

    /// The site's settings, where the process may have `descriptors_max` descriptors.
    pub fn site(&self, descriptors_max: usize) -> site::Settings {
        site::Settings {
            root: self.root.clone(),
            prefix: self.prefix.clone(),
            health: self.health.clone(),
            index: self.index.clone(),
            lists: self.list,
            archives: self.archive,
            archive_names_max: limits::ARCHIVE_NAMES_MAX,
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
            auth_file: self.auth_file.clone(),
            auth_for: self.auth_for(),
            hosts: self.host.clone(),
            machine_names: server::machine_names(),
            body_bytes_max: self.max_body,
            kept: KeptLimits {
                bytes_max: self.cache_size,
                descriptors_max: kept_descriptors(descriptors_max),
            },
        }
    }
}

/// Descriptors that kept files may have, of `descriptors_max`.
fn kept_descriptors(descriptors_max: usize) -> usize {
    (descriptors_max / 8).min(limits::KEPT_DESCRIPTORS_MAX)
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
