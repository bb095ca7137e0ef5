//! The rounds: every server is started for a workload, checked, and measured in turn.

use crate::check::{Asked, check};
use crate::cold;
use crate::measure::{Cell, Measure};
use crate::picture;
use crate::recipes::{self, Program};
use crate::report::{self, Row, Table};
use crate::start;
use crate::support::options::Options;
use crate::support::recipe::Recipe;
use crate::support::{affordable, server::Server, site::Site};
use crate::workload::{Load, Workload};
use std::io;
use std::time::Instant;

/// A run over several workloads, with what it has found so far.
pub struct Contest<'a> {
    options: &'a Options,
    site: Site,
    programs: Vec<Program>,
    descriptors: u64,
    /// The core of the servers; `None` lets them run on all.
    core: Option<usize>,
    tables: Vec<Table>,
    failures: Vec<String>,
}

/// A server that takes part in a workload.
struct Contender<'r> {
    recipe: &'r Recipe,
    server: Server,
    asked: Asked,
    /// One a round.
    cells: Vec<Cell>,
    /// One a round, where a workload has connections at rest: measured without them.
    alone: Vec<Cell>,
}

impl<'a> Contest<'a> {
    pub fn new(
        options: &'a Options,
        site: Site,
        programs: Vec<Program>,
        descriptors: u64,
        core: Option<usize>,
    ) -> Contest<'a> {
        let (tables, failures) = (Vec::new(), Vec::new());
        Contest { options, site, programs, descriptors, core, tables, failures }
    }

    /// Measures how long each server takes to start, and what it needs at rest.
    pub fn start(&mut self) -> io::Result<()> {
        let recipes = recipes::plain(&self.programs, &self.site, recipes::CONNECTIONS);
        let failures = start::measure(&recipes, self.options.rounds, self.site.scratch());
        self.failures.extend(failures);
        Ok(())
    }

    /// Measures one workload and prints its table. A server that fails is left out from then on.
    pub fn run(&mut self, workload: &Workload) -> io::Result<()> {
        println!("{}: {}\n", workload.name, workload.title);
        let start = Instant::now();
        workload.make_files(&self.site)?;
        let recipes = recipes::for_workload(&self.programs, workload, &self.site, self.core);
        let contenders: Vec<io::Result<Contender>> =
            recipes.iter().map(|recipe| self.enter(recipe, workload)).collect();
        let mut contenders = self.keep_good(contenders);
        let measure = self.measure(workload);
        let mut failures = Vec::new();
        for round in 0..self.rounds(workload) {
            let count = contenders.len().max(1);
            contenders.rotate_left(usize::from(round > 0) % count);
            contenders.retain_mut(|contender| match contender.take_turn(&measure, workload) {
                Ok(()) => true,
                Err(error) => {
                    failures.push(format!("{}, {}: {error}", workload.name, contender.server.name));
                    false
                }
            });
        }
        self.failures.extend(failures);
        self.print(workload, contenders, &recipes);
        println!("{} took {:.0} s\n", workload.name, start.elapsed().as_secs_f64());
        Ok(())
    }

    /// Prints the table of all workloads, and draws it.
    pub fn sum_up(&self) -> io::Result<()> {
        report::print_summary(&self.tables);
        picture::draw(&self.tables, &self.options.plots, self.core.is_some())
    }

    pub fn into_failures(self) -> Vec<String> {
        self.failures
    }

    fn enter<'r>(&self, recipe: &'r Recipe, workload: &Workload) -> io::Result<Contender<'r>> {
        let server = Server::start(recipe, self.site.scratch())?;
        let asked = check(&server, workload, &self.site)
            .map_err(|error| io::Error::other(format!("{}: {error}", recipe.name)))?;
        Ok(Contender { recipe, server, asked, cells: Vec::new(), alone: Vec::new() })
    }

    fn keep_good<'r>(&mut self, contenders: Vec<io::Result<Contender<'r>>>) -> Vec<Contender<'r>> {
        let (good, bad): (Vec<_>, Vec<_>) = contenders.into_iter().partition(Result::is_ok);
        let errors = bad.into_iter().filter_map(Result::err);
        self.failures.extend(errors.map(|error| error.to_string()));
        good.into_iter().flatten().collect()
    }

    fn measure(&self, workload: &Workload) -> Measure<'_> {
        let idle = match workload.load {
            Load::BesideIdle { idle, .. } => {
                affordable(self.options.scaled(idle), self.descriptors)
            }
            _ => 0,
        };
        Measure { site: &self.site, seconds: self.options.seconds, idle }
    }

    /// Connecting ten thousand clients takes its time, so there are fewer rounds of it.
    fn rounds(&self, workload: &Workload) -> usize {
        match workload.load {
            Load::BesideIdle { .. } => self.options.rounds.div_ceil(2),
            _ => self.options.rounds,
        }
    }

    /// Prints and keeps the tables of a workload, the servers in the order of `recipes` again.
    fn print(&mut self, workload: &Workload, mut contenders: Vec<Contender>, recipes: &[Recipe]) {
        let place = |name: &str| recipes.iter().position(|recipe| recipe.name == name);
        contenders.sort_by_key(|contender| place(&contender.server.name));
        let rows = |cells: for<'c, 'r> fn(&'c Contender<'r>) -> &'c [Cell]| -> Vec<Row> {
            let row = |c: &Contender| Row::new(&c.server.name, cells(c));
            contenders.iter().map(row).collect()
        };
        let beside = rows(|contender| &contender.cells);
        if let Load::BesideIdle { busy, .. } = workload.load {
            println!("{busy} busy alone:\n");
            let alone = rows(|contender| &contender.alone);
            report::print_table(workload, &alone);
            println!("beside those at rest:\n");
            report::print_table(workload, &beside);
            report::print_difference(&alone, &beside);
        } else {
            report::print_table(workload, &beside);
        }
        let is_of_bytes = matches!(workload.load, Load::Downloads(_));
        let (name, title) = (workload.name, workload.title);
        self.tables.push(Table { name, title, is_of_bytes, rows: beside });
    }
}

impl Contender<'_> {
    fn take_turn(&mut self, measure: &Measure, workload: &Workload) -> io::Result<()> {
        if let Load::BesideIdle { busy, .. } = workload.load {
            self.alone.push(measure.alone(&self.server, workload, busy)?);
        }
        if let Load::Once(_, set) = workload.load {
            self.server = Server::start(self.recipe, measure.site.scratch())?;
            cold::forget(&set, measure.site)?;
        }
        let cell = measure.cell(&self.server, workload, &self.asked)?;
        self.cells.push(cell);
        Ok(())
    }
}
