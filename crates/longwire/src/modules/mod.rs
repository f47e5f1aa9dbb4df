//! `longwire modules`

mod add;
mod list;
mod place;
mod search;

use std::{fs::File, path::Path};

use longwire_client::{ModuleState, ModuleView};
use longwire_modules::{Catalogue, Limits, readers};
use longwire_server::config::ModuleConfig;

use crate::{
    Global,
    args::{FileArgs, ModulesAction, ModulesArgs},
    exit::Exit,
    failure::Failure,
    print::{self, plain},
};

pub(crate) async fn run(global: &Global, args: ModulesArgs) -> Result<Exit, Failure> {
    match args.action {
        ModulesAction::Search(args) => search::run(global, args).await?,
        ModulesAction::List => list::all(global).await?,
        ModulesAction::Info { name } => list::sheets(global, name.as_deref()).await?,
        ModulesAction::Check(file) => check(global, &file)?,
        ModulesAction::Add { name, file, config } => add::run(global, &name, &file, &config)?,
    }
    Ok(Exit::Ok)
}

fn check(global: &Global, args: &FileArgs) -> Result<(), Failure> {
    let catalogue = read(&args.file, args.base_url.as_deref())?;
    let view = view(catalogue.name(), &catalogue);
    if global.json {
        return Ok(print::json(&view)?);
    }
    let file = args.file.display();
    print::line(&format!("{file}: ok, {}", summary(&view)))?;
    Ok(())
}

/// Reads a file as a server would.
fn read(path: &Path, base: Option<&str>) -> Result<Catalogue, Failure> {
    if let Some(why) = base.and_then(ModuleConfig::wrong_with_base_url) {
        return Err(Failure::Usage(format!("base_url {why}")));
    }
    let name = path.display().to_string();
    let failed = |why: String| Failure::Failed(format!("{name}: {why}"));
    match std::fs::metadata(path) {
        Ok(it) if it.is_file() => {}
        Ok(_) => return Err(failed("it is no file".to_owned())),
        Err(error) => return Err(failed(error.to_string())),
    }
    let file = File::open(path).map_err(|error| failed(error.to_string()))?;
    readers::read_with_base(&name, file, base, &Limits::default())
        .map_err(|error| Failure::Failed(error.to_string()))
}

fn view(name: &str, catalogue: &Catalogue) -> ModuleView {
    let head = catalogue.head();
    ModuleView {
        name: name.into(),
        title: head.title.as_str().into(),
        sources: head.sources.iter().map(|it| it.as_str().into()).collect(),
        state: ModuleState::Ready,
        trouble: None,
        symbols: catalogue.len() as u64,
        libs: catalogue.libs().count() as u64,
        bytes: catalogue.bytes() as u64,
        digest: Some(catalogue.digest().into()),
    }
}

/// What a catalogue is, in a few words.
fn summary(view: &ModuleView) -> String {
    let made_of: Vec<String> = view.sources.iter().map(|it| plain(it)).collect();
    let made_of = match &*made_of {
        [] => String::new(),
        sources => format!(", made of {}", sources.join("; ")),
    };
    let title = match plain(&view.title) {
        title if title.trim().is_empty() => String::new(),
        title => format!("{title}: "),
    };
    format!(
        "{title}{} symbols in {} libraries, {} kB of memory{made_of}",
        view.symbols,
        view.libs,
        view.bytes.div_ceil(1000)
    )
}
