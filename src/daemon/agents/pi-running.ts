/** One prompt on its way through pi: what is known of it, and how it is ended. */
import type { AgentContext, AgentOutcome } from "./agent.ts";
import type { PiDialog } from "./pi-dialog.ts";
import type { PiProcess } from "./pi-process.ts";
import { PiTurn } from "./pi-turn.ts";
import type { ProcessId } from "./process-tree.ts";

export interface Failure {
  code: string;
  detail: string;
}

export interface Running {
  turn: PiTurn;
  /** The process that it was given to; lines and ends of any other do not concern it. */
  pi: PiProcess | null;
  /** What earlier prompts left running on purpose, a development server for one. Outlives this prompt however it ends. */
  before: ProcessId[];
  /** pi itself, with whatever it was wrapped in. */
  itself: ProcessId[];
  stopping: boolean;
  /** False: the prompt ended before pi took it. */
  accepted: PromiseWithResolvers<boolean>;
  ended: PromiseWithResolvers<AgentOutcome>;
  /** Everything after `ended` is done too. */
  done: PromiseWithResolvers<void>;
  steers: Set<Promise<unknown>>;
  /** What people added and pi has not given to the model yet. */
  queue: string[];
  /** Open ones, by pi's id of them. */
  dialogs: Map<string, PiDialog>;
}

export function begin(context: AgentContext): Running {
  return {
    turn: new PiTurn(context),
    pi: null,
    before: [],
    itself: [],
    stopping: false,
    accepted: Promise.withResolvers(),
    ended: Promise.withResolvers(),
    done: Promise.withResolvers(),
    steers: new Set(),
    queue: [],
    dialogs: new Map(),
  };
}

export const stopped = (current: Running): void => current.ended.resolve(current.turn.cutShort({ outcome: "stopped" }));

export function fail(current: Running, failure: Failure): void {
  current.ended.resolve(current.turn.cutShort({ outcome: "failed", failure }));
}

/** Nobody will answer what is still open. */
export function dismissAll({ dialogs, pi }: Running): void {
  for (const [id, dialog] of dialogs) pi?.reply(id, dialog.reply(null));
  dialogs.clear();
}

/** At once, without waiting for pi: has it taken the prompt? */
export const isAccepted = (current: Running): Promise<boolean> =>
  Promise.race([current.accepted.promise, Promise.resolve(false)]);
