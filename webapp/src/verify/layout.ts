/**
 * What may lie in a package and under which name: twin of src/accompany/evidence/layout.py. No two
 * names mean one thing, and a name not known here has no place in a package. Pure.
 */

export const README = "data/README.txt";
export const CHECKPOINT = "data/log/checkpoint";
export const AFTER = "data/log/after.proof";
export const POLICY = "data/log/policy";
export const CARD = "data/card.note";
export const REVOCATION = "data/card-revocation.note";
export const REVOCATION_PROOF = "data/proofs/card-revocation.tlog-proof";
export const CUSTODY = "data/custody.jsonl";
export const PACKAGE_NOTE = "data/package.note";
export const FILEKEYS = "data/filekeys.txt";
export const DERIVATION = "data/media/derivation.json";
export const COURT_COPY = "data/media/court-copy.mp4";
export const CERTIFICATION = "data/certification.pdf";
export const OPENED_NOTE = "data/opened.note";
export const BAGIT = "bagit.txt";
export const BAG_INFO = "bag-info.txt";
export const MANIFEST = "manifest-sha256.txt";
export const TAG_MANIFEST = "tagmanifest-sha256.txt";
export const BAG_FILES: readonly string[] = [BAGIT, BAG_INFO, MANIFEST, TAG_MANIFEST];

/** What stands beside each other for one time stamp. */
export const STAMP_PARTS = ["tsr", "checkpoint", "pem", "consistency", "tlog-proof"] as const;
export type StampPart = (typeof STAMP_PARTS)[number];

const MB = 1024 * 1024;
const LISTING = 64 * MB;
/** Bytes that a file of each kind may have. */
export const LIMITS = {
  statement: MB / 64,
  receipt: MB / 64,
  proof: MB / 8,
  "custody-proof": MB / 8,
  checkpoint: 80 * 1024,
  after: MB / 64,
  policy: MB,
  stamp: MB,
  grant: MB / 4,
  card: MB / 64,
  revocation: MB / 64,
  "revocation-proof": MB / 8,
  custody: 64 * MB,
  "package-note": LISTING + MB / 64,
  "opened-note": LISTING + MB / 64,
  filekeys: 64 * MB,
  readme: MB,
  bag: LISTING,
  derivation: 64 * MB,
  certification: 64 * MB,
  segment: 64 * MB,
  recording: 1024 * 1024 * MB,
  "court-copy": 1024 * 1024 * MB,
} as const;
export type Kind = keyof typeof LIMITS;

const SINGLE: Readonly<Record<string, Kind>> = {
  [README]: "readme",
  [CHECKPOINT]: "checkpoint",
  [AFTER]: "after",
  [POLICY]: "policy",
  [CARD]: "card",
  [REVOCATION]: "revocation",
  [REVOCATION_PROOF]: "revocation-proof",
  [CUSTODY]: "custody",
  [PACKAGE_NOTE]: "package-note",
  [FILEKEYS]: "filekeys",
  [DERIVATION]: "derivation",
  [COURT_COPY]: "court-copy",
  [CERTIFICATION]: "certification",
  [OPENED_NOTE]: "opened-note",
  [BAGIT]: "bag",
  [BAG_INFO]: "bag",
  [MANIFEST]: "bag",
  [TAG_MANIFEST]: "bag",
};
const OF_OPENING: ReadonlySet<Kind> = new Set<Kind>([
  "filekeys",
  "recording",
  "derivation",
  "court-copy",
  "certification",
  "opened-note",
]);

/** What a file is, and its number where its kind has numbers. */
export interface Place {
  readonly kind: Kind;
  readonly number: number;
  /** the name of a time stamp, for its files */
  readonly stamp: string;
}

/** Whether only an opened package has it: opened.note lists it, package.note does not. */
export function ofOpening(place: Place): boolean {
  return OF_OPENING.has(place.kind);
}

const six = (number: number) => String(number).padStart(6, "0");
export const statementPath = (number: number) => `data/statements/${six(number)}.note`;
export const segmentPath = (number: number) => `data/segments/${six(number)}.age`;
export const receiptPath = (number: number) => `data/receipts/${six(number)}.note`;
export const proofPath = (number: number) => `data/proofs/${six(number)}.tlog-proof`;
export const custodyProofPath = (line: number) => `data/proofs/custody-${line}.tlog-proof`;
export const grantPath = (number: number) => `data/grants/${number}.age`;
export const stampPath = (stamp: string, part: StampPart) => `data/log/timestamps/${stamp}.${part}`;

const NUMBERED: readonly (readonly [Kind, RegExp, (number: number) => string])[] = [
  ["statement", /^data\/statements\/([0-9]{6,15})\.note$/, statementPath],
  ["segment", /^data\/segments\/([0-9]{6,15})\.age$/, segmentPath],
  ["receipt", /^data\/receipts\/([0-9]{6,15})\.note$/, receiptPath],
  ["proof", /^data\/proofs\/([0-9]{6,15})\.tlog-proof$/, proofPath],
  ["custody-proof", /^data\/proofs\/custody-(0|[1-9][0-9]{0,14})\.tlog-proof$/, custodyProofPath],
  ["grant", /^data\/grants\/(0|[1-9][0-9]{0,14})\.age$/, grantPath],
];
const STAMP = /^data\/log\/timestamps\/([A-Za-z0-9._-]{1,64}-(?:0|[1-9][0-9]{0,14}))\.([a-z-]+)$/;
const RECORDING = /^data\/media\/recording\.[a-z0-9]{2,5}$/;
const EXTENSIONS: Readonly<Record<string, string>> = {
  "video/mp4": "mp4",
  "audio/mp4": "m4a",
  "video/webm": "webm",
  "audio/webm": "webm",
  "video/quicktime": "mov",
  "audio/wav": "wav",
  "audio/x-wav": "wav",
  "audio/mpeg": "mp3",
  "audio/ogg": "ogg",
  "audio/aac": "aac",
  "video/mp2t": "ts",
  "text/plain": "txt",
  "application/json": "json",
  "application/x-ndjson": "jsonl",
};

/** Returns where the decrypted film, sound or text of a MIME type lies. */
export function mediaPath(media: string): string {
  const plain = (media.split(";")[0] ?? "").trim().toLowerCase();
  const known = Object.hasOwn(EXTENSIONS, plain) ? EXTENSIONS[plain] : "bin";
  return `data/media/recording.${known}`;
}

/** Returns what `path` is, or null if nothing in a package is called so. */
export function placeOf(path: string): Place | null {
  const single = Object.hasOwn(SINGLE, path) ? SINGLE[path] : undefined;
  if (single !== undefined) return { kind: single, number: 0, stamp: "" };
  for (const [kind, pattern, write] of NUMBERED) {
    const written = pattern.exec(path)?.[1];
    if (written === undefined) continue;
    const number = Number(written);
    return write(number) === path ? { kind, number, stamp: "" } : null;
  }
  const [, stamp, part] = STAMP.exec(path) ?? [];
  if (stamp !== undefined && (STAMP_PARTS as readonly string[]).includes(part ?? "")) {
    return { kind: "stamp", number: 0, stamp };
  }
  return RECORDING.test(path) ? { kind: "recording", number: 0, stamp: "" } : null;
}
