/** Starts the attorney's page. */

import { render } from "preact";
import { beginLanguage } from "../i18n";
import { ACCOUNT } from "../i18n/account";
import { CALLBACK } from "../i18n/callback";
import { OFFICE } from "../i18n/office";
import { App } from "./app";

await beginLanguage(OFFICE, ACCOUNT, CALLBACK);
const root = document.getElementById("app");
if (root) render(<App />, root);
