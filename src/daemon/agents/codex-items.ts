/** What people read of the tools of codex: its items, as a beginning and an end. */
import * as z from "zod";
import type { CodexItem } from "./codex-protocol.ts";
import type { ToolStart } from "./telling.ts";
import { toolTitle } from "./tool-title.ts";

/** By the names that the model knows them by; rules for leave are written with these. */
export const COMMAND_TOOL = "exec_command";
export const FILE_TOOL = "apply_patch";

/** Null for what is no tool. */
export function toolStart(item: CodexItem, cwd: string): ToolStart | null {
  switch (item.type) {
    case "commandExecution": {
      const command = commandIn(item.command);
      return { call: item.id, tool: COMMAND_TOOL, title: command, input: { command } };
    }
    case "fileChange": {
      const paths = item.changes.map((change) => change.path);
      const title = ["edit", ...paths.map((path) => toolTitle("", { path }, cwd))].join(" ");
      return { call: item.id, tool: FILE_TOOL, title, input: { paths } };
    }
    case "mcpToolCall": {
      const tool = `${item.server}.${item.tool}`;
      return { call: item.id, tool, title: toolTitle(tool, item.arguments, cwd), input: item.arguments };
    }
    case "dynamicToolCall": {
      const { id, tool, arguments: input } = item;
      return { call: id, tool, title: toolTitle(tool, input, cwd), input };
    }
    case "webSearch":
      return {
        call: item.id,
        tool: "web_search",
        title: `web_search ${item.query}`.trim(),
        input: { query: item.query },
      };
    default:
      return null;
  }
}

/** How it went. */
export function toolEnd(item: CodexItem): { ok: boolean; output: string } {
  switch (item.type) {
    case "commandExecution":
      return { ok: item.status === "completed" && (item.exitCode ?? 0) === 0, output: item.aggregatedOutput ?? "" };
    case "fileChange":
      return { ok: item.status === "completed", output: item.changes.map((change) => change.diff).join("\n") };
    case "mcpToolCall":
      return { ok: item.status === "completed", output: item.error?.message ?? textsIn(item.result?.content ?? []) };
    case "dynamicToolCall":
      return { ok: item.status === "completed", output: textsIn(item.contentItems ?? []) };
    default:
      return { ok: true, output: "" };
  }
}

const Text = z.object({ text: z.string() });

const textsIn = (contents: unknown[]): string =>
  contents.flatMap((content) => Text.safeParse(content).data?.text ?? []).join("\n");

const SHELL = /^\S*\b(?:ba|z|da)?sh -l?c (.+)$/s;

/** codex tells a command as the line that starts a shell for it; people and rules know it as the model wrote it. */
export function commandIn(line: string): string {
  const word = SHELL.exec(line)?.[1];
  return (word && unquoted(word)) ?? line;
}

/** One word of a shell's line, without what quotes it; null where it is more than one. */
function unquoted(word: string): string | null {
  let text = "";
  for (let rest = word; rest; ) {
    const part = /^(?:'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^\s'"\\]+))/.exec(rest);
    if (!part) return null;
    text += part[1] ?? part[2]?.replace(/\\([$`"\\])/g, "$1") ?? part[3] ?? part[4] ?? "";
    rest = rest.slice(part[0].length);
  }
  return text;
}
