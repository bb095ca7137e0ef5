//! What the subjects have in common.

use crate::support::options::Options;
use crate::support::plot::lines::{Axis, Panel, draw_lines};
use crate::support::site::{SMALL, Site};
use crate::support::{machine, raise_descriptor_limit, server, tree, wrk};
use std::cell::Cell;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Instant;

/// Descriptors that are left for other things than connections; more than a server of many processes
/// gets of connections beyond its part.
const SPARE: usize = 1000;

pub struct Stage {
    pub options: Options,
    pub site: Site,
    /// What a process may open.
    descriptors: u64,
    /// How many files of the tree there are.
    files: Cell<usize>,
}

impl Stage {
    pub fn build(options: Options) -> io::Result<Stage> {
        let descriptors = raise_descriptor_limit()?;
        let parent = Path::new(env!("CARGO_TARGET_TMPDIR"));
        fs::create_dir_all(parent)?;
        let site = Site::small(parent)?;
        server::clean_up_on_signals(site.scratch())?;
        println!("{}, {descriptors} descriptors a process\n", machine());
        Ok(Stage { options, site, descriptors, files: Cell::new(0) })
    }

    /// How many connections a process can hold besides what else it has open.
    pub fn connections_max(&self) -> usize {
        usize::try_from(self.descriptors).unwrap_or(usize::MAX).saturating_sub(SPARE).max(1)
    }

    /// Makes those of the first `count` files of the tree that are not there.
    pub fn need_files(&self, count: usize) -> io::Result<()> {
        let have = self.files.get();
        if have >= count {
            return Ok(());
        }
        let start = Instant::now();
        tree::create(&self.site, have..count)?;
        self.files.set(count);
        println!("{} files made in {:.0} s\n", count - have, start.elapsed().as_secs_f64());
        Ok(())
    }

    /// wrk's requests for 1 KiB on so many connections.
    pub fn small_load(&self, connections: usize) -> wrk::Load {
        wrk::Load {
            connections,
            seconds: self.options.seconds,
            path: SMALL.to_owned(),
            files: 0,
            upload: None,
            fields: Vec::new(),
            status: 200,
            body_bytes: 1024,
        }
    }

    /// Writes a plot that is named after its subject.
    pub fn plot(
        &self,
        subject: &str,
        title: &str,
        axis: &Axis,
        panels: &[Panel],
    ) -> io::Result<()> {
        let path = self.options.plots.join(format!("growth-{subject}.svg"));
        draw_lines(&path, title, axis, panels)
    }
}
