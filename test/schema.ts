/** What editors are told of `threadbox.yml`: `node test/schema.ts` writes it anew after a change of `src/repositories.ts`. */
import { writeFileSync } from "node:fs";
import { z } from "zod";
import { File } from "../src/repositories.ts";

export const SCHEMA_FILE = new URL("../threadbox.schema.json", import.meta.url);

/** Draft 7 is what YAML editors understand everywhere; `input`, because the file may leave out what has a default. */
export function editorSchema(): object {
  const { $schema, ...schema } = z.toJSONSchema(File, { target: "draft-7", io: "input" });
  return { $schema, title: "threadbox.yml", ...schema };
}

// Biome lays out short lists on one line, so `npx biome check --write threadbox.schema.json` follows.
if (import.meta.main) writeFileSync(SCHEMA_FILE, `${JSON.stringify(editorSchema(), null, 2)}\n`);
