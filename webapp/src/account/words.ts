/** A sheet's secret as twelve English words (BIP 39), forgiving in how they are typed. Loaded late. */

import { entropyToMnemonic, mnemonicToEntropy } from "@scure/bip39";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import { SHEET_BYTES } from "./vault";

export const wordsOf = (secret: Uint8Array): string[] => entropyToMnemonic(secret, wordlist).split(" ");

/** Reads words however they are spaced, numbered or capitalized; four letters of each are enough. */
export function readWords(text: string): Uint8Array | null {
  const typed = text.toLowerCase().match(/[a-z]+/g) ?? [];
  const words = typed.map((word) => wordlist.find((one) => one === word) ?? byStart(word));
  try {
    const secret = mnemonicToEntropy(words.join(" "), wordlist);
    return secret.length === SHEET_BYTES ? secret : null;
  } catch {
    return null;
  }
}

const byStart = (word: string): string =>
  (word.length >= 4 && wordlist.find((one) => one.slice(0, 4) === word.slice(0, 4))) || word;
