/** Starts the attorney's page. */

import { render } from "preact";
import { beginLanguage } from "../i18n";
import { OFFICE } from "../i18n/office";
import { App } from "./app";

await beginLanguage(OFFICE);
const root = document.getElementById("app");
if (root) render(<App />, root);
