/** What people read of an ACP agent's tools. Most agents tell a tool in several pieces; each piece replaces what it names. */
import * as z from "zod";
import type { AcpTool } from "./acp-protocol.ts";
import { toolTitle } from "./tool-title.ts";

const Input = z.object({ command: z.union([z.string(), z.array(z.string()).transform((words) => words.join(" "))]) });
const Address = z.object({ url: z.string() });
const TextContent = z.object({ type: z.literal("content"), content: z.object({ text: z.string() }) });
const DiffContent = z.object({ type: z.literal("diff"), path: z.string(), newText: z.string() });
const Output = z.union([z.string(), z.object({ output: z.string() }).transform(({ output }) => output)]);

/** `later` over `earlier`, field by field. */
export function merged(earlier: AcpTool | undefined, later: AcpTool): AcpTool {
  const given = Object.entries(later).filter(([, value]) => value !== undefined && value !== null);
  return { ...earlier, ...Object.fromEntries(given), toolCallId: later.toolCallId };
}

/** The protocol has kinds, of which rules can speak, and no names. */
export const toolName = ({ kind, title }: AcpTool): string =>
  kind && kind !== "other" ? kind : (title?.split(/\s/)[0] ?? "tool") || "tool";

export function titleOf(tool: AcpTool, cwd: string): string {
  const command = Input.safeParse(tool.rawInput).data?.command;
  return command ?? (tool.title?.trim() || toolTitle(toolName(tool), { path: tool.locations?.[0]?.path }, cwd));
}

/** What a rule about leave is held against: the command, the files (one a line), the address, or what else there is. */
export function subjectOf(tool: AcpTool): string {
  const command = Input.safeParse(tool.rawInput).data?.command;
  const files = (tool.locations ?? []).map(({ path }) => path).join("\n");
  return command ?? Address.safeParse(tool.rawInput).data?.url ?? (files || (tool.title ?? toolName(tool)));
}

export function outputOf({ content, rawOutput }: AcpTool): string {
  const told = (content ?? []).flatMap((one) => {
    const diff = DiffContent.safeParse(one).data;
    return diff ? `${diff.path}\n${diff.newText}` : (TextContent.safeParse(one).data?.content.text ?? []);
  });
  return told.length > 0 ? told.join("\n") : (Output.safeParse(rawOutput).data ?? "");
}
