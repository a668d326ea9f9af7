/**
 * Machines for the emulated Modal that are none: no process, no file. A thousand sandboxes cost nothing then, and what is measured in
 * front of them is the bot's own share.
 */
import { PassThrough } from "node:stream";
import type { ExecProcess, ImageFiles, Machine } from "../emulators/modal/machine.ts";
import type { BubblewrapHost } from "../emulators/modal/machine-host.ts";

export function stillHost(): BubblewrapHost {
  return {
    base: async () => NO_FILES,
    layer: async (image) => ({ is: "built", image }),
    start: async () => stillMachine(),
    allow: async () => {},
    close: async () => {},
  };
}

const NO_FILES: ImageFiles = { folder: "", env: {}, workdir: "/" };

/** Its entrypoint runs until the machine is killed; every other command has done its work at once. */
function stillMachine(): Machine {
  const over = Promise.withResolvers<void>();
  return {
    entrypoint: silent(over.promise.then(() => ({ signal: 9 }))),
    exec: () => silent(Promise.resolve({ code: 0 })),
    connect: () => Promise.reject(new Error("nobody listens")),
    snapshot: async () => NO_FILES,
    kill: async () => over.resolve(),
    ended: over.promise,
  };
}

const silent = (exit: ExecProcess["exit"]): ExecProcess => ({
  stdin: new PassThrough().resume(),
  stdout: new PassThrough().end(),
  stderr: new PassThrough().end(),
  exit,
  kill() {},
});
