import { connect } from "longwire";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { Report } from "./report.js";

const client = await connect(new URLSearchParams(location.search).get("server") ?? "/");
createRoot(document.querySelector("main")!).render(
  <StrictMode>
    <Report client={client} />
  </StrictMode>,
);
