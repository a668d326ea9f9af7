/**
 * What Claude has on record of a conversation's cost. A process that goes on with one counts on from there, so that is no part of what it
 * spends itself: taken for that, each turn after a sleep would cost what all before it have cost, once more.
 */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import * as z from "zod";
import type { Usage } from "../../wire/events.ts";
import type { AgentContext } from "./agent.ts";
import { conversationFile } from "./claude-config.ts";
import { modelUsage, totalOf } from "./claude-protocol.ts";

const RECORD = '{"type":"cost-state"';
const Record = z.object({ type: z.literal("cost-state"), modelUsage });

/** It writes one when it ends. After one that was killed, it stands as far back as that one's work is long. */
const PIECE_BYTES = 256 * 1024;

/** Null where there is none, or nobody can tell. Never rejects. */
export async function spentBefore(context: AgentContext): Promise<Usage | null> {
  try {
    const path = await conversationFile(context);
    if (path === null) return null;
    // It is the agent's own: a pipe in its place would never end.
    await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stat = await file.stat();
    const line = stat.isFile() ? await lastRecord(file, stat.size) : null;
    return line === null ? null : totalOf(Record.parse(JSON.parse(line)).modelUsage);
  } catch {
    return null;
  }
}

/** Read from its end: a conversation may have hundreds of megabytes. A line that begins so is no piece of another, which has it escaped. */
async function lastRecord(file: FileHandle, size: number): Promise<string | null> {
  let behind = Buffer.alloc(0);
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - PIECE_BYTES);
    const { bytesRead, buffer } = await file.read(Buffer.alloc(end - start), 0, end - start, start);
    const read = Buffer.concat([buffer.subarray(0, bytesRead), behind]);
    const at = read.lastIndexOf(RECORD);
    if (at >= 0) return read.subarray(at).toString("utf8").split("\n", 1)[0] ?? null;
    // The word may lie across the seam.
    behind = read.subarray(0, RECORD.length);
    end = start;
  }
  return null;
}
