//! The command line, and beneath it the environment: a variable for each option.
//!
//! `TINYHTTPD_MAX_BODY` is `--max-body`. What variables say is put before the command line in the
//! form of options, so both are read by the same rules. The command line wins: a variable does not
//! count where the command line has its option, or one that excludes it.

use super::config::Config;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, CommandFactory, FromArgMatches};
use std::env;
use std::ffi::{OsStr, OsString};

/// How the names of all variables begin.
const BEGINNING: &str = "TINYHTTPD_";

/// Options that are no settings, and have no variable.
const WITHOUT_VARIABLE: [&str; 3] = ["check", "help", "version"];

/// Reads command line and environment; with bad usage, or with `--help`, the process ends here.
/// Returns also a line that warns of variables that no option has, where there are any.
pub(super) fn read() -> (Config, Option<String>) {
    merge(env::args_os().collect(), env::vars_os()).unwrap_or_else(|error| error.exit())
}

/// A variable of ours that is set.
struct Variable<'a> {
    name: String,
    value: OsString,
    option: &'a Arg,
}

fn merge(
    line: Vec<OsString>,
    environment: impl Iterator<Item = (OsString, OsString)>,
) -> Result<(Config, Option<String>), clap::Error> {
    let mut command = Config::command();
    let mut matches = command.try_get_matches_from_mut(&line)?;
    let mut warning = None;
    if !matches.contains_id("check") {
        let (variables, unknown) = ours(&command, environment);
        warning = (!unknown.is_empty())
            .then(|| format!("no option is meant by {}: see --help", unknown.join(", ")));
        let said = said(&command, &matches, &variables)
            .map_err(|message| wrong(&mut command.clone(), message))?;
        if !said.is_empty() {
            let options = said.iter().flat_map(|(_, options)| options);
            let all = line.iter().take(1).chain(options).chain(line.iter().skip(1));
            matches = command.clone().try_get_matches_from(all).map_err(|error| {
                let culprit = said.iter().find_map(|(of, options)| of.cause(&command, options));
                culprit.map_or(error, |message| wrong(&mut command.clone(), message))
            })?;
        }
    }
    let mut config = Config::from_arg_matches(&matches)?;
    if let Some(directory) = config.directory.take() {
        config.root = directory;
    }
    Ok((config, warning))
}

/// Bad usage for the reason that `message` says.
fn wrong(command: &mut Command, message: String) -> clap::Error {
    command.error(ErrorKind::ValueValidation, message)
}

/// The variables of options, and those that begin like them and are none.
fn ours(
    command: &Command,
    environment: impl Iterator<Item = (OsString, OsString)>,
) -> (Vec<Variable<'_>>, Vec<String>) {
    let mut variables = Vec::new();
    let mut unknown = Vec::new();
    for (name, value) in environment {
        let name = name.to_string_lossy().into_owned();
        let option = command.get_arguments().find(|&option| has_name(option, &name));
        match option {
            _ if !name.starts_with(BEGINNING) => {}
            // Kubernetes sets this one where a service has the name of the program.
            Some(_)
                if name == "TINYHTTPD_PORT" && value.as_encoded_bytes().starts_with(b"tcp://") =>
            {
                unknown.push(format!("{name}={}", value.display()));
            }
            Some(option) => variables.push(Variable { name, value, option }),
            None => unknown.push(name),
        }
    }
    unknown.sort();
    (variables, unknown)
}

fn has_name(option: &Arg, name: &str) -> bool {
    let long = option.get_long().filter(|long| !WITHOUT_VARIABLE.contains(long));
    long.is_some_and(|long| {
        name.strip_prefix(BEGINNING)
            .is_some_and(|name| name == long.to_ascii_uppercase().replace('-', "_"))
    })
}

