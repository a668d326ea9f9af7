/** What a person reads of a tool call: one line; and what it is about. */
import { isAbsolute, relative } from "node:path";
import * as z from "zod";
import { classOf, type ToolClass } from "../permissions.ts";

const word = z.string().optional().catch(undefined);
/** By the names that agents use. */
const Arguments = z
  .object({
    command: word,
    path: word,
    file_path: word,
    notebook_path: word,
    url: word,
    query: word,
    pattern: word,
    description: word,
    question: word,
    questions: z.array(z.object({ question: z.string() })).catch([]),
  })
  .catch({ questions: [] });

/** "npm test" for a command, "edit src/add.js" for a file, else the tool's name. */
export function toolTitle(tool: string, args: unknown, cwd: string): string {
  const { command, pattern, url, query, ...said } = Arguments.parse(args);
  const path = pathIn(said, cwd);
  const about = [pattern, path, url, query, said.question ?? said.questions[0]?.question].filter(Boolean);
  const words = command ? [command] : [tool, ...(about.length > 0 ? about : [said.description])];
  return words.filter(Boolean).join(" ").replace(/\s+/g, " ").trim();
}

/**
 * The command, paths (one a line) or address that leave is wanted for; all that was said, where it is none of these. By what the tool does:
 * a tool that writes files takes a `command` beside its path, and heeds the path.
 */
export function toolSubject(tool: string, args: unknown, cwd: string): string {
  const { command, url, query, ...said } = Arguments.parse(args);
  const paths = [said.file_path, said.notebook_path, said.path].flatMap((path) => (path ? [fromCwd(path, cwd)] : []));
  const path = paths.length > 0 ? [...new Set(paths)].join("\n") : undefined;
  const subjects: Record<ToolClass, string | undefined> = { run: command, edit: path, read: path, fetch: url ?? query };
  const kind = classOf(tool);
  return (kind ? subjects[kind] : (command ?? path ?? url ?? query)) ?? JSON.stringify(args);
}

type Paths = Pick<z.infer<typeof Arguments>, "path" | "file_path" | "notebook_path">;

function pathIn({ path, file_path, notebook_path }: Paths, cwd: string): string | undefined {
  const named = file_path ?? notebook_path ?? path;
  return named && fromCwd(named, cwd);
}

function fromCwd(path: string, cwd: string): string {
  if (!isAbsolute(path)) return path;
  const inside = relative(cwd, path);
  return inside.startsWith("..") ? path : inside || ".";
}
