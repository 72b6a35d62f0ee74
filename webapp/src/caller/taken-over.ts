/** The moment when the page's script takes over from the first frame that was kept, and a press made by then. */

let pressed = false;

/** What the page draws at first, one beside the other: what is said, what is urgent, the screen. */
const FRAME = ["[role=status]", "[role=alert]", ".screen"];

/**
 * From here on the page itself hears what is pressed. A frame that is not what the page draws is dropped:
 * what is not taken over would stay there, a second button that does nothing.
 */
export function takeOver(root: HTMLElement): void {
  pressed = root.dataset["early"] === "pressed";
  delete root.dataset["early"];
  const parts = Array.from(root.children);
  const fits = parts.length === FRAME.length && FRAME.every((one, at) => parts[at]?.matches(one));
  if (!fits) root.replaceChildren();
}

/** Whether the button was pressed before; said once. */
export function takePress(): boolean {
  const was = pressed;
  pressed = false;
  return was;
}
