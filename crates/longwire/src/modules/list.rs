//! `longwire modules list`, `longwire modules info`

use longwire_client::{ModuleState, ModuleView};

use crate::{
    Global, connect,
    failure::Failure,
    paint::Paint,
    print::{self, plain},
    table,
};

const HEADS: [&str; 5] = ["NAME", "STATE", "SYMBOLS", "LIBS", "TITLE"];

pub(super) async fn all(global: &Global) -> Result<(), Failure> {
    let client = connect::briefly(global).await?;
    let page = client.modules().await;
    client.close().await;
    let page = page?;
    if global.json {
        return Ok(print::json(&page)?);
    }
    let paint = Paint::stdout(global.color);
    for line in rows(paint, &page.modules) {
        print::line(&line)?;
    }
    Ok(())
}

pub(super) async fn sheets(global: &Global, name: Option<&str>) -> Result<(), Failure> {
    let client = connect::briefly(global).await?;
    let page = client.modules().await;
    client.close().await;
    let mut page = page?;
    if let Some(name) = name {
        page.modules.retain(|module| *module.name == *name);
        if page.modules.is_empty() {
            let why =
                format!("the server has no catalogue {name:?}; `longwire modules list` lists them");
            return Err(Failure::Failed(why));
        }
    }
    if global.json {
        return Ok(print::json(&page)?);
    }
    let paint = Paint::stdout(global.color);
    let sheets: Vec<String> = page.modules.iter().map(|it| sheet(paint, it)).collect();
    Ok(print::line(&sheets.join("\n\n"))?)
}

fn rows(paint: Paint, modules: &[ModuleView]) -> Vec<String> {
    let heads = std::iter::once(HEADS.map(str::to_owned));
    let rows: Vec<_> = heads.chain(modules.iter().map(cells)).collect();
    table::aligned(&rows, table::width(), |row, column, cell| {
        match (row, column) {
            (0, _) => paint.dim(cell),
            (_, 0) => paint.bold(cell),
            _ => cell.to_owned(),
        }
    })
}

fn cells(module: &ModuleView) -> [String; 5] {
    let about = module.trouble.as_deref().unwrap_or(&module.title);
    [
        plain(&module.name),
        state(module).to_owned(),
        module.symbols.to_string(),
        module.libs.to_string(),
        plain(about),
    ]
}

const fn state(module: &ModuleView) -> &'static str {
    match module.state {
        ModuleState::Ready if module.trouble.is_some() => "old",
        ModuleState::Ready => "ready",
        ModuleState::Reading => "reading",
        ModuleState::Broken => "broken",
    }
}

fn sheet(paint: Paint, module: &ModuleView) -> String {
    let sources: Vec<String> = module.sources.iter().map(|it| plain(it)).collect();
    let trouble = module.trouble.as_deref().map(plain).unwrap_or_default();
    let rows = [
        ("name", plain(&module.name)),
        ("title", plain(&module.title)),
        ("state", state(module).to_owned()),
        ("trouble", trouble),
        ("symbols", module.symbols.to_string()),
        ("libraries", module.libs.to_string()),
        ("memory", format!("{} kB", module.bytes.div_ceil(1000))),
        (
            "digest",
            module.digest.as_deref().map(plain).unwrap_or_default(),
        ),
        ("made of", sources.join("\n           ")),
    ];
    let said = rows.iter().filter(|(_, said)| !said.is_empty());
    let lines: Vec<String> = said
        .map(|(head, said)| format!("{}{said}", paint.dim(&format!("{head:<11}"))))
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(name: &str, state: ModuleState, trouble: Option<&str>) -> ModuleView {
        ModuleView {
            name: name.into(),
            title: "A library".into(),
            sources: ["one".into(), "two".into()].into(),
            state,
            trouble: trouble.map(Into::into),
            symbols: 12,
            libs: 3,
            bytes: 4001,
            digest: None,
        }
    }

    #[test]
    fn a_table_says_what_is_wrong_in_place_of_a_title() {
        let modules = [
            module("cpp", ModuleState::Ready, None),
            module("zlib", ModuleState::Ready, Some("zlib.tag: it is gone")),
            module("x", ModuleState::Broken, Some("x: it is\nnone")),
        ];
        let expected = [
            "NAME  STATE   SYMBOLS  LIBS  TITLE",
            "cpp   ready   12       3     A library",
            "zlib  old     12       3     zlib.tag: it is gone",
            "x     broken  12       3     x: it is none",
        ];
        assert_eq!(rows(Paint::none(), &modules), expected);
    }

    #[test]
    fn a_sheet_leaves_out_what_is_not_there() {
        let expected = "name       cpp\ntitle      A library\nstate      ready\nsymbols    12\nlibraries  3\nmemory     5 kB\nmade of    one\n           two";
        let module = module("cpp", ModuleState::Ready, None);
        assert_eq!(sheet(Paint::none(), &module), expected);
    }
}
