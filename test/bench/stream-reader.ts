/** Clients of the daemon's stream, each checking every cursor: two that do nothing else, so that the daemon is measured, and the bot's own. */
import { Agent, get, type IncomingMessage } from "node:http";
import { daemonClient } from "../../src/sandboxes/daemon-client.ts";
import { check } from "./measure.ts";

export interface At {
  url: string;
  token: string;
}

/** Reads from the beginning until a turn has ended; rejects at the first hole. `connected` is called when the stream stands. */
export type Reader = (at: At, connected: () => void) => Promise<{ entries: number; endedAt: number }>;

/** How a slow client reads: first nothing at all, then a piece and a pause. */
export const SLEEPS_FIRST_MS = 1_000;
export const PAUSE_MS = 5;

export const readFast: Reader = (at, connected) => readPlainly(at, connected, { slow: false });
export const readSlowly: Reader = (at, connected) => readPlainly(at, connected, { slow: true });

export const readAsBot: Reader = async ({ url, token }, connected) => {
  const client = daemonClient({ url, token: async () => token });
  const leave = new AbortController();
  let entries = 0;
  for await (const { cursor, event } of client.stream({ cursor: 0, epoch: null, signal: leave.signal })) {
    check(cursor === entries + 1, `after entry ${entries} came entry ${cursor}`);
    entries = cursor;
    connected(); // the first entry, that the daemon started, is there already
    if (event.type === "turn.ended") break;
  }
  const endedAt = performance.now();
  leave.abort();
  return { entries, endedAt };
};

async function readPlainly({ url, token }: At, connected: () => void, { slow }: { slow: boolean }): ReturnType<Reader> {
  const agent = new Agent({ keepAlive: false });
  const headers = { authorization: `Bearer ${token}` };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(`${url}/stream?cursor=0&follow=1`, { agent, headers }, resolve).on("error", reject);
  });
  check(response.statusCode === 200, `the stream answered ${response.statusCode}`);
  connected();
  try {
    return await readAll(response, slow);
  } finally {
    response.destroy();
    agent.destroy();
  }
}

function readAll(response: IncomingMessage, slow: boolean): ReturnType<Reader> {
  return new Promise((resolve, reject) => {
    const frames = frameReader();
    response.setEncoding("latin1");
    response.on("data", (text: string) => {
      try {
        if (frames.take(text)) return resolve({ entries: frames.last(), endedAt: performance.now() });
      } catch (hole) {
        return reject(hole);
      }
      if (slow) rest(response, PAUSE_MS);
    });
    response.on("end", () => reject(new Error(`the stream ended after ${frames.last()} entries`)));
    response.on("error", reject);
    if (slow) rest(response, SLEEPS_FIRST_MS);
  });
}

function rest(response: IncomingMessage, ms: number): void {
  response.pause();
  setTimeout(() => response.resume(), ms);
}

/** Reads `id: N` of each frame, and nothing else but the end of the turn. */
function frameReader(): { take(text: string): boolean; last(): number } {
  let rest = "";
  let last = 0;
  const frame = (text: string): boolean => {
    if (text.startsWith(":")) return false; // a heartbeat
    const cursor = Number(text.slice("id: ".length, text.indexOf("\n")));
    check(cursor === last + 1, `after entry ${last} came entry ${cursor}`);
    last = cursor;
    return text.includes('"type":"turn.ended"');
  };
  return {
    take(text) {
      const frames = (rest + text).split("\n\n");
      rest = frames.pop() ?? "";
      return frames.some(frame);
    },
    last: () => last,
  };
}
