/**
 * The few forms of Markdown that a rights card may have: headings, paragraphs, lists, `**strong**` and
 * `*stressed*`. Everything else, HTML and links above all, is text as it stands. Pure: text in, values
 * out; whoever shows them makes elements, never markup.
 */

export interface Run {
  readonly text: string;
  readonly as: "plain" | "strong" | "stressed";
}

export type Block =
  | { readonly is: "heading" | "paragraph"; readonly runs: readonly Run[] }
  | { readonly is: "list"; readonly items: readonly (readonly Run[])[] };

const MARKED = /\*\*(?<strong>[^*\n]+)\*\*|\*(?<stressed>[^*\n]+)\*/gu;

export function readRuns(text: string): Run[] {
  const runs: Run[] = [];
  let end = 0;
  const plain = (until: number): void => {
    if (until > end) runs.push({ text: text.slice(end, until), as: "plain" });
  };
  for (const found of text.matchAll(MARKED)) {
    plain(found.index);
    const { strong, stressed } = found.groups ?? {};
    runs.push(strong === undefined ? { text: stressed ?? "", as: "stressed" } : { text: strong, as: "strong" });
    end = found.index + found[0].length;
  }
  plain(text.length);
  return runs;
}

/** Blocks are parted by empty lines; lines of a paragraph belong together. */
export function readMarkdown(text: string): Block[] {
  return text
    .replaceAll("\r\n", "\n")
    .split(/\n[ \t]*\n/)
    .flatMap((part) => blocksOf(part.split("\n").filter((line) => line.trim() !== "")));
}

function blocksOf(lines: readonly string[]): Block[] {
  const blocks: Block[] = [];
  let words: string[] = [];
  let items: (readonly Run[])[] = [];
  const close = (): void => {
    if (words.length > 0) blocks.push({ is: "paragraph", runs: readRuns(words.join(" ")) });
    if (items.length > 0) blocks.push({ is: "list", items });
    words = [];
    items = [];
  };
  for (const line of lines) {
    const heading = /^#{1,6} +(.+)$/u.exec(line)?.[1];
    const item = /^[-*] +(.+)$/u.exec(line)?.[1];
    if (heading !== undefined) {
      close();
      blocks.push({ is: "heading", runs: readRuns(heading.trim()) });
    } else if (item !== undefined) {
      if (words.length > 0) close();
      items.push(readRuns(item.trim()));
    } else {
      if (items.length > 0) close();
      words.push(line.trim());
    }
  }
  close();
  return blocks;
}
