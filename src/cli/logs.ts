/** `threadbox logs`: what happened in a session, as it was stored. */
import type { Command } from "commander";
import { type OpenStore, openStore } from "../store/open.ts";
import { sessionPages } from "../store/pages.ts";
import type { JournalEntry } from "../wire/events.ts";
import { command, run } from "./command.ts";
import type { Output } from "./output.ts";
import { readSettings } from "./settings.ts";
import { onInterrupt } from "./signals.ts";
import { findSession, isAtRest } from "./stored.ts";
import { transcriptLines } from "./transcript-lines.ts";
import { until } from "./watch.ts";

interface Options {
  json?: boolean;
  follow?: boolean;
}

/** Entries per question to the database: a long history passes through in pieces. */
const BATCH = 500;

export function logsCommand(): Command {
  return command({
    name: "logs",
    summary: "Print what a session was asked, what the agent did, and how it ended.",
    examples: [
      ["logs s1a2", "the session whose id begins with s1a2"],
      ["logs s1a2 --follow", "go on until it has nothing more to do"],
      ["logs s1a2 --json", "every stored event, as one JSON document"],
    ],
  })
    .argument("<session>", "its id, or the beginning of it")
    .option("-f, --follow", "go on while the session works")
    .action((id: string, options: Options) => run(options, (output) => logs(id, options, output)));
}

async function logs(id: string, { follow = false }: Options, output: Output): Promise<number> {
  const { config, log } = readSettings();
  await using closing = new AsyncDisposableStack();
  const store = closing.adopt(await openStore({ ...config, log }), ({ close }) => close());
  const left = new AbortController();
  closing.defer(onInterrupt(() => left.abort()));

  const session = await findSession(store, id);
  const reader = createReader(store, session.id, output);
  await reader.read();
  if (follow) {
    // Asked before it is read: what is stored in between is read by the next look, or by this one.
    const over = async (): Promise<true | null> => {
      const rest = await isAtRest(store, session.id);
      await reader.read();
      return rest && true;
    };
    await until(store, over, left.signal);
  }
  reader.end();
  output.result({
    id: session.id,
    title: session.title,
    turns: await turnsOf(store, session.id),
    entries: reader.entries,
  });
  return 0;
}

function createReader(store: OpenStore, session: string, output: Output) {
  const asked = new Map<string, string>();
  const lines = transcriptLines((turn) => asked.get(turn) ?? null, output.colour);
  const entries: JournalEntry[] = [];
  let after = 0;
  const print = (texts: string[]): void => {
    for (const text of texts) output.say(text);
  };
  return {
    entries,
    async read(): Promise<void> {
      for (;;) {
        const batch = await sessionPages(store.db).transcript(session, after, BATCH);
        if (batch.length === 0) return;
        for (const turn of await turnsOf(store, session)) asked.set(turn.id, `${turn.askedBy}: ${turn.text}`);
        for (const { entry } of batch) {
          if (output.json) entries.push(entry);
          else print(lines.of(entry.event));
        }
        after = batch.at(-1)?.cursor ?? after;
      }
    },
    end: () => print(lines.rest()),
  };
}

async function turnsOf(store: OpenStore, session: string) {
  const turns = await sessionPages(store.db).turns(session);
  return turns.map(({ id, askedBy, text, startedAt, result }) => ({ id, askedBy, text, startedAt, result }));
}
