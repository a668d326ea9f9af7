/** What a person reads of a tool call of pi: one line. */
import { isAbsolute, relative } from "node:path";
import * as z from "zod";

const Arguments = z.object({
  command: z.string().optional(),
  path: z.string().optional(),
  pattern: z.string().optional(),
  question: z.string().optional(),
});

/** "npm test" for a command, "edit src/add.js" for a file, else the tool's name. */
export function toolTitle(tool: string, args: unknown, cwd: string): string {
  const parsed = Arguments.safeParse(args);
  const { command, path, pattern, question } = parsed.success ? parsed.data : {};
  const words = command ? [command] : [tool, pattern, path && fromCwd(path, cwd), question].filter((word) => word);
  return words.join(" ").replace(/\s+/g, " ").trim();
}

function fromCwd(path: string, cwd: string): string {
  if (!isAbsolute(path)) return path;
  const inside = relative(cwd, path);
  return inside.startsWith("..") ? path : inside || ".";
}
