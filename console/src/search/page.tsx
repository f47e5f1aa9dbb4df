import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { addKeys } from "../keys.ts";
import { isUp } from "../server.ts";
import {
  ask,
  catalogue,
  catalogues,
  chosen,
  found,
  isAsking,
  isLate,
  isWrong,
  kind,
  libraries,
  librariesSeen,
  message,
  openChosen,
  openPage,
  readCatalogues,
  text,
  tookMs,
  type Match,
} from "./state.ts";

const KINDS = "class function constructor destructor operator constant variable type enum enumerator concept macro deduction_guide alias namespace".split(" ");

export function SearchPage() {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    input.current?.focus();
    void readCatalogues().catch(() => {});
    return addKeys([
      { keys: ["/"], what: "To the text", where: "Search", run: () => input.current?.select() },
      { keys: ["↓", "↑"], what: "The match to open, while typing", where: "Search" },
      { keys: ["Enter"], what: "Open its documentation", where: "Search" },
    ]);
  }, []);
  const list = found.value;
  const at = Math.min(chosen.value, list.length - 1);
  const match = list[at];
  // With commas between: what is offered is about the last.
  const before = libraries.value.replace(/[^,]*$/, "").replace(/,$/, ", ");
  const move = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (by !== undefined) chosen.value = Math.max(0, Math.min(list.length - 1, at + by));
    else if (event.key === "Enter") openChosen();
    else return;
    event.preventDefault();
  };
  return (
    <>
      <section class="card find" aria-labelledby="find-title">
        <h1 id="find-title" class="unseen">
          Search libraries
        </h1>
        <div class="tools">
          <input
            ref={input}
            id="search-text"
            type="text"
            class="filter"
            role="combobox"
            aria-expanded={list.length > 0}
            aria-controls="matches"
            aria-activedescendant={match ? `match-${at}` : undefined}
            aria-autocomplete="list"
            aria-label="What to search for"
            placeholder="push_back, vec::ins, <vector>, [], shrnkfit…"
            autocomplete="off"
            spellcheck={false}
            value={text.value}
            onInput={(event) => ((text.value = event.currentTarget.value), void ask())}
            onKeyDown={move}
          />
          <input
            class="libs"
            aria-label="Libraries, with commas between"
            placeholder="all libraries"
            list="libraries-seen"
            autocomplete="off"
            spellcheck={false}
            value={libraries.value}
            onInput={(event) => ((libraries.value = event.currentTarget.value), void ask())}
          />
          <datalist id="libraries-seen">
            {librariesSeen.value.map((each) => (
              <option key={each} value={`${before}${each}`} />
            ))}
          </datalist>
          <select aria-label="Kind" value={kind.value} onChange={(event) => ((kind.value = event.currentTarget.value), void ask())}>
            <option value="">all kinds</option>
            {KINDS.map((each) => (
              <option key={each} value={each}>
                {each.replace("_", " ")}
              </option>
            ))}
          </select>
          {catalogues.value.length > 1 && (
            <select aria-label="Catalogue" value={catalogue.value} onChange={(event) => ((catalogue.value = event.currentTarget.value), void ask())}>
              {catalogues.value.map(({ name }, index) => (
                <option key={name} value={index === 0 ? "" : name}>
                  {name}
                </option>
              ))}
            </select>
          )}
        </div>
        <p class={`found${isWrong.value ? " is-wrong" : ""}`} role="status">
          <span>{isLate.value && !isUp() ? "Asked; there is no connection to answer." : message.value || about()}</span>
          <span class="number faint">{isLate.value ? "asking…" : tookMs.value === undefined ? "" : `${tookMs.value.toFixed(1)} ms`}</span>
        </p>
        <ul id="matches" class="matches-list" role="listbox" aria-label="Matches" tabIndex={-1}>
          {list.map((each, index) => (
            <One key={`${each.qualified}${each.kind}${index}`} match={each} index={index} isChosen={index === at} />
          ))}
        </ul>
      </section>
      <Detail match={match} />
    </>
  );
}

function about(): string {
  const [first] = catalogues.value;
  if (isAsking.value) return "";
  if (!first) return isUp() ? "" : "Not read yet: there is no connection.";
  return `${first.title || first.name}: ${first.symbols.toLocaleString()} names in ${first.libs.toLocaleString()} libraries. Begin to type.`;
}

function One({ match, index, isChosen }: { match: Match; index: number; isChosen: boolean }) {
  const ref = useRef<HTMLLIElement>(null);
  useLayoutEffect(() => {
    if (isChosen) ref.current?.scrollIntoView({ block: "nearest" });
  }, [isChosen]);
  const more = match.signatures.length;
  return (
    <li ref={ref} id={`match-${index}`} role="option" aria-selected={isChosen} class="match" onClick={() => (chosen.value = index)} onDblClick={() => openPage(match)}>
      <span class="match-name">
        <Marked match={match} />
        <Scope match={match} />
        {match.deprecated || match.removed ? <span class="faint"> {match.removed ? "removed" : "deprecated"}</span> : null}
      </span>
      <span class="match-lib">{match.lib}</span>
      <span class="match-kind">{match.kind.replace("_", " ")}</span>
      <span class="match-more number">{more > 1 ? `${more} overloads` : ""}</span>
    </li>
  );
}

/** The name with the letters that were found, counted in characters. */
function Marked({ match: { name, alias, match } }: { match: Match }) {
  const letters = [...(alias ?? name)];
  const parts = [];
  let from = 0;
  for (const [first, last] of match?.ranges ?? []) {
    parts.push(letters.slice(from, first).join(""), <mark key={first}>{letters.slice(first, last).join("")}</mark>);
    from = last;
  }
  parts.push(letters.slice(from).join(""));
  return (
    <code>
      {parts}
      {alias && <span class="faint"> = {name}</span>}
    </code>
  );
}

/** Where its name stands, which tells apart what is called the same. */
function Scope({ match: { qualified, name } }: { match: Match }) {
  const scope = qualified.endsWith(name) ? qualified.slice(0, -name.length).replace(/(::|[.#/])$/, "") : "";
  return scope ? <span class="match-scope"> {scope}</span> : null;
}

/** All of the one that is chosen: its overloads, and where it is written about. */
function Detail({ match }: { match: Match | undefined }) {
  if (!match) return <section class="card detail" aria-label="The match" />;
  const { qualified, kind: what, header, since, url, signatures, inherited_from: from } = match;
  return (
    <section class="card detail" aria-labelledby="detail-title">
      <h2 id="detail-title">
        <code>{qualified}</code>
      </h2>
      <p class="faint">
        {[what.replace("_", " "), header && `<${header}>`, since && `since ${since}`, from && `from ${from}`].filter(Boolean).join(" · ")}
      </p>
      {signatures.length > 0 && (
        <ol class="signatures">
          {signatures.map((each) => (
            <li key={each.text}>
              <code>{each.text}</code>
              {each.since && <span class="faint"> {each.since}</span>}
            </li>
          ))}
        </ol>
      )}
      {url ? (
        <p>
          <a href={url} target="_blank" rel="noopener noreferrer">
            Documentation <kbd>Enter</kbd>
          </a>
        </p>
      ) : (
        <p class="faint">No documentation is named for it.</p>
      )}
    </section>
  );
}
