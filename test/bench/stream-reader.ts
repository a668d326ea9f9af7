/** One client of the daemon's stream that does as little as possible, so that the daemon is measured: it checks every cursor. */
import { Agent, get, type IncomingMessage } from "node:http";
import { check } from "./measure.ts";

export interface Reading {
  entries: number;
  endedAt: number;
}

/** How a slow client reads: first nothing at all, then a piece and a pause. */
const SLEEPS_FIRST_MS = 1_000;
const PAUSE_MS = 20;

/** Reads from the beginning until a turn has ended. Throws at the first hole. `connected` is called when the stream stands. */
export async function readStream(
  { url, token }: { url: string; token: string },
  pace: "fast" | "slow",
  connected: () => void,
): Promise<Reading> {
  const agent = new Agent({ keepAlive: false });
  const headers = { authorization: `Bearer ${token}` };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(`${url}/stream?cursor=0&follow=1`, { agent, headers }, resolve).on("error", reject);
  });
  check(response.statusCode === 200, `the stream answered ${response.statusCode}`);
  connected();
  try {
    return await read(response, pace);
  } finally {
    response.destroy();
    agent.destroy();
  }
}

function read(response: IncomingMessage, pace: "fast" | "slow"): Promise<Reading> {
  return new Promise((resolve, reject) => {
    const frames = frameReader();
    response.setEncoding("latin1");
    response.on("data", (text: string) => {
      try {
        if (frames.take(text)) return resolve({ entries: frames.last(), endedAt: performance.now() });
      } catch (hole) {
        return reject(hole);
      }
      if (pace === "slow") rest(response, PAUSE_MS);
    });
    response.on("end", () => reject(new Error(`the stream ended after ${frames.last()} entries`)));
    response.on("error", reject);
    if (pace === "slow") rest(response, SLEEPS_FIRST_MS);
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
