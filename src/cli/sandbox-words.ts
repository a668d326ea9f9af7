/** What the commands for sandboxes say: a machine that was made, lengths and ages, and a question that is answered with y or n. */
import { createInterface } from "node:readline/promises";
import { duration } from "../surfaces/figures.ts";
import { Interrupted } from "./failure.ts";
import { type Output, paint } from "./output.ts";
import type { Made } from "./sandbox-create.ts";

export function tellMade(
  { name, sandbox, tookMs }: Made,
  { provider, wanted }: { provider: string; wanted: { repository: string | null; daemon: boolean } },
  output: Output,
): void {
  const { endsAt, url, workspace } = sandbox;
  const ends = endsAt === null ? "" : ` It ends in ${left(endsAt - Date.now())}.`;
  output.say(`${name} is ready after ${duration(tookMs)}.${ends}`);
  output.say(paint(["dim"], `Go in with: threadbox shell ${name}`, output.colour));
  output.result({
    ...{ ok: true, name, sandbox: sandbox.name, provider, url, workspace, daemon: wanted.daemon },
    ...{ repository: wanted.repository, endsAt: timeOf(endsAt), tookMs },
  });
}

export const timeOf = (at: number | Date | null): string | null => (at === null ? null : new Date(at).toISOString());

/** "now", "5 min", "3 h", "2 d". */
export function span(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return "now";
  if (minutes < 60) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1_440)} d`;
}

/** Of a time to come, to the nearest of its unit: 23 h 59 min is "24 h", and not "23 h". */
export function left(ms: number): string {
  if (ms < 3_600_000) return span(ms + 30_000);
  return span(ms + (ms < 48 * 3_600_000 ? 1_800_000 : 43_200_000));
}

/** "840 B", "12.3 MB". */
export function size(bytes: number): string {
  const units = ["kB", "MB", "GB", "TB"];
  let amount = bytes;
  let unit = "B";
  for (const next of units) {
    if (amount < 1_000) break;
    amount /= 1_000;
    unit = next;
  }
  return unit === "B" ? `${amount} B` : `${amount.toFixed(1)} ${unit}`;
}

export const isTerminal = (): boolean => process.stdin.isTTY === true && process.stderr.isTTY === true;

/** No, unless somebody types y. On stderr, because stdout may be a JSON document's. Throws `Interrupted` for ctrl-c. */
export async function confirmed(question: string): Promise<boolean> {
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  const left = new AbortController();
  let interrupted = false;
  asking.on("SIGINT", () => {
    interrupted = true;
    left.abort();
  });
  asking.on("close", () => left.abort());
  try {
    const answer = await asking.question(`${question} [y/N] `, { signal: left.signal });
    return /^y(es)?$/i.test(answer.trim());
  } catch {
    if (!interrupted) return false; // ctrl-d instead of an answer
    process.stderr.write("\n");
    throw new Interrupted("Interrupted.", "Nothing was done.");
  } finally {
    asking.close();
  }
}
