/** What the build of an image says while it goes on: for the log, for those who wait for it, and its end for the message when it fails. */
import type { Log } from "../log.ts";
import type { StartProgress } from "./provider.ts";

/** Who is told. */
export interface BuildLog {
  log: Log;
  watching: Iterable<StartProgress>;
}

const SHOWN_LINES = 30;

/** For one layer, called as people are told it. A layer that is there already says nothing, and then nothing is told. */
export function hearLayer(called: string, { log, watching }: BuildLog) {
  let begun = false;
  let unfinished = "";
  let lines: string[] = [];
  const tellAll = (tell: (one: StartProgress) => void): void => {
    for (const one of watching) tell(one);
  };
  const begin = (): void => {
    begun = true;
    log.info({ layer: called }, "image.building");
    tellAll((one) => one.step(`building the image, ${called}`));
  };
  return {
    /** Pieces that end anywhere. */
    add(text: string): void {
      if (!begun) begin();
      const whole = (unfinished + text).split(/\r?\n|\r/);
      unfinished = whole.pop() ?? "";
      for (const line of whole.filter((one) => one.trim() !== "")) {
        log.info({ line }, "image.build-said");
        tellAll((one) => one.said(line));
      }
      lines = [...lines, ...whole].slice(-SHOWN_LINES);
    },
    last: () => [...lines, unfinished].filter((line) => line.trim() !== "").slice(-SHOWN_LINES),
  };
}
