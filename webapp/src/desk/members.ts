/** The HTTP requests about an organization's people: who belongs, invitations, somebody leaving. */

import { freshly } from "../account/requests";
import { Refused, ask } from "../service";
import { boolean, count, list, orNull, record, string, time } from "../shape";

export const ROLES = ["attorney", "interpreter", "responder", "coordinator", "custodian"] as const;

export interface Member {
  person: string;
  role: string;
  name: string;
  since: string;
  removed: string | null;
  sessions: number;
  passkeys: number;
  me: boolean;
}

export interface Invitation {
  id: string;
  role: string;
  name: string;
  /** who invited; empty for the command line and the first start */
  by: string;
  made: string;
  until: string;
}

/** What of somebody ends with them, and what they could open. */
export interface Held extends Member {
  sheet: boolean;
  channels: number;
  shifts: number;
  card: boolean;
  revoked: boolean;
  /** who looked their license up, where and when; null where nobody had to */
  checked: { by: string; where: string; time: string } | null;
  cases: { state: string; pressed: string; recordings: number }[];
}

export interface Link {
  id: string;
  /** the page's path with the code */
  path: string;
  role: string;
  until: string;
}

const member = {
  person: string,
  role: string,
  name: string,
  since: time,
  removed: orNull(time),
  sessions: count,
  passkeys: count,
  me: boolean,
};
const readMembers = list(record<Member>(member));
const readInvitations = list(
  record<Invitation>({ id: string, role: string, name: string, by: string, made: time, until: time }),
);
const readHeld = record<Held>({
  ...member,
  sheet: boolean,
  channels: count,
  shifts: count,
  card: boolean,
  revoked: boolean,
  checked: orNull(record<NonNullable<Held["checked"]>>({ by: string, where: string, time })),
  cases: list(record<Held["cases"][number]>({ state: string, pressed: time, recordings: count })),
});
const readLink = record<Link>({ id: string, path: string, role: string, until: time });

const INVITATIONS = "/api/invitations";

export const fetchMembers = (): Promise<Member[]> => ask(readMembers, "/api/people");
export const fetchInvitations = (): Promise<Invitation[]> => ask(readInvitations, INVITATIONS);
export const fetchHeld = (person: string): Promise<Held> => ask(readHeld, `/api/people/${person}`);
export const takeBack = (id: string): Promise<Invitation[]> => ask(readInvitations, `${INVITATIONS}/${id}`, "DELETE");

/** The link of an invitation; whoever could do the same as a coordinator is invited with a passkey only. */
export const invite = (role: string, name: string, days: number): Promise<Link> =>
  freshly(() => ask(readLink, INVITATIONS, "POST", { role, name, days }));

/** Ends everything of somebody at once, and proves by a passkey who asks; `lost`: since when others
 * may have their device or keys. */
export function removeMember(person: string, lost: Date | null): Promise<Member[]> {
  const said = lost === null ? "" : `?lost=${lost.toISOString()}`;
  return freshly(() => ask(readMembers, `/api/people/${person}${said}`, "DELETE"));
}

/** Ends everything of somebody, as `removeMember`, and gives the link by which they come again. */
export async function reinvite(
  { person, role, name }: Member,
  days: number,
  lost: Date | null,
): Promise<Link> {
  // The link first: shifts by name stay with whoever comes again under it.
  const link = await invite(role, name, days);
  try {
    await removeMember(person, lost);
  } catch (error) {
    await takeBack(link.id);
    throw error;
  }
  return link;
}

/** Whether it failed since nobody proved who they are: no passkey, or none used. */
export const unproved = (error: unknown): boolean =>
  error instanceof DOMException || (error instanceof Refused && error.problem.type === "/problems/not-fresh");
