/** Starts the coordinators' page. */

import { render } from "preact";
import { beginLanguage } from "../i18n";
import { ACCOUNT } from "../i18n/account";
import { CALLBACK } from "../i18n/callback";
import { DESK } from "../i18n/desk";
import { TEAM } from "../i18n/team";
import { App } from "./app";

await beginLanguage(DESK, ACCOUNT, TEAM, CALLBACK);
const root = document.getElementById("app");
if (root) render(<App />, root);
