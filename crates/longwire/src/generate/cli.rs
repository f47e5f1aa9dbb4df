//! The page on the command line, from its own help.

use std::fmt::Write;

use clap::{Command, CommandFactory};

use crate::args::Cli;

const WIDTH: usize = 100;

pub(super) fn page() -> String {
    let mut page = include_str!("cli.md").to_owned();
    let mut root = Cli::command().term_width(WIDTH);
    root.build();
    section(&mut page, "longwire", &mut root.clone());
    let commands = root.get_subcommands().filter(|it| !it.is_hide_set());
    for command in commands.filter(|it| it.get_name() != "help") {
        let title = format!("longwire {}", command.get_name());
        // What goes everywhere is in the first section.
        let own = command
            .clone()
            .mut_args(|arg| match arg.get_help_heading() {
                Some("Everywhere") => arg.hide(true),
                Some(_) | None => arg,
            });
        section(&mut page, &title, &mut own.term_width(WIDTH));
    }
    page
}

fn section(page: &mut String, title: &str, command: &mut Command) {
    let help = command.render_long_help().to_string();
    let lines: Vec<&str> = help.trim_end().lines().map(str::trim_end).collect();
    // A string takes any text: there is nothing to fail.
    let _ = write!(
        page,
        "\n## `{title}`\n\n```text\n{}\n```\n",
        lines.join("\n")
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_its_section() {
        let page = page();
        for command in [
            "serve", "start", "watch", "kill", "status", "extend", "config",
        ] {
            assert!(
                page.contains(&format!("\n## `longwire {command}`\n")),
                "{command}"
            );
        }
        assert!(!page.contains("`longwire generate`"), "it is hidden");
    }
}
