/** What is shown of telling people, with its words: loaded when somebody looks at it. */

import "../styles/people.css";
export { PEOPLE } from "../i18n/people";
export { Contacts } from "./contacts";
export { PeopleScreen } from "./screen";
export { TellingPanel } from "./panel";
export { ResumedTellings } from "./resumed";
