/** A daemon in this process, on a free port and in a folder of its own, and the few calls that its tests speak with. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { EventSourceParserStream } from "eventsource-parser/stream";
import { SignJWT } from "jose";
import type { AgentFactory } from "../../src/daemon/agents/agent.ts";
import type { DaemonClock } from "../../src/daemon/clock.ts";
import type { DaemonConfig } from "../../src/daemon/config.ts";
import { createDaemon, type DaemonOptions } from "../../src/daemon/daemon.ts";
import { type AgentEvent, JournalEntry } from "../../src/wire/events.ts";
import type { Problem, PromptResponse, StatusResponse } from "../../src/wire/routes.ts";

export const SECRET = "a-secret-that-only-tests-know";

export type Body = Record<string, unknown>;
export interface Answer<T = Body> {
  status: number;
  headers: Headers;
  body: T;
}

export interface RunningDaemon {
  url: string;
  folder: string;
  logged: string[];
  post<T = Body>(path: string, body: unknown, token?: string): Promise<Answer<T>>;
  get<T = Body>(path: string, token?: string): Promise<Answer<T>>;
  prompt(message: string, more?: Body): Promise<Answer<PromptResponse & Problem>>;
  status(): Promise<StatusResponse>;
  /** Everything in the journal after that cursor. */
  replay(cursor?: number): Promise<JournalEntry[]>;
  /** The events up to the first one that fits, waiting for it. */
  until(fits: (event: AgentEvent) => boolean): Promise<AgentEvent[]>;
  close(): Promise<void>;
}

export interface Setup {
  agents: Record<string, AgentFactory>;
  checkout?: DaemonOptions["checkout"];
  clock?: DaemonClock;
  config?: Partial<DaemonConfig>;
  /** A folder of an earlier daemon, to start on what that one left. */
  folder?: string;
}

export function newFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "daemon-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function testConfig(folder: string, more: Partial<DaemonConfig> = {}): DaemonConfig {
  return {
    host: "127.0.0.1",
    port: 0,
    name: "box-1",
    workspaceRoot: join(folder, "workspace"),
    stateDir: join(folder, "state"),
    keysDir: join(folder, "state", "keys"),
    auth: { is: "on", secret: SECRET, publicKey: null },
    agentKind: "scripted",
    agentUser: null,
    agentBaseEnv: { HOME: folder, PATH: process.env.PATH ?? "", LANG: "C.UTF-8", TERM: "dumb" },
    llm: {},
    journalMaxBytes: 64 * 1024 * 1024,
    questionDeadlineMs: 30 * 60_000,
    ...more,
  };
}

export async function startDaemon(t: TestContext, setup: Setup): Promise<RunningDaemon> {
  const folder = setup.folder ?? newFolder(t);
  const logged: string[] = [];
  const daemon = createDaemon({
    config: testConfig(folder, setup.config),
    agents: setup.agents,
    checkout: setup.checkout ?? noCheckout,
    sink: (line) => logged.push(line),
    ...(setup.clock ? { clock: setup.clock } : {}),
  });
  const { url } = await daemon.listen();
  let closing: Promise<void> | null = null;
  const close = () => {
    closing ??= daemon.close();
    return closing;
  };
  t.after(close);
  return { ...clientOf(url, () => sign({ scope: "control" })), folder, logged, close };
}

function noCheckout(): never {
  throw new Error("This test has no repository.");
}

type Client = Omit<RunningDaemon, "folder" | "logged" | "close">;

/** `control` gives the token of calls that name none. */
export function clientOf(url: string, control: () => Promise<string>): Client {
  const call = async <T>(path: string, token: string | undefined, init: RequestInit): Promise<Answer<T>> => {
    const authorization = `Bearer ${token ?? (await control())}`;
    const response = await fetch(url + path, { ...init, headers: { authorization, ...init.headers } });
    return { status: response.status, headers: response.headers, body: (await response.json()) as T };
  };
  const post = <T>(path: string, body: unknown, token?: string) =>
    call<T>(path, token, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  const get = <T>(path: string, token?: string) => call<T>(path, token, {});
  return {
    url,
    post,
    get,
    prompt: (message, more = {}) => post("/prompt", { message, ...more }),
    status: async () => (await get<StatusResponse>("/status")).body,
    replay: async (cursor = 0) => collect(await open(url, await control(), `cursor=${cursor}`)),
    async until(fits) {
      const events: AgentEvent[] = [];
      for await (const entry of entriesOf(await open(url, await control(), "cursor=0&follow=1"))) {
        events.push(entry.event);
        if (fits(entry.event)) break;
      }
      return events;
    },
  };
}

export const turnEnded =
  (turn: string) =>
  (event: AgentEvent): boolean =>
    event.type === "turn.ended" && event.turn === turn;

/** A token as the runbook makes them; `expiresAt` in seconds. */
export function sign(claims: { scope: string; expiresAt?: number }): Promise<string> {
  return new SignJWT({ scope: claims.scope })
    .setProtectedHeader({ alg: "HS256" })
    .setExpirationTime(claims.expiresAt ?? "1h")
    .sign(new TextEncoder().encode(SECRET));
}

export async function open(url: string, token: string, query: string): Promise<Response> {
  const response = await fetch(`${url}/stream?${query}`, { headers: { authorization: `Bearer ${token}` } });
  if (!response.ok) throw new Error(`The stream answered ${response.status}.`);
  return response;
}

/** The entries of a stream as they come; leaving the loop closes the connection. */
export async function* entriesOf(response: Response): AsyncGenerator<JournalEntry> {
  const frames = response.body?.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  for await (const frame of frames ?? []) yield JournalEntry.parse(JSON.parse(frame.data));
}

export async function collect(response: Response): Promise<JournalEntry[]> {
  const entries: JournalEntry[] = [];
  for await (const entry of entriesOf(response)) entries.push(entry);
  return entries;
}
