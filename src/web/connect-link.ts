/** The link by which somebody says who they are on GitHub: names them, is good for ten minutes, and once. */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Member } from "../core/identity.ts";
import type { Ms } from "../core/types.ts";
import type { Seal } from "./seal.ts";

/** Long enough to read the page; whoever comes later gets another one by asking again. */
const LINK_LASTS_MS: Ms = 10 * 60_000;

export const ConnectLink = z.object({
  /** Counts it as used. */
  id: z.string(),
  member: z.object({ surface: z.literal("slack"), team: z.string(), id: z.string(), name: z.string() }),
});
export type ConnectLink = z.infer<typeof ConnectLink>;

/** Below PUBLIC_URL. */
export const CONNECT_PATH = "/connect/github";

export async function connectUrl(seal: Seal, publicUrl: string, member: Member): Promise<string> {
  const link = { id: randomUUID(), member };
  return `${publicUrl}${CONNECT_PATH}?t=${await seal.close("link", link, LINK_LASTS_MS)}`;
}
