import "./style.css";
import "./theme.ts";
import "./pictures/samples.ts";
import { render } from "preact";
import { App } from "./app.tsx";
import { open } from "./server.ts";
import { follow } from "./store.ts";

render(<App />, document.body);
void open();
void follow();
