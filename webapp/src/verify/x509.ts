/**
 * The way from a signer of time stamps to an anchor, at the time stamped: what it takes is what
 * OpenSSL takes for that purpose. Not here: reading certificates (certificate), keys (authority-keys).
 */

import { Malformed } from "../errors";
import { sameBytes } from "../evidence/text";
import { Unsupported, fits, issued } from "./authority-keys";
import { type Certificate, sameName, selfIssued } from "./certificate";
import { BIT_STRING, BOOLEAN, OCTET_STRING, SEQUENCE, integer, malformed, oid, only, small, within } from "./der";

const [KEY_USAGE, BASIC, CONSTRAINTS, EXTENDED] = ["2.5.29.15", "2.5.29.19", "2.5.29.30", "2.5.29.37"];
const [SUBJECT_KEY, AUTHORITY_KEY, OTHER_NAMES] = ["2.5.29.14", "2.5.29.35", "2.5.29.17"];
/** Extensions that OpenSSL minds or may pass over though they are critical. */
const KNOWN = new Set([
  KEY_USAGE,
  BASIC,
  CONSTRAINTS,
  EXTENDED,
  OTHER_NAMES,
  "2.5.29.31",
  "2.5.29.32",
  "2.5.29.33",
  "2.5.29.36",
  "2.5.29.54",
  "1.3.6.1.5.5.7.1.7",
  "1.3.6.1.5.5.7.1.8",
  "1.3.6.1.5.5.7.1.14",
  "2.16.840.1.113730.1.1",
]);
const TIME_STAMPING = "1.3.6.1.5.5.7.3.8";
/** Purposes that OpenSSL knows; beside time stamping a signer may have none of them. */
const PURPOSES = new Set([
  ...[1, 2, 3, 4, 9, 10].map((last) => `1.3.6.1.5.5.7.3.${last}`),
  "1.3.6.1.4.1.311.10.3.3",
  "2.16.840.1.113730.4.1",
  "2.5.29.37.0",
]);

function mayIssue(above: Certificate, below: Certificate): boolean {
  if (!sameName(above.subject, below.issuer)) return false;
  try {
    return extensionsLetIssue(above, below);
  } catch (error) {
    if (error instanceof Malformed) return false;
    throw error;
  }
}

function extensionsLetIssue(above: Certificate, below: Certificate): boolean {
  constraintsOf(above);
  const names = above.extensions.get(OTHER_NAMES);
  const strange = names !== undefined && within(only(names.value, SEQUENCE)).some(({ tag }) => (tag & 0xc0) !== 0x80);
  if (strange) return false;
  const wanted = below.extensions.get(AUTHORITY_KEY);
  const have = above.extensions.get(SUBJECT_KEY);
  if (wanted !== undefined && have !== undefined) {
    const named = within(only(wanted.value, SEQUENCE)).find(({ tag }) => tag === 0x80);
    if (named !== undefined && !sameBytes(named.content, only(have.value, OCTET_STRING).content)) return false;
  }
  const usage = usageOf(above);
  return usage === null || (usage & 0x04) !== 0;
}

/** Key usage as its first byte: 0x80 digital signature, 0x40 non-repudiation, 0x04 signs certificates. */
function usageOf({ extensions }: Certificate): number | null {
  const found = extensions.get(KEY_USAGE);
  if (found === undefined) return null;
  const { content } = only(found.value, BIT_STRING);
  return content[1] ?? 0;
}

function constraintsOf({ extensions }: Certificate): { ca: boolean; path: number | null } | null {
  const found = extensions.get(BASIC);
  if (found === undefined) return null;
  const fields = within(only(found.value, SEQUENCE));
  // OpenSSL takes any byte but 0 for true here.
  const ca = fields[0]?.tag === BOOLEAN && fields.shift()?.content[0] !== 0;
  const [path, more] = fields;
  if (more !== undefined) throw malformed("constraints of other parts");
  return { ca, path: path === undefined ? null : small(integer(path)) };
}

function isAuthority(certificate: Certificate): boolean {
  const constraints = constraintsOf(certificate);
  if (constraints !== null) return constraints.ca;
  const usage = usageOf(certificate);
  if (usage !== null) return (usage & 0x04) !== 0;
  return certificate.version === 1 && selfIssued(certificate);
}

function stampsTime(certificate: Certificate): boolean {
  const usage = usageOf(certificate);
  if (usage !== null && ((usage & ~0xc0) !== 0 || (usage & 0xc0) === 0)) return false;
  const extended = certificate.extensions.get(EXTENDED);
  if (extended?.critical !== true) return false;
  const purposes = within(only(extended.value, SEQUENCE)).map(oid);
  return purposes.includes(TIME_STAMPING) && !purposes.some((purpose) => PURPOSES.has(purpose));
}

function soundAt(certificate: Certificate, time: number): boolean {
  if (certificate.extensions.has(CONSTRAINTS)) throw new Unsupported("name constraints");
  const strange = [...certificate.extensions].some(([name, { critical }]) => critical && !KNOWN.has(name));
  return !strange && certificate.since <= time && time <= certificate.until;
}

/**
 * Whether a way leads from `signer` to one of `anchors`, all of it sound at `time` (seconds since
 * 1970). Anchors are those that issued themselves. As OpenSSL goes it: upwards by names, first over
 * `beside` and anchors, only then over `embedded`, without turning back; then all of it is judged.
 */
export async function leadsTo(
  signer: Certificate,
  beside: readonly Certificate[],
  embedded: readonly Certificate[],
  anchors: readonly Certificate[],
  time: number,
): Promise<boolean> {
  const roots: Certificate[] = [];
  for (const anchor of anchors) if (await isRoot(anchor)) roots.push(anchor);
  const store = [...roots, ...beside.filter((one) => !selfIssued(one))];
  const path = [signer];
  for (let top = signer; !roots.includes(top); ) {
    const above = (await issuerAmong(store, top, time)) ?? (await issuerAmong(embedded, top, time));
    if (above === undefined || path.length > LONGEST || path.includes(above)) return false;
    path.push(above);
    top = above;
  }
  if (!stampsTime(signer) || !path.every((one) => soundAt(one, time))) return false;
  for (const [at, above] of path.entries()) {
    const below = path[at - 1];
    if (below === undefined) continue;
    if (!isAuthority(above) || !longEnough(path.slice(0, at), above) || !(await issued(above, below))) return false;
  }
  return true;
}

const LONGEST = 12;

/** Whether it issued itself, with the kind of key it has; its own signature shows nothing. */
async function isRoot(anchor: Certificate): Promise<boolean> {
  return selfIssued(anchor) && mayIssue(anchor, anchor) && (await fits(anchor, anchor));
}

async function issuerAmong(
  pool: readonly Certificate[],
  below: Certificate,
  time: number,
): Promise<Certificate | undefined> {
  const may: Certificate[] = [];
  for (const above of pool) if (mayIssue(above, below) && (await fits(above, below))) may.push(above);
  return may.find(({ since, until }) => since <= time && time <= until) ?? may[0];
}

function longEnough(path: readonly Certificate[], above: Certificate): boolean {
  const allowed = constraintsOf(above)?.path ?? null;
  const between = path.slice(1).filter((one) => !selfIssued(one)).length;
  return allowed === null || path.length < 2 || between <= allowed;
}
