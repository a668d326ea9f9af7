/** Ctrl-C and the init system's SIGTERM: asked once, a command ends in order; asked twice, it ends. */

import { INTERRUPTED } from "./failure.ts";

/** Calls `first` at the first signal. The returned function gives the signals back. */
export function onInterrupt(first: () => void): () => void {
  let asked = false;
  const handler = (): void => {
    if (asked) process.exit(INTERRUPTED);
    asked = true;
    first();
  };
  process.on("SIGINT", handler);
  process.on("SIGTERM", handler);
  return () => {
    process.off("SIGINT", handler);
    process.off("SIGTERM", handler);
  };
}
