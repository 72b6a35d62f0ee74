/** Starts the caller's page. */

import { render } from "preact";
import { beginLanguage } from "../i18n";
import { App } from "./app";

await beginLanguage();
const root = document.getElementById("app");
if (root) render(<App />, root);
