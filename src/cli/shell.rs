//! What shells and `man` are told of the command line.

use clap::CommandFactory as _;

use super::args::Couplet;
use super::exit::{Exit, Problem};
use super::output::print;

/// Prints the completions for a shell.
pub fn completions(shell: clap_complete::Shell) -> Result<Exit, Problem> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Couplet::command(), "couplet", &mut text);
    print(String::from_utf8_lossy(&text).trim_end())?;
    Ok(Exit::Done)
}

/// Prints the manual page, with every command.
pub fn man() -> Result<Exit, Problem> {
    let mut text = Vec::new();
    page(Couplet::command(), "couplet", &mut text)?;
    print(String::from_utf8_lossy(&text).trim_end())?;
    Ok(Exit::Done)
}

/// The page of a command, then those of its subcommands.
fn page(command: clap::Command, name: &str, to: &mut Vec<u8>) -> std::io::Result<()> {
    let mut command = command.display_name(name.to_owned());
    command.build();
    clap_mangen::Man::new(command.clone()).render(to)?;
    for below in command.get_subcommands() {
        if below.get_name() != "help" {
            let name = format!("{name} {}", below.get_name());
            page(below.clone(), &name, to)?;
        }
    }
    Ok(())
}
