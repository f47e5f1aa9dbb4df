//! `longwire config`

use longwire_server::config::{self, Config};

use crate::{args::ConfigArgs, exit::Exit, failure::Failure, print};

pub(crate) fn run(args: &ConfigArgs) -> Result<Exit, Failure> {
    if let Some(file) = &args.check {
        Config::load(file).map_err(|error| Failure::Usage(error.to_string()))?;
        print::line(&format!("{}: ok", file.display()))?;
    } else if args.markdown {
        print::raw(config::markdown_table().as_bytes())?;
    } else {
        print::raw(config::default_file().as_bytes())?;
    }
    Ok(Exit::Ok)
}
