/** The invitation's code in a link `/duty#invitation=<code>` or `/desk#invitation=<code>`, or null. */
export function readInvitationLink(fragment: string): string | null {
  return new URLSearchParams(fragment.replace(/^#/, "")).get("invitation") || null;
}
