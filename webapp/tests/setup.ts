/** What every page does before it shows anything: the words are loaded; here always the English ones. */

import { beginLanguage, chooseLanguage } from "../src/i18n";
import { OFFICE } from "../src/i18n/office";
import { SETUP } from "../src/i18n/setup";

await beginLanguage(OFFICE, SETUP);
await chooseLanguage("en");
