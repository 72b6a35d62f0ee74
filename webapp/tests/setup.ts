/** What every page does before it shows anything: the words are loaded; here always the English ones. */

import { beginLanguage, chooseLanguage } from "../src/i18n";
import { ACCOUNT } from "../src/i18n/account";
import { OFFICE } from "../src/i18n/office";
import { PEOPLE } from "../src/i18n/people";
import { SETUP } from "../src/i18n/setup";
import { TEAM } from "../src/i18n/team";

await beginLanguage(ACCOUNT, OFFICE, SETUP, PEOPLE, TEAM);
await chooseLanguage("en");
