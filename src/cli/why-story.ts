/** The story of a session as lines for a terminal, newest last. Pure. */
import type { Effect } from "../core/decision.ts";
import { titleOf } from "../core/naming.ts";
import type { StoredEffect, Story } from "../store/story.ts";
import { duration, noteText } from "../surfaces/terminal-render.ts";
import { paint } from "./output.ts";

interface Shown {
  colour: boolean;
  now: number;
}

/** Local times. */
export function storyLines(story: Story, { colour, now }: Shown): string[] {
  const { session, turns } = story;
  const { id, title, work, pullRequest } = session;
  const facts: [string, string][] = [
    ["works on", work ? `${work.repository.name}, branch ${work.branch}` : "nothing yet"],
    ...(pullRequest ? ([["published", pullRequest.url]] as [string, string][]) : []),
    ["sandbox", "name" in session.sandbox ? `${session.sandbox.is}, ${session.sandbox.name}` : session.sandbox.is],
    ["held by", story.heldBy ?? "nobody: it rests"],
    ...story.keys.map((key, index): [string, string] => [index === 0 ? "keys" : "", key]),
    ...turns.map((turn, index): [string, string] => [index === 0 ? "turns" : "", turnLine(turn, now)]),
  ];
  return [
    `${paint(["bold"], id, colour)}  ${clean(title)}`,
    ...facts.map(([name, value]) => `  ${paint(["dim"], name.padEnd(9), colour)}  ${clean(value)}`),
    ...timeline(entriesOf(story, now), colour),
  ];
}

function turnLine({ id, turn, startedAt, result }: Story["turns"][number], now: number): string {
  const who = [...new Set(turn.asks.map(({ author }) => author.name))].join(", ");
  const took = duration(result?.durationMs ?? now - startedAt.getTime());
  const how = result ? `${result.outcome} after ${took}` : `${turn.phase.is} for ${took}`;
  const why = result?.failure ? ` (${result.failure.code}: ${result.failure.detail})` : "";
  const again = turn.attempt > 1 ? `, attempt ${turn.attempt}` : "";
  return `${id}  ${how}${again}${why}  ${who}: "${titleOf(turn.asks[0]?.text ?? "")}"`;
}

/** One line of the timeline. */
interface Entry {
  at: Date;
  /** What of the same moment comes first. */
  order: number;
  is: "came in" | "decided" | "did" | "does" | "gave up" | "waits" | "rated";
  text: string;
  bot: string | null;
}

function entriesOf(story: Story, now: number): Entry[] {
  const entries: Entry[] = [
    ...story.inbox.map(({ at, bot, dedupe, body }): Entry => {
      const text = "mention" in body ? saidIn(body.mention) : `${body.link.also} is ${body.link.known}`;
      return { at, order: 0, is: "came in", text: `${text}  ${dedupe}`, bot };
    }),
    ...story.decisions.map(({ at, bot, event, about, effects }): Entry => {
      const then = effects.length > 0 ? effects.map((id) => nameOf(story.effects, id)).join(", ") : "nothing";
      return { at, order: 1, is: "decided", text: `${event}${aboutText(about)} -> ${then}`, bot };
    }),
    ...story.effects.map((effect): Entry => effectEntry(effect, now)),
    ...story.feedback.map(({ at, turn, surface, person, value, reason }): Entry => {
      const why = reason === null ? "" : `: ${JSON.stringify(reason)}`;
      return { at, order: 3, is: "rated", text: `${turn} ${value}, by ${person} on ${surface}${why}`, bot: null };
    }),
  ];
  // What waits is still to come, whenever it was decided.
  const isToCome = ({ is }: Entry): number => (is === "waits" ? 1 : 0);
  return entries.sort((a, b) => isToCome(a) - isToCome(b) || a.at.getTime() - b.at.getTime() || a.order - b.order);
}

const WAITS_FOR = {
  idle: "sleep",
  warned: "the warning of its time limit",
  overdue: "the end of its time limit",
  place: "a place for a sandbox",
  ending: "the end of its sandbox's life",
  look: "a look at the pull request",
} as const satisfies Record<Extract<Effect, { do: "wake-me" }>["when"], string>;

const saidIn = ({ author, thread, text }: { author: { name: string }; thread: { surface: string }; text: string }) =>
  `${author.name} on ${thread.surface}: "${titleOf(text)}"`;

const nameOf = (effects: StoredEffect[], id: string): string => {
  const found = effects.find((effect) => effect.id === id);
  return found ? found.effect.do : id;
};

/** The fields that say something by themselves; ids of mentions only where nothing else does. */
function aboutText(about: object): string {
  const told = Object.entries(about).filter(([, value]) => value !== null && typeof value !== "object");
  return told.length > 0 ? ` (${told.map(([name, value]) => `${name} ${value}`).join(", ")})` : "";
}

function effectEntry(
  { effect, attempts, decidedAt, begunAt, doneAt, doneBy, error }: StoredEffect,
  now: number,
): Entry {
  const at = begunAt ?? doneAt ?? decidedAt;
  const what = `${effect.do}${detailOf(effect)}`;
  const tries = attempts > 1 ? `, ${attempts} attempts` : "";
  const took = `${exact((doneAt?.getTime() ?? now) - at.getTime())}${tries}`;
  const entry = { at, order: 2, bot: doneBy };
  if (error !== null) return { ...entry, is: "gave up", text: `${what}  after ${took}: ${error}` };
  if (doneAt) return { ...entry, is: "did", text: `${what}  ${begunAt ? took : `at ${clock(doneAt)}${tries}`}` };
  return { ...entry, is: attempts > 0 ? "does" : "waits", text: `${what}  for ${took}` };
}

function detailOf(effect: Effect): string {
  switch (effect.do) {
    case "say":
    case "refuse":
      return ` "${titleOf(effect.text)}"`;
    case "answer":
      return ` ${effect.turn} (${effect.result.outcome})`;
    case "claim":
      return ` ${effect.key}`;
    case "wake-me":
      return ` for ${WAITS_FOR[effect.when]}`;
    case "start-sandbox":
      return effect.from === null ? "" : " from its files";
    default:
      return "turn" in effect ? ` ${effect.turn}` : "";
  }
}

const STYLE = {
  "came in": "cyan",
  decided: "bold",
  did: "green",
  does: "yellow",
  waits: "yellow",
  "gave up": "red",
  rated: "cyan",
} as const;

/** A day is named where it begins, and a bot where it is another one than in the line before. */
function timeline(entries: Entry[], colour: boolean): string[] {
  const lines: string[] = [];
  let day = "";
  let bot: string | null = null;
  for (const entry of entries) {
    const today = dayOf(entry.at);
    if (today !== day) lines.push("", paint(["bold"], today, colour));
    day = today;
    const by = entry.bot !== null && entry.bot !== bot ? `  by ${entry.bot}` : "";
    bot = entry.bot ?? bot;
    const is = paint(STYLE[entry.is], entry.is.padEnd(7), colour);
    lines.push(`${clock(entry.at)}  ${is}  ${clean(entry.text)}${paint(["dim"], clean(by), colour)}`);
  }
  return lines;
}

const two = (number: number): string => String(number).padStart(2, "0");
const dayOf = (at: Date): string => `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
const clock = (at: Date): string =>
  `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, "0")}`;

/** Seconds with what matters of them; longer times as people say them. */
const exact = (ms: number): string => (ms < 10_000 ? `${(Math.max(0, ms) / 1_000).toFixed(2)} s` : duration(ms));

/** One line of others' words, with nothing in it that steers the terminal. */
const clean = (text: string): string => noteText(text.replace(/\s*\n\s*/g, " "), false);
