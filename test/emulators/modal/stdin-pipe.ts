/** A process's input, written at offsets: what comes twice after a lost answer is written once. */
import type { Writable } from "node:stream";
import { Refusal } from "./refusal.ts";

export interface StdinPipe {
  written(): number;
  closed(): boolean;
  write(offset: number, data: Uint8Array, eof: boolean): Promise<void>;
}

export function createStdinPipe(stdin: Writable): StdinPipe {
  let written = 0;
  let closed = false;
  let last = Promise.resolve();
  // A process may end without reading its input; whoever writes then is told so below.
  stdin.on("error", () => {
    closed = true;
  });
  const put = async (offset: number, data: Uint8Array, eof: boolean): Promise<void> => {
    if (data.length > 0) {
      if (offset > written) throw new Refusal("OUT_OF_RANGE", `stdin is at ${written}, not yet at ${offset}`);
      const fresh = data.subarray(written - offset);
      if (fresh.length > 0 && (closed || !stdin.writable)) throw new Refusal("FAILED_PRECONDITION", "stdin is closed");
      if (fresh.length > 0) await deliver(stdin, fresh);
      written += fresh.length;
    }
    if (!eof || closed) return;
    closed = true;
    stdin.end();
  };
  return {
    written: () => written,
    closed: () => closed,
    write(offset, data, eof) {
      const mine = last.then(() => put(offset, data, eof));
      last = mine.catch(() => {});
      return mine;
    },
  };
}

function deliver(stdin: Writable, data: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stdin.write(data, (error) =>
      error ? reject(new Refusal("FAILED_PRECONDITION", `stdin is closed: ${error.message}`)) : resolve(),
    );
  });
}
