/** One `opencode serve`, spoken to over HTTP on the loopback of the sandbox. Nothing of it rejects: what does not come is null. */
import { setTimeout as delay } from "node:timers/promises";
import { EventSourceParserStream } from "eventsource-parser/stream";
import type { AgentProcess } from "./agent-process.ts";

export interface OpencodeServer {
  /** The parsed answer; null where it was an error, none, or the process is gone. */
  call(method: "GET" | "POST" | "DELETE", path: string, body?: unknown): Promise<unknown>;
  /** Every event from now on. `again`: the stream was broken for a moment, and what was told meanwhile is lost. */
  events(on: { event(value: unknown, text: string): void; again(): void }): void;
}

const LISTENING = /listening on (http:\/\/\S+)/;
const RECONNECT_MS = 100;

export function connectOpencode(process: AgentProcess, password: string): OpencodeServer {
  const address = Promise.withResolvers<string | null>();
  process.onLine(
    () => {},
    (line) => {
      const url = LISTENING.exec(line)?.[1];
      if (url) address.resolve(url);
      return url !== undefined;
    },
  );
  const gone = new AbortController();
  process.ended.then(() => {
    address.resolve(null);
    gone.abort();
  });
  const authorization = `Basic ${Buffer.from(`opencode:${password}`).toString("base64")}`;

  const request = async (path: string, init: RequestInit = {}): Promise<Response | null> => {
    const base = await address.promise;
    if (base === null) return null;
    const headers = { authorization, "content-type": "application/json" };
    return fetch(new URL(path, base), { ...init, headers, signal: gone.signal }).catch(() => null);
  };
  return {
    async call(method, path, body) {
      const response = await request(path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
      const text = await response?.text().catch(() => null);
      if (!response?.ok || text === null || text === undefined) return null;
      return parse(text);
    },
    async events({ event, again }) {
      for (let round = 0; process.isAlive(); round++) {
        if (round > 0) await delay(RECONNECT_MS);
        const response = await request("/event");
        if (!response?.ok || !response.body) continue;
        if (round > 0) again();
        await read(response.body, event);
      }
    },
  };
}

async function read(body: ReadableStream<Uint8Array>, take: (value: unknown, text: string) => void): Promise<void> {
  try {
    const decoder: ReadableWritablePair<string, Uint8Array> = new TextDecoderStream();
    for await (const { data } of body.pipeThrough(decoder).pipeThrough(new EventSourceParserStream()))
      take(parse(data), data);
  } catch {
    // Broken: whoever reads begins again.
  }
}

/** An empty answer is one, too. */
function parse(text: string): unknown {
  try {
    return text === "" ? true : JSON.parse(text);
  } catch {
    return null;
  }
}
