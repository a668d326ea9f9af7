/** Ids in the shapes of Modal's. They matter: the SDK tells its two kinds of sandbox apart by the length of what follows `sb-`. */
import { randomBytes } from "node:crypto";

export interface Ids {
  /** `sb-` and 26 characters, as for the newer kind of sandbox; also of its task. */
  sandbox(): string;
  task(): string;
  /** `im-`, `ap-`, `st-`, `vo-`, `en-` and 22 characters. */
  other(prefix: "im" | "ap" | "st" | "vo" | "en"): string;
}

export function createIds(): Ids {
  // Another emulator in the same test never hands out the same ones.
  const seed = randomBytes(4).toString("hex").toUpperCase();
  let count = 0;
  const next = (length: number): string => seed + String(++count).padStart(length - seed.length, "0");
  return {
    sandbox: () => `sb-${next(26)}`,
    task: () => `ta-${next(26)}`,
    other: (prefix) => `${prefix}-${next(22)}`,
  };
}
