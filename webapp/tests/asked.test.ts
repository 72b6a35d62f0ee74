import fc from "fast-check";
import { expect, test } from "vitest";
import { Asked } from "../src/asked";

/** A server with a list: it does what is asked when the test says so, and answers when the test says so. */
class Server {
  list: readonly string[] = [];
  readonly open: { act(): void; answer(): void; fail(): void }[] = [];

  #request(act: () => void): Promise<readonly string[]> {
    return new Promise((resolve, reject) => {
      let done = this.list;
      this.open.push({
        act: () => (act(), (done = this.list)),
        answer: () => resolve(done),
        fail: () => reject(new TypeError("no line")),
      });
    });
  }

  readonly fetch = (): Promise<readonly string[]> => this.#request(() => undefined);
  readonly add = (name: string) => (): Promise<readonly string[]> => this.#request(() => (this.list = [...this.list, name]));
}

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

function begun(): [Server, Asked<readonly string[]>, (number: number, how?: "answer" | "fail") => Promise<void>] {
  const server = new Server();
  const asked = new Asked(server.fetch);
  const end = async (number: number, how: "answer" | "fail" = "answer"): Promise<void> => {
    server.open[number]?.[how]();
    await settle();
  };
  return [server, asked, end];
}

test("a question that was asked before a change does not take it away", async () => {
  const [server, asked, end] = begun();
  void asked.again();
  server.open[0]?.act();
  void asked.change(server.add("a"));
  server.open[1]?.act();
  await end(1);
  await end(0);
  expect(asked.view.value).toEqual({ found: ["a"], failed: null, times: 1 });
});

test("of two changes that cross both are shown", async () => {
  const [server, asked, end] = begun();
  void asked.change(server.add("a"));
  void asked.change(server.add("b"));
  server.open[0]?.act();
  server.open[1]?.act();
  await end(1);
  expect(asked.view.value.found).toEqual(["a", "b"]);
  await end(0);
  server.open[2]?.act();
  await end(2);
  expect(asked.view.value.found).toEqual(["a", "b"]);
});

test.each(["answer", "fail"] as const)("a change that was done after a later question was answered is asked for: %s", async (how) => {
  const [server, asked, end] = begun();
  asked.change(server.add("a")).catch(() => undefined);
  void asked.again();
  server.open[1]?.act();
  await end(1);
  expect(asked.view.value.found).toEqual([]);
  server.open[0]?.act();
  await end(0, how);
  server.open[2]?.act();
  await end(2);
  expect(asked.view.value).toMatchObject({ found: ["a"], failed: null });
});

test("what an earlier attempt failed by is not said after a later one that did not", async () => {
  const [server, asked, end] = begun();
  void asked.again();
  void asked.again();
  server.open[1]?.act();
  await end(1);
  await end(0, "fail");
  expect(asked.view.value).toEqual({ found: [], failed: null, times: 1 });
});

test("a change that failed says so, and what the server has is asked anew", async () => {
  const [server, asked, end] = begun();
  void asked.again();
  const changed = asked.change(server.add("a")).then(() => "done", () => "failed");
  await end(1, "fail");
  expect(await changed).toBe("failed");
  await end(0);
  expect(asked.view.value.found).toBe(null);
  server.open[2]?.act();
  await end(2);
  expect(asked.view.value).toEqual({ found: [], failed: null, times: 1 });
  const failing = asked.again();
  await end(3, "fail");
  await failing;
  expect(asked.view.value).toEqual({ found: [], failed: { why: expect.any(TypeError) }, times: 2 });
});

test("whatever the order, once all is answered what is shown is what the server has", async () => {
  const step = fc.tuple(fc.constantFrom("again", "change", "act", "answer", "fail"), fc.nat(20));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const [server, asked, end] = begun();
      const acted = new Set<number>();
      const act = (number: number): void => {
        if (!acted.has(number)) server.open[number]?.act();
        if (number < server.open.length) acted.add(number);
      };
      void asked.again();
      for (const [what, which] of steps) {
        const number = which % server.open.length;
        if (what === "again") void asked.again();
        else if (what === "change") asked.change(server.add(String(server.open.length))).catch(() => undefined);
        else if (what === "act") act(number);
        else if (what === "fail") {
          // Done or not, it is not done any later.
          acted.add(number);
          await end(number, "fail");
        } else {
          act(number);
          await end(number);
        }
      }
      for (let number = 0; number < server.open.length; number++) {
        act(number);
        await end(number);
      }
      const { found, failed } = asked.view.value;
      expect(failed === null ? found : server.list).toEqual(server.list);
    }),
    { numRuns: 100 },
  );
});
