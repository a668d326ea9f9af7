/**
 * The prompts that were accepted, by id. They are on disk before they are acknowledged, so that a caller may ask again after a lost
 * answer, and so that nothing acknowledged is lost with the process. What was asked is forgotten when it is done; the id is not.
 */
import { createHash } from "node:crypto";
import * as z from "zod";
import { PromptRequest } from "../wire/routes.ts";
import type { Storage } from "./storage.ts";

/** `steering`: on its way into a running turn, not acknowledged yet. `cut-short`: ended with its process, and may be begun anew. */
const PromptState = z.enum(["queued", "begun", "steering", "steered", "ended", "cut-short"]);
export type PromptState = z.infer<typeof PromptState>;

export interface Prompt {
  id: string;
  /** The turn it belongs to: its own id unless it was steered. */
  turn: string;
  request: PromptRequest;
}

export interface Known {
  turn: string;
  digest: string;
  attempt: number;
  state: PromptState;
}

export interface Prompts {
  find(id: string): Known | null;
  add(prompt: Prompt, state: PromptState, at: number): void;
  mark(id: string, state: PromptState): void;
  begin(id: string, at: number): void;
  /** Counts on, whatever its state. */
  raise(id: string, attempt: number): void;
  forget(id: string): void;
  /** Those that were passed on to that turn: they may be passed on to its next attempt. */
  forgetSteered(turn: string): void;
  /** Acknowledged and not begun, oldest first. */
  queued(): Prompt[];
  /** Begun and not ended: the turns that were cut short when the process died. */
  begun(): { id: string; attempt: number; startedAt: number }[];
  /** Drops those that nobody was told of; the caller asks again. */
  dropUnacknowledged(): void;
}

/** What was asked is not needed any more. */
const DONE: PromptState[] = ["ended", "steered", "cut-short"];

export const digestOf = (request: PromptRequest): string => createHash("sha256").update(request.message).digest("hex");

export function openPrompts({ db }: Storage): Prompts {
  const find = db.prepare("select turn, digest, attempt, state from prompts where id = ?");
  const add = db.prepare(
    "insert or replace into prompts (id, turn, digest, attempt, request, state, accepted) values (?, ?, ?, ?, ?, ?, ?)",
  );
  const mark = db.prepare("update prompts set state = ? where id = ?");
  const settle = db.prepare("update prompts set state = ?, request = null where id = ?");
  const begin = db.prepare("update prompts set state = 'begun', started = ? where id = ?");
  const raise = db.prepare(
    "update prompts set attempt = :attempt, request = json_set(request, '$.attempt', :attempt) where id = :id",
  );
  const forget = db.prepare("delete from prompts where id = ?");
  const forgetSteered = db.prepare("delete from prompts where turn = ? and state = 'steered'");
  const queued = db.prepare("select id, turn, request from prompts where state = 'queued' order by rowid");
  const begun = db.prepare("select id, attempt, started from prompts where state = 'begun' order by rowid");

  return {
    find(id) {
      const row = find.get(id);
      if (!row) return null;
      const state = PromptState.parse(row.state);
      return { turn: String(row.turn), digest: String(row.digest), attempt: Number(row.attempt), state };
    },
    add: ({ id, turn, request }, state, at) =>
      void add.run(id, turn, digestOf(request), request.attempt, JSON.stringify(request), state, at),
    mark: (id, state) => void (DONE.includes(state) ? settle : mark).run(state, id),
    begin: (id, at) => void begin.run(at, id),
    raise: (id, attempt) => void raise.run({ id, attempt }),
    forget: (id) => void forget.run(id),
    forgetSteered: (turn) => void forgetSteered.run(turn),
    queued: () =>
      queued.all().map((row) => ({
        id: String(row.id),
        turn: String(row.turn),
        request: PromptRequest.parse(JSON.parse(String(row.request))),
      })),
    begun: () =>
      begun.all().map((row) => ({ id: String(row.id), attempt: Number(row.attempt), startedAt: Number(row.started) })),
    dropUnacknowledged: () => db.exec("delete from prompts where state = 'steering'"),
  };
}
