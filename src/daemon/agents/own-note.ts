/** Which conversation of the agent's own counting is ours: one small file, for agents that do not let us choose its id. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import type { AgentContext } from "./agent.ts";
import { openFolder } from "./own-files.ts";

const NAME = "conversation.json";
const Note = z.strictObject({ session: z.string(), conversation: z.string().min(1) });

type Place = Pick<AgentContext, "stateDir" | "sessionId">;

/** Null: none was begun yet, or the file is not what we wrote; the folder is the agent's own. */
export async function readConversation({ stateDir, sessionId }: Place): Promise<string | null> {
  try {
    const note = Note.parse(JSON.parse(await readFile(join(stateDir, NAME), "utf8")));
    return note.session === sessionId ? note.conversation : null;
  } catch {
    return null;
  }
}

export async function noteConversation({ stateDir, sessionId }: Place, conversation: string): Promise<void> {
  await using own = await openFolder(stateDir, stateDir);
  await own.replace(NAME, JSON.stringify({ session: sessionId, conversation }));
}