/// What `variables` say, as options; but for those that the command line overrides.
///
/// # Errors
///
/// One line that names a variable that should be on or off and says neither.
fn said<'a>(
    command: &Command,
    line: &ArgMatches,
    variables: &'a [Variable],
) -> Result<Vec<(&'a Variable<'a>, Vec<OsString>)>, String> {
    let is_on_line = |option: &Arg| {
        line.value_source(option.get_id().as_str()) == Some(ValueSource::CommandLine)
    };
    let counts = |variable: &&Variable| {
        let conflicts = command.get_arg_conflicts_with(variable.option);
        !is_on_line(variable.option) && !conflicts.into_iter().any(is_on_line)
    };
    let counting = variables.iter().filter(counts);
    counting.map(|variable| Ok((variable, variable.options()?))).collect()
}

impl Variable<'_> {
    /// The same as options. An empty value counts as none, so that a file of variables may leave
    /// some open.
    fn options(&self) -> Result<Vec<OsString>, String> {
        let long = format!("--{}", self.option.get_long().expect("it was found by its long name"));
        let with = |value: &OsStr| {
            let mut option = OsString::from(format!("{long}="));
            option.push(value);
            option
        };
        Ok(match self.option.get_action() {
            ArgAction::SetTrue => vec![long.into(); self.count(1)?],
            ArgAction::Count => vec![long.into(); self.count(u8::MAX)?],
            ArgAction::Append => self.lines().into_iter().map(with).collect(),
            _ if self.value.is_empty() => Vec::new(),
            _ => vec![with(&self.value)],
        })
    }

    /// How often an option without a value is meant: up to `most` times.
    fn count(&self, most: u8) -> Result<usize, String> {
        let value = self.value.to_string_lossy().to_ascii_lowercase();
        match &*value {
            "" | "false" | "no" | "off" => Ok(0),
            "true" | "yes" | "on" => Ok(1),
            number => match number.parse::<u8>() {
                Ok(number) if number <= most => Ok(number.into()),
                _ => Err(format!("in {}: 1 or 0 is needed, not {value:?}", self.name)),
            },
        }
    }

    /// The values of an option that may be repeated: one a line.
    fn lines(&self) -> Vec<&OsStr> {
        match self.value.to_str() {
            Some(text) => text
                .lines()
                .map(str::trim)
                .filter(|line| !line.is_empty())
                .map(OsStr::new)
                .collect(),
            None => vec![&self.value],
        }
    }

    /// The fault of this variable's `options` alone. An error for all options together would name
    /// an option that the user has never written.
    fn cause(&self, command: &Command, options: &[OsString]) -> Option<String> {
        let name = OsString::from(command.get_name());
        let parsed = command.clone().try_get_matches_from([&name].into_iter().chain(options));
        let text = parsed.err()?.to_string();
        let cause = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
        Some(format!("in {}: {cause}", self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::config::AccessLog;
    use crate::server::BindAddress;
    use std::path::Path;

    fn merged(
        line: &[&str],
        environment: &[(&str, &str)],
    ) -> Result<(Config, Option<String>), clap::Error> {
        let line = ["tinyhttpd"].iter().chain(line).map(OsString::from).collect();
        merge(line, environment.iter().map(|&(name, value)| (name.into(), value.into())))
    }

    #[track_caller]
    fn config(line: &[&str], environment: &[(&str, &str)]) -> Config {
        let (config, warning) = merged(line, environment).expect("good usage");
        assert_eq!(warning, None);
        config
    }

    #[test]
    fn each_option_that_is_a_setting_has_a_variable() {
        let command = Config::command();
        for option in command.get_arguments().filter_map(Arg::get_long) {
            let name = format!("{BEGINNING}{}", option.to_ascii_uppercase().replace('-', "_"));
            let (_, warning) = merged(&[], &[(&name, "")]).expect("nothing is said");
            assert_eq!(warning.is_some(), WITHOUT_VARIABLE.contains(&option), "{option}");
        }
    }

    #[test]
    fn a_variable_is_its_option() {
        let config = config(
            &[],
            &[
                ("TINYHTTPD_ROOT", "/srv"),
                ("TINYHTTPD_PORT", "81"),
                ("TINYHTTPD_MAX_BODY", "2M"),
                ("TINYHTTPD_ACCESS_LOG", "off"),
                ("TINYHTTPD_LIST", "1"),
                ("TINYHTTPD_VERBOSE", "2"),
                ("HOME", "/root"),
            ],
        );
        assert_eq!((config.root.as_path(), config.port), (Path::new("/srv"), 81));
        assert_eq!((config.max_body, config.access_log), (2 << 20, Some(AccessLog::Off)));
        assert_eq!((config.list, config.verbose), (true, 2));
    }

    #[test]
    fn an_option_without_a_value_is_on_or_off() {
        for (value, expected) in [
            ("1", Some(true)),
            ("true", Some(true)),
            ("Yes", Some(true)),
            ("ON", Some(true)),
            ("0", Some(false)),
            ("false", Some(false)),
            ("no", Some(false)),
            ("off", Some(false)),
            ("", Some(false)),
            ("2", None),
            ("maybe", None),
        ] {
            let list =
                merged(&[], &[("TINYHTTPD_LIST", value)]).ok().map(|(config, _)| config.list);
            assert_eq!(list, expected, "{value:?}");
        }
    }

    #[test]
    fn what_may_be_repeated_has_one_value_a_line() {
        let config = config(
            &[],
            &[
                ("TINYHTTPD_BIND", "127.0.0.1\n\n  ::1\r\n"),
                ("TINYHTTPD_HEADER", "A: b, c d"),
                ("TINYHTTPD_INDEX", ""),
            ],
        );
        let hosts = ["127.0.0.1", "::1"].map(|host| BindAddress::Host(host.to_owned()));
        assert_eq!(config.bind, hosts);
        assert_eq!(config.headers, [("A".to_owned(), "b, c d".to_owned())]);
        assert_eq!(config.index, ["index.html"]);
    }

    #[test]
    fn the_command_line_wins() {
        let environment = [
            ("TINYHTTPD_ROOT", "/srv"),
            ("TINYHTTPD_BIND", "::1\n127.0.0.2"),
            ("TINYHTTPD_QUIET", "1"),
            ("TINYHTTPD_LIST", "0"),
            ("TINYHTTPD_PORT", "nonsense"),
        ];
        for root in [&["--root", "/a"][..], &["/a"]] {
            let line = [&["-v", "--bind", "127.0.0.1", "--list", "-p", "1"], root].concat();
            let config = config(&line, &environment);
            assert_eq!((config.root.as_path(), config.port), (Path::new("/a"), 1));
            assert_eq!(config.bind, [BindAddress::Host("127.0.0.1".to_owned())]);
            assert_eq!((config.verbose, config.quiet, config.list), (1, false, true));
        }
        // A health check in a container that is set up by variables.
        let line = ["--check", "http://127.0.0.1/"];
        assert!(config(&line, &environment).check.is_some());
    }

    #[test]
    fn wrong_values_are_errors_that_name_the_variable() {
        for (name, value) in [
            ("TINYHTTPD_PORT", "x"),
            ("TINYHTTPD_LIST", "2"),
            ("TINYHTTPD_VERBOSE", "256"),
            ("TINYHTTPD_HEADER", "A: b\nnonsense"),
        ] {
            let error = merged(&[], &[(name, value)]).expect_err("bad usage");
            assert_eq!(error.exit_code(), 2);
            let text = error.to_string();
            assert!(text.starts_with(&format!("error: in {name}: ")), "{text}");
        }
        let both = [("TINYHTTPD_QUIET", "1"), ("TINYHTTPD_VERBOSE", "1")];
        assert!(merged(&[], &both).is_err());
    }

    #[test]
    fn unknown_variables_are_warned_of() {
        let environment = [
            ("TINYHTTPD_PROT", "80"),
            ("TINYHTTPD_", ""),
            ("TINYHTTPD_SERVICE_HOST", "10.0.0.1"),
            ("TINYHTTPD_PORT", "tcp://10.0.0.1:80"),
            ("TINYHTTPDX", ""),
        ];
        let (config, warning) = merged(&[], &environment).expect("good usage");
        assert_eq!(config.port, 8080);
        let expected = "no option is meant by TINYHTTPD_, TINYHTTPD_PORT=tcp://10.0.0.1:80, \
                        TINYHTTPD_PROT, TINYHTTPD_SERVICE_HOST: see --help";
        assert_eq!(warning.as_deref(), Some(expected));
    }
}
