/** To whom things are sealed that the organization itself may open. */

import type { Service } from "./contracts";
import { AccompanyError } from "./errors";
import { openOrganization } from "./evidence/cards";
import { Verifier } from "./evidence/notes";
import { utf8 } from "./evidence/text";

/** The organization's custodian, as its own key says; null in a demonstration, and where it says nothing. */
export function custodianOf(service: Pick<Service, "demonstration" | "organization" | "organization_key">): string | null {
  if (service.demonstration) return null;
  try {
    return openOrganization(utf8(service.organization), Verifier.parse(service.organization_key)).custodian;
  } catch (error) {
    if (!(error instanceof AccompanyError)) throw error;
    return null;
  }
}
