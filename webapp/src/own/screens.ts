/** What a caller's own key shows, and its words; loaded when somebody opens it. */

import "../styles/account.css";
import "../styles/own.css";
import type { Organization, Service } from "../contracts";
import { ACCOUNT } from "../i18n/account";
import { CALLBACK } from "../i18n/callback";
import { OFFICE } from "../i18n/office";
import { OWN } from "../i18n/own";

export interface OwnProps {
  service: Service | null;
  organization: Organization | null;
  /** the guest code on this phone, or "" */
  code: string;
  /** shows the recordings */
  open(): void;
}

export const WORDS = [OWN, ACCOUNT, OFFICE, CALLBACK];
export { KeyOfOwn } from "./key-screen";
export { MyRecordings } from "./mine";
export { Shared } from "./shared";
