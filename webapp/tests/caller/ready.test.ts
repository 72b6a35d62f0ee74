import { describe, expect, test } from "vitest";
import { hear, type News, type Ready } from "../../src/caller/ready";
import type { Organization, Service } from "../../src/contracts";

const answer = (time: string): Service => ({ time }) as unknown as Service;
const kept = answer("kept");
const fresh = answer("fresh");
const organization: Organization = { name: "Aid", custodian: "c", log: "l", receipts: "r" };
const checked = (service: Service): News => ({ said: "checked", service, found: { organization } });
const heard: News = { said: "answer", service: fresh };

const connecting: Ready = { is: "connecting", unreachable: false };
const withKept: Ready = { is: "ready", service: kept, organization: null };
const after = (begin: Ready, ...news: News[]): Ready => news.reduce(hear, begin);

/** Every order of some news. */
function orders<One>(all: readonly One[]): One[][] {
  if (all.length < 2) return [[...all]];
  return all.flatMap((one, at) => orders(all.toSpliced(at, 1)).map((rest) => [one, ...rest]));
}

describe("what was kept never takes the place of what was heard", () => {
  test.each(orders([checked(kept), heard, checked(fresh)]))("in the order %#", (...news) => {
    const ready = after(withKept, ...news);
    expect(ready).toMatchObject({ is: "ready", service: fresh });
  });

  test("a check that came before the answer it is of is asked for again: nothing is believed by it", () => {
    expect(after(withKept, checked(fresh), heard)).toEqual({ is: "ready", service: fresh, organization: null });
  });

  test("a check of what was kept that is refused says nothing of the answer", () => {
    const bad: News = { said: "checked", service: kept, found: { refused: "note" } };
    expect(after(withKept, heard, bad, checked(fresh))).toEqual({ is: "ready", service: fresh, organization });
    expect(after(withKept, bad)).toEqual({ is: "refused", why: "note" });
  });
});

describe("an answer takes away nothing that holds", () => {
  const of = (time: string, part: Partial<Service> = {}): Service =>
    ({ time, origin: "aid.example", organization: "note", organization_key: "key", ...part }) as unknown as Service;
  const known: Ready = { is: "ready", service: of("kept"), organization };

  test("of the same note, by the same key", () => {
    expect(after(known, { said: "answer", service: of("fresh") })).toEqual({ is: "ready", service: of("fresh"), organization });
  });

  test.each([{ origin: "x" }, { organization: "another" }, { organization_key: "another" }])("but of %o", (part) => {
    expect(after(known, { said: "answer", service: of("fresh", part) })).toMatchObject({ organization: null });
  });

  test("and none is known of what was never checked", () => {
    const unchecked: Ready = { ...known, organization: null };
    expect(after(unchecked, { said: "answer", service: of("fresh") })).toMatchObject({ organization: null });
  });
});

describe("a refusal stands", () => {
  const refusals: News[] = [
    { said: "another key" },
    { said: "checked", service: kept, found: { refused: "key" } },
  ];
  test.each(refusals)("after %o", (refusal) => {
    expect(after(withKept, refusal, checked(kept), heard, { said: "unreachable" })).toEqual({
      is: "refused",
      why: "key",
    });
  });
});

test("a server that cannot be reached is said where nothing was kept, and takes away nothing", () => {
  expect(hear(connecting, { said: "unreachable" })).toEqual({ is: "connecting", unreachable: true });
  expect(hear(withKept, { said: "unreachable" })).toBe(withKept);
});
