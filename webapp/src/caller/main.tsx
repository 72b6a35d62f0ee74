/** Starts the caller's page. */

import { render } from "preact";
import { beginLanguage } from "../i18n";
import { beginModes } from "../ui/modes";
import { App } from "./app";
import { takeOver } from "./taken-over";

await beginLanguage();
beginModes();
const root = document.getElementById("app");
if (root) {
  takeOver(root);
  render(<App />, root);
}
