/**
 * Slack's own sign that an agent works in a thread: its spinner, its Stop button, and the title of the thread's session. Two calls a
 * turn, and one more every half an hour. A courtesy: nobody waits for it, it is dropped when Slack has had enough, and it fails nothing.
 */
import type { WebClient } from "@slack/web-api";
import { bounded } from "../bounded.ts";
import type { Clock } from "../clock.ts";
import type { Ms } from "../core/types.ts";
import type { Log } from "../log.ts";
import { oneLine } from "./slack-blocks.ts";
import { slackWord, toSlackFailure } from "./slack-calls.ts";
import { neutralise } from "./slack-neutral.ts";
import { refusalsOf } from "./slack-refusals.ts";
import type { SlackThread } from "./slack-thread.ts";

/** A turn, and what its session is called. Slack takes the title of the first one, and people may change it afterwards. */
export interface SlackTurn {
  turn: string;
  title?: string | undefined;
}

export interface SlackSessions {
  /** Told as often as one likes. */
  working(at: SlackThread, turn: SlackTurn): void;
  /** The agent asked something: Slack shows that the thread needs somebody. */
  waiting(at: SlackThread, turn: SlackTurn): void;
  /** The thread waits for people again, unless another turn goes on in it meanwhile. */
  over(at: SlackThread, turn: SlackTurn): void;
}

/** Slack forgets after an hour that something is worked on. Progress is shown every five minutes, so this is never late. */
const REFRESH_AFTER_MS: Ms = 30 * 60_000;
/** Threads that are worked in at one time, and some that were. Of one that is forgotten the end is told once more. */
const MAX_THREADS = 5_000;
const MAX_TITLE_CHARS = 200;

/** The app is no agent, Slack does not know the method (GovSlack), or the app was installed without the scope. */
const REFUSED_FOR_GOOD = ["not_authorized", "unknown_method", "missing_scope"];
/** Slack shows a Stop button that nobody hears: worse than none. */
const NOBODY_HEARS_STOP = "missing_agent_session_stopped_event_subscription";

type Status = "processing" | "suspended" | "active";

interface Told {
  turn: string;
  status: Status;
  at: Ms;
  /** Calls for one thread go out one after the other. */
  done: Promise<void>;
}

export function slackSessions(deps: { edits: WebClient; clock: Clock; log: Log }): SlackSessions {
  const { edits, clock, log } = deps;
  const refusals = refusalsOf("agent-sessions", log);
  const threads = bounded<string, Told>(MAX_THREADS);

  const set = async ({ channel, threadTs }: SlackThread, status: Status, title?: string): Promise<string[]> => {
    const named = title ? { title: oneLine(neutralise(title), MAX_TITLE_CHARS) } : {};
    const session = { channel_id: channel, thread_ts: threadTs, status, ...named };
    const { response_metadata } = await edits.agents.sessions.setStatus(session);
    return response_metadata?.warnings ?? [];
  };
  const tell = (at: SlackThread, status: Status, { turn, title }: SlackTurn): void => {
    const key = `${at.channel}/${at.threadTs}`;
    const before = threads.get(key);
    const told: Told = { turn, status, at: clock.now(), done: Promise.resolve() };
    const send = async (): Promise<void> => {
      if (refusals.has(at.team)) return;
      try {
        const warnings = await set(at, status, title);
        if (!warnings.includes(NOBODY_HEARS_STOP)) return;
        refusals.add(at.team, NOBODY_HEARS_STOP);
        if (status !== "active") await set(at, "active");
      } catch (thrown) {
        const word = slackWord(thrown) ?? "";
        if (REFUSED_FOR_GOOD.includes(word)) refusals.add(at.team, word);
        const { code } = toSlackFailure(thrown);
        // Slack did not say no, so the next time that something is shown is as good. A no to this thread stands for this turn.
        if (code === "surface.rate-limited" || code === "surface.unavailable") told.at = Number.NEGATIVE_INFINITY;
      }
    };
    threads.set(key, told);
    told.done = (before?.done ?? Promise.resolve()).then(send);
  };
  /** What still counts as told: the same, not long ago. */
  const stands = (told: Told | undefined, status: Status): boolean =>
    told?.status === status && clock.now() - told.at < REFRESH_AFTER_MS;

  const goesOn = (at: SlackThread, turn: SlackTurn, status: "processing" | "suspended"): void => {
    if (refusals.has(at.team)) return;
    const told = threads.get(`${at.channel}/${at.threadTs}`);
    if (told?.turn !== turn.turn || !stands(told, status)) tell(at, status, turn);
  };

  return {
    working: (at, turn) => goesOn(at, turn, "processing"),
    waiting: (at, turn) => goesOn(at, turn, "suspended"),
    over(at, turn) {
      if (refusals.has(at.team)) return;
      const told = threads.get(`${at.channel}/${at.threadTs}`);
      if (told && told.turn !== turn.turn && told.status !== "active") return;
      if (told?.turn !== turn.turn || !stands(told, "active")) tell(at, "active", turn);
    },
  };
}
