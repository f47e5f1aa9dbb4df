//! `longwire modules`

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Args, Debug)]
pub(crate) struct ModulesArgs {
    #[command(subcommand)]
    pub(crate) action: ModulesAction,
}

/// What to do with catalogues of library symbols.
#[derive(Debug, Subcommand)]
pub(crate) enum ModulesAction {
    /// Find symbols; what is probably meant comes first.
    Search(SearchArgs),
    /// Show the catalogues of the server.
    List,
    /// Show all that the server says of a catalogue.
    Info {
        /// Which one; all where it is left out.
        name: Option<String>,
    },
    /// Read a file, and say what it is; no server is asked.
    Check(FileArgs),
    /// Write a catalogue into the configuration file, after its own file was read. Of one that is there all stays that is not said anew;
    /// an empty `--base-url` takes the address away.
    Add {
        /// The name by which it will be searched.
        name: String,
        #[command(flatten)]
        file: FileArgs,
        /// The configuration file; its comments stay.
        #[arg(
            long,
            value_name = "FILE",
            env = "LONGWIRE_CONFIG",
            hide_env_values = true
        )]
        config: PathBuf,
    },
}

/// A file with symbols.
#[derive(Args, Debug)]
pub(crate) struct FileArgs {
    /// The file with the symbols; its format is told by its content.
    pub(crate) file: PathBuf,
    /// Where its pages are, for formats that say only what a page is called.
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct SearchArgs {
    /// What was typed so far; everything is listed where it is left out.
    #[arg(default_value = "", allow_hyphen_values = true)]
    pub(crate) text: String,
    /// Where to look: a class, a header, a namespace; several times, or with commas.
    #[arg(long = "lib", value_name = "LIB")]
    pub(crate) libs: Vec<String>,
    /// Only symbols of this kind, such as `function` or `class`; several times, or with commas.
    #[arg(long = "kind", value_name = "KIND")]
    pub(crate) kinds: Vec<String>,
    /// Nothing that came later than this standard or version, such as `C++17`.
    #[arg(long)]
    pub(crate) since: Option<String>,
    /// The catalogue to search; the standard library of C++ where it is left out.
    #[arg(long, value_name = "NAME")]
    pub(crate) catalogue: Option<String>,
    /// At most so many matches (1 to 200); 20 where it is left out.
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,
    /// Matches to pass over.
    #[arg(long, value_name = "N")]
    pub(crate) offset: Option<u64>,
}
