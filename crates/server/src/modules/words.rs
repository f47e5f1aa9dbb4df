//! From the words of the search to those of the protocol.

use std::{collections::BTreeMap, sync::Arc};

use longwire_modules as modules;
use longwire_protocol::{Code, ModuleState, ModuleView, ModulesPage, Refusal, Status};

use super::Trouble;

/// The refusal of a search, in the words of the protocol.
pub(crate) fn refusal(refusal: modules::Refusal) -> Refusal {
    let code = match refusal.code {
        modules::Code::InvalidJson => Code::InvalidJson,
        modules::Code::InvalidFrame => Code::InvalidFrame,
        modules::Code::InvalidField => Code::InvalidField,
        modules::Code::UnknownField => Code::UnknownField,
        modules::Code::TooLarge => Code::TooLarge,
        modules::Code::UnknownLib => Code::UnknownLib,
        modules::Code::UnknownCatalogue => Code::UnknownCatalogue,
        modules::Code::Unavailable => Code::Unavailable,
    };
    let said = Refusal::new(code, refusal.message);
    match refusal.field {
        Some(field) => said.about(field),
        None => said,
    }
}

/// The catalogues, as clients see them. Those that were not built are.
pub(super) fn page(
    all: &[Arc<modules::Lazy>],
    troubles: &BTreeMap<String, Trouble>,
) -> ModulesPage {
    let view = |lazy: &Arc<modules::Lazy>| {
        let seen = view(lazy);
        match troubles.get(lazy.name()) {
            Some(trouble) => ModuleView {
                state: trouble.state,
                trouble: Some(trouble.why.as_str().into()),
                ..seen
            },
            None => seen,
        }
    };
    ModulesPage {
        id: None,
        route: "modules".into(),
        status: Status::Ok,
        modules: all.iter().map(view).collect(),
    }
}

fn view(lazy: &modules::Lazy) -> ModuleView {
    let nothing = ModuleView {
        name: lazy.name().into(),
        title: Box::default(),
        sources: Box::default(),
        state: ModuleState::Broken,
        trouble: None,
        symbols: 0,
        libs: 0,
        bytes: 0,
        digest: None,
    };
    match lazy.get() {
        Ok(made) => ModuleView {
            title: made.head().title.as_str().into(),
            sources: made
                .head()
                .sources
                .iter()
                .map(|it| it.as_str().into())
                .collect(),
            state: ModuleState::Ready,
            symbols: made.len() as u64,
            libs: made.libs().count() as u64,
            bytes: made.bytes() as u64,
            digest: Some(made.digest().into()),
            ..nothing
        },
        Err(why) => ModuleView {
            trouble: Some(why.message.into()),
            ..nothing
        },
    }
}
