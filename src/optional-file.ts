/** Files of settings that people may leave out. */
import { readFileSync } from "node:fs";
import { ThreadboxError } from "./errors.ts";

/** The text of the file; null when there is none. Throws `config.invalid` for one that is there and cannot be read. */
export function readOptionalFile(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") return null;
    throw new ThreadboxError("config.invalid", `${path} cannot be read.`, { cause: thrown });
  }
}
