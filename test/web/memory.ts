/** The ports of the pages in memory: arrays for what the database keeps, and an inbox that remembers what it was given. */
import { EventEmitter } from "node:events";
import type { Inbox, Receipt } from "../../src/core/incoming.ts";
import { titleOf } from "../../src/core/naming.ts";
import type { News, Sessions, TurnSummary, WebPost, WebThreads } from "../../src/core/pages.ts";
import type { NewMention, Session } from "../../src/core/types.ts";
import type { AgentEvent, JournalEntry } from "../../src/wire/events.ts";

export interface MemoryNews extends News {
  tell(topic: string): void;
  /** Resolves once nobody listens any more. */
  quiet(): Promise<void>;
}

const QUIET = Symbol("nobody listens");

export function memoryNews(): MemoryNews {
  const emitter = new EventEmitter().setMaxListeners(0);
  let listeners = 0;
  return {
    tell: (topic) => void emitter.emit(topic),
    quiet: () => new Promise((resolve) => (listeners === 0 ? resolve() : void emitter.once(QUIET, resolve))),
    subscribe(topic, fn) {
      emitter.on(topic, fn);
      listeners++;
      return () => {
        emitter.off(topic, fn);
        listeners--;
        if (listeners === 0) emitter.emit(QUIET);
      };
    },
  };
}

export interface MemoryThreads extends WebThreads {
  all: WebPost[];
  /** The session that a thread belongs to, by thread. */
  sessions: Map<string, string>;
}

export function memoryThreads(news: MemoryNews): MemoryThreads {
  let seq = 0;
  const memory: MemoryThreads = {
    all: [],
    sessions: new Map(),
    async list(limit) {
      const ids = [...new Set(memory.all.map((post) => post.thread))];
      const rows = ids.map((thread) => {
        const posts = memory.all.filter((post) => post.thread === thread);
        const title = titleOf(posts.find((post) => post.kind === "person")?.body ?? "");
        return { thread, title, at: posts.at(-1)?.at ?? 0, session: memory.sessions.get(thread) ?? null };
      });
      return rows.sort((a, b) => b.at - a.at).slice(0, limit);
    },
    posts: async (thread, after) => memory.all.filter((post) => post.thread === thread && post.seq > after),
    async put(post) {
      seq++;
      memory.all = memory.all.filter((other) => other.thread !== post.thread || other.ref !== post.ref);
      memory.all.push({ ...post, seq });
      news.tell(`web:${post.thread}`);
    },
  };
  return memory;
}

export interface MemorySessions extends Sessions {
  sessions: Map<string, Session>;
  turnsOf: Map<string, TurnSummary[]>;
  /** Appends events to a session's transcript and tells the news. */
  append(id: string, ...events: AgentEvent[]): void;
}

export function memorySessions(news: MemoryNews): MemorySessions {
  const transcripts = new Map<string, { cursor: number; entry: JournalEntry }[]>();
  const of = (id: string) => transcripts.get(id) ?? [];
  const memory: MemorySessions = {
    sessions: new Map(),
    turnsOf: new Map(),
    append(id, ...events) {
      for (const event of events) {
        const cursor = of(id).length + 1;
        transcripts.set(id, [...of(id), { cursor, entry: { epoch: "e1", cursor, at: 1_700_000_000_000, event } }]);
      }
      news.tell(`session:${id}`);
    },
    list: async (limit) => [...memory.sessions.values()].slice(0, limit),
    get: async (id) => memory.sessions.get(id) ?? null,
    turns: async (id) => memory.turnsOf.get(id) ?? [],
    transcript: async (id, after, limit, { raw = false } = {}) =>
      of(id)
        .filter(({ cursor, entry }) => cursor > after && (raw || entry.event.type !== "agent.raw"))
        .slice(0, limit),
  };
  return memory;
}

export interface MemoryInbox extends Inbox {
  mentions: NewMention[];
  /** Resolves with the next mention that comes. */
  next(): Promise<NewMention>;
  /** Thrown instead of a receipt while it is set. */
  failure: Error | null;
}

export function memoryInbox(session = "s1"): MemoryInbox {
  const emitter = new EventEmitter();
  const inbox: MemoryInbox = {
    mentions: [],
    failure: null,
    next: () => new Promise((resolve) => emitter.once("mention", resolve)),
    async receive(mention): Promise<Receipt> {
      if (inbox.failure) throw inbox.failure;
      if (inbox.mentions.some((other) => other.dedupe === mention.dedupe)) return { is: "duplicate" };
      inbox.mentions.push(mention);
      emitter.emit("mention", mention);
      return { is: "accepted", session, mention: `m${inbox.mentions.length}` };
    },
    link: async (): Promise<Receipt> => ({ is: "duplicate" }),
  };
  return inbox;
}

/** A session that has done one turn on a branch; what a test needs differently it says. */
export function aSession(more: Partial<Session> = {}): Session {
  const thread = { surface: "web", id: "t1" } as const;
  const repository = { id: "7", name: "acme/api", url: "https://github.com/acme/api", base: "main" };
  return {
    id: "s1",
    createdAt: 1_700_000_000_000,
    title: "Fix the login test",
    thread,
    threads: [thread],
    work: { repository, branch: "threadbox/fix-login", own: true },
    agent: null,
    model: null,
    pullRequest: null,
    sandbox: {
      ...{ is: "ready", since: 1_700_000_000_000, from: null },
      ...{ name: "threadbox-s1", url: "http://127.0.0.1:1", endsAt: null },
    },
    waited: null,
    checking: [],
    turn: null,
    queue: [],
    last: null,
    effects: 0,
    ...more,
  };
}
