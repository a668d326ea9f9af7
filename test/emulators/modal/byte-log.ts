/** Output that is kept, so that a reader whose connection broke can go on where it was. */
import { Refusal } from "./refusal.ts";

/** Modal streams output in pieces of about this size. */
const MAX_PIECE_BYTES = 64 * 1024;

export interface ByteLog {
  append(bytes: Uint8Array): void;
  end(): void;
  /** From that byte on, as it comes, until the end. Refuses when `gone` fires: whatever wrote it is no more. */
  from(offset: number, signals: { caller: AbortSignal; gone: AbortSignal }): AsyncGenerator<Uint8Array>;
  text(): string;
}

export function createByteLog(): ByteLog {
  const pieces: { start: number; bytes: Uint8Array }[] = [];
  let length = 0;
  let ended = false;
  let waiting = Promise.withResolvers<void>();
  const wake = (): void => {
    waiting.resolve();
    waiting = Promise.withResolvers<void>();
  };
  return {
    append(bytes) {
      for (let at = 0; at < bytes.length; at += MAX_PIECE_BYTES) {
        const piece = bytes.subarray(at, at + MAX_PIECE_BYTES);
        pieces.push({ start: length, bytes: piece });
        length += piece.length;
      }
      wake();
    },
    end() {
      ended = true;
      wake();
    },
    async *from(offset, { caller, gone }) {
      const over = Promise.race([fired(caller), fired(gone)]);
      let index = Math.max(
        0,
        pieces.findLastIndex((piece) => piece.start <= offset),
      );
      while (!caller.aborted) {
        if (gone.aborted) throw new Refusal("NOT_FOUND", "the sandbox has finished");
        const piece = pieces[index];
        if (piece) {
          index += 1;
          const rest = piece.bytes.subarray(Math.max(0, offset - piece.start));
          if (rest.length > 0) yield rest;
        } else if (ended) return;
        else await Promise.race([waiting.promise, over]);
      }
    },
    text: () => Buffer.concat(pieces.map((piece) => piece.bytes)).toString("utf8"),
  };
}

function fired(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
