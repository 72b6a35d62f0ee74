/** The icons, drawn here: no font and no file to fetch. Decoration only; words stand beside them. */

import type { JSX } from "preact";

const PATHS = {
  mark: "M12 3.2a8.8 8.8 0 1 0 8.8 8.8M12 7.6a4.4 4.4 0 1 0 4.4 4.4M17.2 3.4v6.4M14 6.6h6.4",
  lawyer:
    "M12 4v15M7.5 19.5h9M5 7.5h14M12 5.2 5 7.5m7-2.3 7 2.3M5 7.5l-2.6 5.6a2.8 2.8 0 0 0 5.2 0L5 7.5Zm14 0-2.6 5.6a2.8 2.8 0 0 0 5.2 0L19 7.5Z",
  phone:
    "M6.6 3.8 9 3.4l1.7 4-2 1.8a12.4 12.4 0 0 0 6.1 6.1l1.8-2 4 1.7-.4 2.4a2.6 2.6 0 0 1-2.7 2.2A16.2 16.2 0 0 1 4.4 6.5a2.6 2.6 0 0 1 2.2-2.7Z",
  person: "M12 12.2a4.1 4.1 0 1 0 0-8.2 4.1 4.1 0 0 0 0 8.2ZM4.4 20.2a7.7 7.7 0 0 1 15.2 0",
  safe: "m5 12.6 4.6 4.6L19.2 7",
  care: "M12 4 2.8 19.6h18.4L12 4Zm0 6v4.4m0 2.6v.2",
  sending: "M12 20V9m-4.4 4.2L12 8.8l4.4 4.4M5 4.4h14",
  send: "M12 19V5.4M6 11.2l6-6 6 6",
  voice: "M12 14.6a3 3 0 0 0 3-3V6.4a3 3 0 0 0-6 0v5.2a3 3 0 0 0 3 3ZM5.6 11.4a6.4 6.4 0 0 0 12.8 0M12 17.8v3",
  voiceless:
    "M12 14.6a3 3 0 0 0 3-3V6.4a3 3 0 0 0-6 0v5.2a3 3 0 0 0 3 3ZM5.6 11.4a6.4 6.4 0 0 0 12.8 0M12 17.8v3M4 3.6l16 16.8",
  camera: "M3.6 7.6h11v9h-11zM14.6 11l5.8-3.2v8.6L14.6 13",
  cameraless: "M3.6 7.6h11v9h-11zM14.6 11l5.8-3.2v8.6L14.6 13M4 3.6l16 16.8",
  lock: "M6 10.6h12v9H6zM8.6 10.6V7.8a3.4 3.4 0 0 1 6.8 0v2.8",
  tongue: "M12 20.6a8.6 8.6 0 1 0 0-17.2 8.6 8.6 0 0 0 0 17.2ZM3.6 12h16.8M12 3.4c4.6 5 4.6 12.2 0 17.2-4.6-5-4.6-12.2 0-17.2Z",
  sound: "M4 9.6v4.8h3.2l4.8 4V5.6l-4.8 4H4ZM15.6 9a4.4 4.4 0 0 1 0 6M18 6.6a7.8 7.8 0 0 1 0 10.8",
  film: "M4 5.4h16v13.2H4zM10.2 9.2v5.6l4.6-2.8-4.6-2.8Z",
  save: "M12 4v11m-4.6-4.4L12 15.2l4.6-4.6M5 19.6h14",
  again: "M19.4 8.6A8 8 0 1 0 20 12M19.6 4v4.8h-4.8",
  chat: "M4 5.2h16v11H11l-4.4 3.6v-3.6H4zM8 9.4h8M8 12.4h5",
  turn: "M7 4 3.8 7.2 7 10.4M4 7.2h11a4.6 4.6 0 0 1 0 9.2H9M17 20.2",
  card: "M3.6 6h16.8v12H3.6zM7 10h5M7 13.6h10M15.4 10h1.6",
  silent: "M6.4 10.2a5.6 5.6 0 0 1 11.2 0c0 5 2 6.2 2 6.2H4.4s2-1.2 2-6.2ZM10.4 19.2a1.8 1.8 0 0 0 3.2 0M4 3.6l16 16.8",
  pen: "m4 20 1-4.6L16.2 4.2a1.8 1.8 0 0 1 2.6 0l1 1a1.8 1.8 0 0 1 0 2.6L8.6 19 4 20ZM14 6.4l3.6 3.6",
  shut: "m6 6 12 12M18 6 6 18",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }): JSX.Element {
  return (
    <svg
      class="icon"
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="1.9"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
