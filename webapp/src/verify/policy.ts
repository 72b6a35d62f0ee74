/**
 * Policies: whose log is believed, and who must have cosigned it (c2sp.org/tlog-policy). Twin of the
 * part of src/accompany/evidence/checkpoints.py. A policy of ours names two more keys in comment
 * lines: `# receipts <vkey>` and `# organization <vkey>`. Pure.
 */

import { AccompanyError, Malformed } from "../errors";
import { COSIGNATURE, ED25519, type Note, Verifier } from "../evidence/notes";
import { SPACE, concat, quoted, readNumber, readUtf8, sameBytes, utf8 } from "../evidence/text";

const SPACES = new RegExp(`[${SPACE}]+`, "u");

export interface Group {
  readonly needed: number;
  readonly members: readonly string[];
}

export interface Policy {
  readonly logs: readonly Verifier[];
  readonly witnesses: ReadonlyMap<string, Verifier>;
  readonly groups: ReadonlyMap<string, Group>;
  readonly quorum: string;
  readonly receipts: readonly Verifier[];
  readonly organizations: readonly Verifier[];
}

export const NO_POLICY: Policy = {
  logs: [],
  witnesses: new Map(),
  groups: new Map(),
  quorum: "none",
  receipts: [],
  organizations: [],
};

/** Returns the policy that `data` writes; throws Malformed for anything unclear. */
export function readPolicy(data: Uint8Array): Policy {
  const reader = new Reader();
  for (const [at, line] of readUtf8("policy", data).split("\n").entries()) {
    try {
      reader.take(line.split(SPACES).filter((word) => word !== ""));
    } catch (error) {
      if (!(error instanceof AccompanyError)) throw error;
      throw new Malformed("policy", `line ${at + 1}: ${error.message}`);
    }
  }
  return reader.policy();
}

/** Returns the names of the witnesses whose cosignature on `note` holds. */
export function cosigned(policy: Policy, note: Note): Set<string> {
  return new Set([...policy.witnesses].filter(([, key]) => holdsCosignature(note, key)).map(([name]) => name));
}

/** Whether enough witnesses cosigned `note`; groups stand after what they are made of. */
export function quorumHolds(policy: Policy, note: Note): boolean {
  const met = new Set(["none", ...cosigned(policy, note)]);
  for (const [name, { needed, members }] of policy.groups) {
    if (members.filter((member) => met.has(member)).length >= needed) met.add(name);
  }
  return met.has(policy.quorum);
}

/** Reads a policy line by line; a name is used only after its own line. */
class Reader {
  private readonly logs: Verifier[] = [];
  private readonly witnesses = new Map<string, Verifier>();
  private readonly groups = new Map<string, Group>();
  private readonly members = new Set<string>();
  private quorum: string | null = null;
  private readonly receipts: Verifier[] = [];
  private readonly organizations: Verifier[] = [];

  take(words: readonly string[]): void {
    const [first = "", second = "", third = ""] = words;
    const count = words.length;
    if (first === "#" && count === 3 && (second === "receipts" || second === "organization")) {
      (second === "receipts" ? this.receipts : this.organizations).push(Verifier.parse(third));
    } else if (count === 0 || first.startsWith("#")) {
      return;
    } else if (first === "log" && (count === 2 || count === 3)) {
      this.addLog(ofKind(second, ED25519));
    } else if (first === "witness" && (count === 3 || count === 4)) {
      this.isNew(second);
      this.witnesses.set(second, ofKind(third, COSIGNATURE));
    } else if (first === "group" && count > 3) {
      this.addGroup(second, third, words.slice(3));
    } else if (first === "quorum" && count === 2) {
      this.setQuorum(second);
    } else {
      throw new Malformed("policy line", `found ${quoted(words.join(" "))}`);
    }
  }

  policy(): Policy {
    const { logs, witnesses, groups, quorum, receipts, organizations } = this;
    if (quorum === null) throw new Malformed("policy", "expected one quorum line, found none");
    return { logs, witnesses, groups, quorum, receipts, organizations };
  }

  private addLog(log: Verifier): void {
    if (this.logs.some(({ key }) => sameBytes(key, log.key))) throw new Malformed("log", "the same key twice");
    this.logs.push(log);
  }

  private isNew(name: string): void {
    if (this.witnesses.has(name) || this.groups.has(name) || name === "none") {
      throw new Malformed("name", `${quoted(name)} is taken`);
    }
  }

  private addGroup(name: string, threshold: string, members: readonly string[]): void {
    this.isNew(name);
    for (const member of members) {
      if (!this.witnesses.has(member) && !this.groups.has(member)) {
        throw new Malformed("group", `${quoted(member)} has no line before`);
      }
      if (this.members.has(member)) throw new Malformed("group", `${quoted(member)} is a member twice`);
      this.members.add(member);
    }
    const needed = threshold === "any" ? 1 : threshold === "all" ? members.length : readNumber(threshold);
    if (needed < 1 || needed > members.length) {
      throw new Malformed("group", `expected 1 to ${members.length}, found ${needed}`);
    }
    this.groups.set(name, { needed, members });
  }

  private setQuorum(name: string): void {
    if (this.quorum !== null) throw new Malformed("quorum", "a second line");
    if (name !== "none" && !this.witnesses.has(name) && !this.groups.has(name)) {
      throw new Malformed("quorum", `${quoted(name)} has no line before`);
    }
    this.quorum = name;
  }
}

function ofKind(vkey: string, kind: number): Verifier {
  const verifier = Verifier.parse(vkey);
  if (verifier.kind !== kind) throw new Malformed("vkey", `expected type ${kind}, found ${verifier.kind}`);
  return verifier;
}

/** Whether a tlog-cosignature v1 of `key` on `note` holds: 8 bytes of time, 64 of signature. */
function holdsCosignature(note: Note, key: Verifier): boolean {
  return note.signatures.some(({ name, id, value }) => {
    if (name !== key.name || !sameBytes(id, key.id) || value.length !== 72) return false;
    const seconds = new DataView(value.buffer, value.byteOffset).getBigUint64(0);
    const message = concat(utf8(`cosignature/v1\ntime ${seconds}\n`), utf8(note.text));
    return key.holds(message, value.subarray(8));
  });
}
