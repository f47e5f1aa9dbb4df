import { useEffect, useRef } from "preact/hooks";
import { JobPage } from "./job/page.tsx";
import { JobsPage } from "./jobs/page.tsx";
import { addKeys } from "./keys.ts";
import { Banner, Header } from "./parts/header.tsx";
import { Help, isHelpOpen } from "./parts/help.tsx";
import { ToldList } from "./parts/told.tsx";
import { PicturesPage } from "./pictures/page.tsx";
import { go, place } from "./route.ts";
import { SearchPage } from "./search/page.tsx";
import { nextTheme } from "./theme.ts";

const KEYS = [
  { keys: ["?"], what: "This page", where: "Everywhere", run: () => (isHelpOpen.value = true) },
  { keys: ["1"], what: "Jobs", where: "Everywhere", run: () => go("#/") },
  { keys: ["2"], what: "Search", where: "Everywhere", run: () => go("#/search") },
  { keys: ["3"], what: "Pictures", where: "Everywhere", run: () => go("#/pictures") },
  { keys: ["t"], what: "Light, dark, or as the system", where: "Everywhere", run: nextTheme },
];

const TITLES = { jobs: "Jobs", search: "Search", pictures: "Pictures" };

export function App() {
  useEffect(() => addKeys(KEYS), []);
  const { value } = place;
  const isFirst = useRef(true);
  useEffect(() => {
    // A job's page says which.
    if (value.page !== "job") document.title = `${TITLES[value.page]} · Longwire`;
    // Who cannot see it is told that the page is another; the search puts the focus where one types.
    if (!isFirst.current && value.page !== "search") document.getElementById("main")?.focus({ preventScroll: true });
    isFirst.current = false;
  }, [value.page]);
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => (event.preventDefault(), document.getElementById("main")?.focus())}>
        To the content
      </a>
      <Header />
      <Banner />
      <main id="main" tabIndex={-1} class={`page-${value.page}`}>
        {value.page === "jobs" && <JobsPage />}
        {value.page === "job" && <JobPage key={value.job} job={value.job} />}
        {value.page === "search" && <SearchPage />}
        {value.page === "pictures" && <PicturesPage />}
      </main>
      <ToldList />
      <Help />
    </>
  );
}
