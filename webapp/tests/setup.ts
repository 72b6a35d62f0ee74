/** What every page does before it shows anything: the words are loaded; here always the English ones. */

import { beginLanguage, chooseLanguage } from "../src/i18n";

await beginLanguage("office");
await chooseLanguage("en");
