/** The chats of the calls that this page had, in its memory alone: for a letter to the caller. */

import type { Chat } from "../channel";

const chats = new Map<string, Chat>();

export const holdChat = (encounter: string, chat: Chat): void => void chats.set(encounter, chat);

export const chatOf = (encounter: string): Chat | null => chats.get(encounter) ?? null;
