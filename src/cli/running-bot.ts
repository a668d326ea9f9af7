/** Is a bot running where the settings say that it would listen? */
import { z } from "zod";
import type { Config } from "../config.ts";

/** A bot that works hard answers late, but not this late; nobody listening is known at once. */
const ANSWER_WITHIN_MS = 2_000;

const Health = z.object({ ok: z.literal(true) });

/** Its address, or null when none answers. */
export async function runningBot({ host, port }: Pick<Config, "host" | "port">): Promise<string | null> {
  if (port === 0) return null;
  const url = `http://${reachable(host)}:${port}`;
  try {
    const response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    return Health.safeParse(await response.json()).success ? url : null;
  } catch {
    return null;
  }
}

/** One that listens everywhere is spoken to on this machine. */
function reachable(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}
