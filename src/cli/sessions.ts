/** `threadbox sessions`: what there is, newest first, read from the database whether a bot runs or not. */
import { type Command, InvalidArgumentError } from "commander";
import { POSTS } from "../core/decision.ts";
import type { Session } from "../core/types.ts";
import { openStore } from "../store/open.ts";
import { sessionPages } from "../store/pages.ts";
import { command, run } from "./command.ts";
import { type Output, paint, table } from "./output.ts";
import { readSettings } from "./settings.ts";
import { type GivenUp, givenUp } from "./stored.ts";
import { failureOf, unposted } from "./unposted.ts";

interface Options {
  json?: boolean;
  limit: number;
}

export function sessionsCommand(): Command {
  return command({
    name: "sessions",
    summary: "List the sessions, the last active first.",
    examples: [
      ["sessions", "the last 20"],
      ["sessions --limit 100", "more of them"],
      ["sessions --json", "all that is shown, as JSON"],
    ],
  })
    .option("--limit <number>", "how many at most", count, 20)
    .action((options: Options) => run(options, (output) => sessions(options, output)));
}

function count(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0 && number <= 10_000) return number;
  throw new InvalidArgumentError("It has to be a number from 1 to 10000.");
}

async function sessions({ limit }: Options, output: Output): Promise<number> {
  const { config, log } = readSettings();
  const store = await openStore({ ...config, log });
  try {
    const listed = await sessionPages(store.db).list(limit);
    const problems = await givenUp(
      store,
      listed.map(({ id }) => id),
    );
    const now = Date.now();
    output.say(
      listed.length > 0 ? listing(listed, problems, now) : 'There are no sessions yet. Start one: threadbox say "..."',
    );
    if (problems.length > 0) output.say(paint(["yellow"], `\n${problems.map(noteOf).join("\n")}`, output.colour));
    output.result({ sessions: listed.map((session) => document(session, problems)) });
    return 0;
  } finally {
    await store.close();
  }
}

/** A terminal's line is short; the page and the JSON have the whole title. */
const TITLE_CHARACTERS = 40;

function listing(listed: Session[], problems: GivenUp[], now: number): string {
  const rows = listed.map((session) => [
    problems.some((problem) => problem.session === session.id) ? `${session.id} !` : session.id,
    cut(session.title),
    stateOf(session),
    session.work?.repository.name ?? "-",
    session.work?.branch ?? "-",
    session.pullRequest ? `#${session.pullRequest.number}` : "-",
    waitOf(session),
    age(now - session.createdAt),
  ]);
  return table([["ID", "TITLE", "STATE", "REPOSITORY", "BRANCH", "PULL REQUEST", "WAITED FOR", "AGE"], ...rows]);
}

const cut = (title: string): string =>
  title.length > TITLE_CHARACTERS ? `${title.slice(0, TITLE_CHARACTERS - 1).trimEnd()}…` : title;

/** One word: what it does, or else what its sandbox is. */
function stateOf({ turn, sandbox }: Session): string {
  if (turn) return turn.phase.is === "stopping" ? "stopping" : "working";
  return sandbox.is === "none" ? "no sandbox" : sandbox.is;
}

/** What the last mention that had to wait for a sandbox waited for. */
const waitOf = ({ waited }: Session): string => (waited ? `${waited.for}, ${(waited.ms / 1_000).toFixed(1)} s` : "-");

function age(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return "now";
  if (minutes < 60) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} d`;
}

function noteOf({ session, effect, error }: GivenUp): string {
  const { code, detail, remedy } = failureOf(error);
  const why = `${detail} (${code}). ${remedy}`;
  if (!POSTS.has(effect)) return `! ${session}: gave up to ${WORDS[effect] ?? effect}: ${why}`;
  const where = effect === "answer" ? ` The answer: threadbox logs ${session}` : "";
  return `! ${session}: could not be posted (${WORDS[effect] ?? effect}): ${why}${where}`;
}

/** Effects as people call them, where their own name says too little. */
const WORDS: Record<string, string> = {
  check: "find out who asks",
  acknowledge: "mark the message as seen",
  refuse: "a refusal",
  say: "a note",
  help: "the help",
  answer: "an answer",
  fork: "a fork",
  "start-sandbox": "start the sandbox",
  sleep: "put the sandbox to sleep",
  "send-turn": "hand the turn to the agent",
  steer: "pass a message on to the agent",
  abort: "stop the agent",
  claim: "claim a branch or pull request",
  "open-pull-request": "open the pull request",
  "wake-me": "set a timer",
};

function document(session: Session, problems: GivenUp[]): object {
  const { id, title, work, pullRequest, waited, createdAt } = session;
  const { agent, model = null } = session.worker ?? session;
  const own = problems.filter((problem) => problem.session === id);
  const gaveUp = own.map(({ effect, error }) => ({ effect, error, ...failureOf(error) }));
  return {
    ...{ id, title, state: stateOf(session), repository: work?.repository.name ?? null, branch: work?.branch ?? null },
    ...{ agent, model },
    ...{ pullRequest: pullRequest?.url ?? null, waited: waited && { for: waited.for, ms: waited.ms } },
    ...{ createdAt: new Date(createdAt).toISOString(), gaveUp, unposted: unposted(own) },
  };
}
