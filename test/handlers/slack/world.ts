/** An emulated workspace that delivers to the real receiver, over HTTP or Socket Mode, and an inbox that keeps what comes in. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import type { HomePorts } from "../../../handlers/slack/home.ts";
import { type SlackApp, slackApp } from "../../../handlers/slack/receiver.ts";
import { type Clock, systemClock } from "../../../src/clock.ts";
import type { Feedback, FeedbackBook } from "../../../src/core/feedback.ts";
import type { Inbox } from "../../../src/core/incoming.ts";
import type { Move, Places } from "../../../src/core/places.ts";
import type { NewMention, Thread } from "../../../src/core/types.ts";
import { type SlackEmulator, startSlack } from "../../emulators/slack.ts";

type Mode = "http" | "socket";

/** Keeps what it was given; refuses the next `failures` mentions as a database that is down would. */
export interface KeepingInbox extends Inbox {
  mentions: NewMention[];
  failures: number;
  /** Called before each is kept. */
  before(): Promise<void>;
}

export interface World {
  slack: SlackEmulator;
  inbox: KeepingInbox;
  news: KeepingNews;
  app: SlackApp;
  lines: Record<string, unknown>[];
  /** Resolves with the next line of that name. */
  logged(msg: string): Promise<void>;
  /** Where Slack would reach us; empty in Socket Mode. */
  url: string;
}

export interface Prepared {
  /** Called before the app starts. */
  prepare?: (slack: SlackEmulator) => void;
  clock?: Clock;
  home?: HomePorts;
}

export async function withSlack(
  mode: Mode,
  check: (world: World) => Promise<void>,
  prepared: Prepared = {},
): Promise<void> {
  const socketMode = mode === "socket";
  const members = ["ada", "grace", "otto"];
  const slack = await startSlack({
    people: ["ada", "grace", { name: "otto", kind: "bot" }],
    channels: [{ name: "general", members }],
    app: { socketMode },
  });
  prepared.prepare?.(slack);
  const inbox = keepingInbox();
  const lines: Record<string, unknown>[] = [];
  const waiting = new Map<string, () => void>();
  const write = (line: string): void => {
    const parsed = JSON.parse(line);
    lines.push(parsed);
    waiting.get(parsed.msg)?.();
  };
  const logged = (msg: string) => new Promise<void>((resolve) => void waiting.set(msg, resolve));
  const log = pino({ base: null, level: "debug" }, { write });
  const { botToken, signingSecret, appToken } = slack.app;
  const way = socketMode ? { appToken } : { signingSecret };
  const config = { botToken, apiUrl: slack.apiUrl, name: "threadbox", ...way };
  const { clock = systemClock, home } = prepared;
  const repositories = home?.repositories.map(({ name }) => name);
  const news = keepingNews();
  const app = slackApp({ inbox, ...news, config, log, clock, home, repositories });
  const server = app.listener ? await listening(app.listener) : null;
  const url = server ? `http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events` : "";
  if (server) slack.deliverTo(url);
  try {
    await app.start();
    await check({ slack, inbox, news, app, lines, logged, url });
  } finally {
    await app.stop();
    await slack.close();
    server?.close();
    server?.closeAllConnections();
  }
}

/** Keeps what comes in that is no mention; a word about the turn `old` is about none that is known. */
export interface KeepingNews {
  kept: { feedback: Feedback[]; renamed: [Thread, string][]; moved: Move[] };
  places: Places;
  feedback: FeedbackBook;
}

export function keepingNews(): KeepingNews {
  const kept: KeepingNews["kept"] = { feedback: [], renamed: [], moved: [] };
  const places: Places = {
    renamed: async (thread, title) => kept.renamed.push([thread, title]) > 0,
    moved: async (move) => kept.moved.push(move),
  };
  const record: FeedbackBook["record"] = async (feedback) => {
    kept.feedback.push(feedback);
    return "turn" in feedback.on && feedback.on.turn === "old" ? "unknown" : "new";
  };
  return { kept, places, feedback: { record } };
}

export function keepingInbox(): KeepingInbox {
  const inbox: KeepingInbox = {
    mentions: [],
    failures: 0,
    before: async () => {},
    async receive(mention) {
      await inbox.before();
      if (inbox.failures-- > 0) throw new Error("the database is down");
      if (inbox.mentions.some(({ dedupe }) => dedupe === mention.dedupe)) return { is: "duplicate" };
      inbox.mentions.push(mention);
      return { is: "accepted", session: "s1", mention: "m1" };
    },
    link: async () => ({ is: "duplicate" }),
  };
  return inbox;
}

async function listening(listener: NonNullable<SlackApp["listener"]>): Promise<Server> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

export const messagesOf = (lines: Record<string, unknown>[]) => lines.map(({ msg }) => msg);
