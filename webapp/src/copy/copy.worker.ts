/**
 * A film looked through, or its copy made, off the page's thread; the detector's weights come from our
 * own origin, with the page's files. Whoever wants no more of it ends the worker.
 */

import manifest from "@vladmandic/face-api/model/tiny_face_detector_model-weights_manifest.json";
import type { Cover } from "./covers";
import { FaceFinder } from "./faces";
import { CannotCopy, lookForFaces, makeCopy, type Copy, type Wishes } from "./make";

export type ToWorker = { film: Blob; wishes: Wishes | null };
export type FromWorker =
  | { is: "underway"; share: number }
  | { is: "looked"; found: readonly Cover[] }
  | { is: "made"; copy: Copy }
  | { is: "failed"; browser: boolean };

const MODEL = new URL("../../node_modules/@vladmandic/face-api/model/tiny_face_detector_model.bin", import.meta.url);

const tell = (message: FromWorker): void => self.postMessage(message);

async function loadFinder(): Promise<FaceFinder> {
  const response = await fetch(MODEL);
  if (!response.ok) throw new Error(`the detector did not come: ${response.status}`);
  return new FaceFinder(manifest, new Uint8Array(await response.arrayBuffer()));
}

async function work({ film, wishes }: ToWorker): Promise<FromWorker> {
  const progress = (share: number): void => tell({ is: "underway", share });
  if (wishes !== null) return { is: "made", copy: await makeCopy(film, wishes, progress) };
  const finder = await loadFinder();
  return { is: "looked", found: await lookForFaces(film, (pixels) => finder.find(pixels), progress) };
}

self.onmessage = ({ data }: MessageEvent<ToWorker>): void => {
  work(data).then(tell, (error: unknown) => tell({ is: "failed", browser: error instanceof CannotCopy }));
};
