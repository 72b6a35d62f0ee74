import { describe, expect, test } from "vitest";
import { Chat, CHAT_LIMIT, newChatId, readChannelMessage, type ChannelMessage } from "../src/channel";
import { BrokenMessage } from "../src/shape";

const TIME = "2026-11-21T20:14:03.120Z";
const ID = "AAAAAAAAAAAAAAAAAAAAAA==";

function line(): { chat: Chat; sent: ChannelMessage[]; cut: (is: boolean) => void } {
  const sent: ChannelMessage[] = [];
  let open = true;
  const chat = new Chat((message) => {
    if (open) sent.push(message);
    return open;
  });
  return { chat, sent, cut: (is) => void (open = !is) };
}

describe("messages over the channel", () => {
  test.each<ChannelMessage>([
    { type: "chat", id: ID, text: "¿Abro la puerta?", time: TIME },
    { type: "seen", id: ID },
    { type: "head", recording: "b".repeat(32), number: 7, digest: "0".repeat(64) },
    { type: "private", on: true },
    { type: "pictureless", on: false },
    { type: "bye" },
  ])("$type is read as it was written", (message) => {
    expect(readChannelMessage(JSON.stringify(message))).toEqual(message);
  });

  test("what a newer page says is not mine", () => {
    expect(readChannelMessage('{"type":"wave"}')).toBeNull();
  });

  test.each([
    ["no JSON", "hello"],
    ["no object", "[]"],
    ["a text that is too long", JSON.stringify({ type: "chat", id: ID, text: "x".repeat(CHAT_LIMIT + 1), time: TIME })],
    ["an empty text", JSON.stringify({ type: "chat", id: ID, text: "", time: TIME })],
    ["an id that is none", JSON.stringify({ type: "seen", id: "7" })],
    ["a digest that is none", JSON.stringify({ type: "head", recording: "b".repeat(32), number: 7, digest: "00" })],
    ["a silence that is neither on nor off", JSON.stringify({ type: "private", on: "yes" })],
    ["a number below zero", JSON.stringify({ type: "head", recording: "b".repeat(32), number: -1, digest: "0".repeat(64) })],
  ])("%s is broken", (_, data) => {
    expect(() => readChannelMessage(data)).toThrow(BrokenMessage);
  });
});

describe("the chat", () => {
  test("a message is received, then marked as received", () => {
    const { chat, sent } = line();
    chat.say("  Hello  ", ID, TIME);
    expect(sent).toEqual([{ type: "chat", id: ID, text: "Hello", time: TIME }]);
    expect(chat.entries.value[0]?.seen).toBe(false);
    chat.hear({ type: "seen", id: ID });
    expect(chat.entries.value).toEqual([
      { id: ID, mine: true, text: "Hello", time: TIME, seen: true, before: false },
    ]);
  });

  test("what was said into a cut line goes when the line is back, and only until it is seen", () => {
    const { chat, sent, cut } = line();
    cut(true);
    chat.say("Hello", ID, TIME);
    expect(sent).toEqual([]);
    cut(false);
    chat.opened();
    chat.opened();
    expect(sent).toHaveLength(2);
    chat.hear({ type: "seen", id: ID });
    chat.opened();
    expect(sent).toHaveLength(2);
  });

  test("whoever takes over gets what was said before, as it was said, until they have it", () => {
    const first = line();
    first.chat.say("Do I have to open?", ID, TIME);
    first.chat.hear({ type: "seen", id: ID });
    const other = `${"B".repeat(21)}A==`;
    first.chat.hear({ type: "chat", id: other, text: "No.", time: TIME });
    const phone = line();
    phone.chat.take(first.chat.entries.value);
    const told = [
      { type: "chat", id: ID, text: "Do I have to open?", time: TIME },
      { type: "chat", id: other, text: "No.", time: TIME, before: true },
    ] as const;
    expect(phone.sent).toEqual(told);
    const { chat } = line();
    for (const message of told) chat.hear(message);
    expect(chat.entries.value.map(({ mine, before }) => [mine, before])).toEqual([[false, false], [false, true]]);
    for (const { id } of told) phone.chat.hear({ type: "seen", id });
    phone.chat.opened();
    expect(phone.sent).toHaveLength(2);
  });

  test("a message that comes twice is shown once and answered twice", () => {
    const { chat, sent } = line();
    const message = { type: "chat", id: ID, text: "Hello", time: TIME } as const;
    chat.hear(message);
    chat.hear(message);
    expect(chat.entries.value).toHaveLength(1);
    expect(sent).toEqual([{ type: "seen", id: ID }, { type: "seen", id: ID }]);
  });

  test("the other side cannot mark its own words as mine", () => {
    const { chat } = line();
    chat.hear({ type: "chat", id: ID, text: "Hello", time: TIME });
    chat.hear({ type: "seen", id: ID });
    expect(chat.entries.value[0]?.mine).toBe(false);
  });

  test("nothing is not said", () => {
    const { chat, sent } = line();
    chat.say("   ", ID, TIME);
    expect(sent).toEqual([]);
    expect(chat.entries.value).toEqual([]);
  });

  test("ids have the form that the other side expects", () => {
    expect(readChannelMessage(JSON.stringify({ type: "seen", id: newChatId() }))).not.toBeNull();
  });
});
