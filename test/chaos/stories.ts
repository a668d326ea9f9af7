/** What people live through while bots die: told once, and looked at from outside when everything has come to rest. */
import type { Script } from "../../src/cli/scripted-model.ts";
import type { Progress, Session } from "../../src/core/types.ts";
import { STEPS, type Step } from "../../src/engine/steps.ts";
import { asksPeople, fixesTheTest, takesForEver } from "../journeys/scripts.ts";
import type { Ground } from "./ground.ts";

export interface Story {
  name: string;
  /** Steps of its way: the bot dies at each of them. */
  steps: Step[];
  /** Resolves with what was found when everything has come to rest. */
  tell(ground: Ground): Promise<Findings>;
}

/** What is wrong from outside, in words; three empty lists when nothing is. */
export interface Findings {
  lost: string[];
  doubled: string[];
  outOfOrder: string[];
}

/** Pushes something each time. */
const mendsTheChecks: Script = {
  when: /The checks failed on/,
  steps: [{ calls: [{ tool: "bash", with: { command: "echo mended >> NOTES.md" } }] }, { says: "I mended it." }],
};

export const scripts: Script[] = [mendsTheChecks, fixesTheTest, takesForEver, asksPeople];

const of = (...groups: string[]): Step[] => STEPS.filter((step) => groups.includes(step.split(".")[0] ?? ""));

export const STORIES: Story[] = [
  {
    name: "a mention that is worked on: one turn, one progress message, one answer, one pull request with one card, no machine left",
    steps: of(
      ...["inbound", "session", "check", "acknowledge", "start-sandbox", "sandbox", "send-turn", "progress", "stream"],
      ...[
        "allow-push",
        "claim",
        "open-pull-request",
        "answer",
        "look-at-pull-request",
        "show-card",
        "report",
        "wake-me",
        "sleep",
      ],
    ),
    async tell(ground) {
      const found = nothingYet();
      const before = ground.github.pulls("acme/api").length;
      const thread = ground.mentions("the test fails, please fix it");
      await ground.until(async () => (await ground.isSettled()) && (await isAsleep(ground)));
      reads(found, ground, thread, [/Done/, /It adds now, and the test passes/, /Open · acme\/api#\d+/]);
      const opened = ground.github.pulls("acme/api").slice(before);
      counted(found, "pull requests", opened.length, 1);
      const checks = ground.github.checkRuns("acme/api").filter(({ headSha }) => headSha === opened[0]?.headSha);
      counted(found, "checks on the commit", checks.length, 1);
      counted(found, "machines that run", (await ground.sandboxes()).length, 0);
      counted(found, "eyes on the message", eyesOn(ground, thread), 1);
      await inOrder(found, ground);
      await keysAre(found, ground, thread, opened[0]?.number ?? 0);
      return found;
    },
  },
  {
    name: "a turn that is told more and then stopped: heard once, stopped once, and nothing runs on",
    steps: of("steer", "abort", "say"),
    async tell(ground) {
      const found = nothingYet();
      const thread = await longTurn(ground);
      const ours = () => ground.ours(thread);
      const says = (text: string) => ground.slack.as("ada").says("#web", text, { thread });
      says("with tabs, please");
      await ground.until(async () => (await latest(ground))?.turn?.asks.length === 2);
      says("stop");
      await ground.until(async () => (await ground.isSettled()) && ours().length >= 2);
      says("stop");
      await ground.until(async () => (await ground.isSettled()) && ours().length >= 3);
      await ground.slack.settled();
      reads(found, ground, thread, [/Stopped/, /[Ss]topped by .*ada/, /Nothing is running/]);
      await inOrder(found, ground);
      return found;
    },
  },
  {
    name: "a question of the agent: asked once, answered once, and settled",
    steps: of("ask", "answer-question", "settle"),
    async tell(ground) {
      const found = nothingYet();
      const thread = ground.mentions("add a database");
      const question = () => ground.ours(thread).find(({ seen }) => /Which database/.test(seen));
      // In words: a press is not delivered again where a bot has died.
      await ground.until(
        async () => question() !== undefined && (await latest(ground))?.turn?.question?.ref !== undefined,
      );
      ground.slack.as("ada").says("#web", "2", { thread });
      await ground.until(async () => (await ground.isSettled()) && ground.ours(thread).length >= 3);
      await ground.slack.settled();
      reads(found, ground, thread, [/Done/, /Answered by ada: SQLite/, /The database is there/]);
      await inOrder(found, ground);
      return found;
    },
  },
  {
    name: "words that start nothing: each is answered",
    steps: of("help", "refuse", "leave"),
    async tell(ground) {
      const found = nothingYet();
      const thread = ground.mentions("help");
      await ground.until(async () => (await ground.isSettled()) && ground.ours(thread).length > 0);
      ground.slack.as("ada").says("#web", "fresh help", { thread });
      await ground.until(async () => (await ground.isSettled()) && ground.ours(thread).length > 1);
      const before = ground.slack.ephemerals("gus").length;
      ground.slack.as("gus").says("#web", `<@${ground.slack.app.botUserId}> the test fails`);
      await ground.until(async () => (await ground.isSettled()) && ground.slack.ephemerals("gus").length > before);
      reads(found, ground, thread, [/stop/, /stop/]);
      // What only one person sees cannot be found again at Slack: a bot that died between the word and its record says it once more.
      counted(found, "refusals", Math.min(ground.slack.ephemerals("gus").length - before, 1), 1);
      return found;
    },
  },
  {
    name: "a check that fails on what was pushed: mended once, by itself",
    steps: of("mend"),
    async tell(ground) {
      const found = nothingYet();
      const { github, variables } = ground;
      const before = github.pulls("acme/api").length;
      const thread = ground.mentions("the test fails, please fix it");
      await ground.until(async () => (await ground.isSettled()) && (await isAsleep(ground)));
      const branch = github.pulls("acme/api").slice(before)[0]?.head.split(":").at(-1) ?? "";
      const url = `${variables.PUBLIC_URL}/github/webhooks`;
      github.repositoryHook("acme/api", {
        url,
        secret: variables.GITHUB_WEBHOOK_SECRET ?? "",
        events: ["check_suite"],
      });
      const tried = async () => (await github.commits("acme/api", branch)).length;
      const first = await tried();
      await github.checksEnd("acme/api", branch, [{ name: "lint", conclusion: "failure", log: "it is red" }]);
      await ground.until(async () => (await tried()) > first && (await ground.isSettled()) && (await isAsleep(ground)));
      counted(found, "commits that mend it", (await tried()) - first, 1);
      reads(found, ground, thread, [/Done/, /It adds now/, /acme\/api#\d+/, /Done/, /I mended it/]);
      await inOrder(found, ground);
      return found;
    },
  },
  {
    name: "a fork: one thread of its own, one session in it, one line that says where",
    steps: of("fork"),
    async tell(ground) {
      const found = nothingYet();
      const thread = await idleSession(ground);
      const roots = () => ground.slack.timeline("#web").filter(({ text }) => text.startsWith("Fork of"));
      const before = roots().length;
      ground.slack.as("ada").says("#web", "fork", { thread });
      await ground.until(async () => (await ground.isSettled()) && ground.ours(thread).length > 1);
      reads(found, ground, thread, [/What shall I do/, /Forked: that goes on/]);
      counted(found, "threads of forks", roots().length - before, 1);
      const root = roots().at(-1)?.ts ?? "";
      reads(found, ground, root, [/Fork of/, /What shall I do/]);
      return found;
    },
  },
];

/** A session that knows its repository and has nothing to do. */
async function idleSession(ground: Ground): Promise<string> {
  const thread = ground.mentions("repo=acme/api");
  await ground.until(async () => (await ground.isSettled()) && ground.ours(thread).length > 0);
  return thread;
}

/** A turn that goes on until somebody says stop; gives back its thread. */
export async function longTurn(ground: Ground): Promise<string> {
  const thread = ground.mentions("take your time");
  // Its message in the thread may show it a while later.
  await ground.until(async () => /sleep 600/.test((await latestProgress(ground))?.now ?? ""));
  return thread;
}

const nothingYet = (): Findings => ({ lost: [], doubled: [], outOfOrder: [] });

function counted(found: Findings, what: string, seen: number, expected: number): void {
  if (seen < expected) found.lost.push(`${what}: ${seen} of ${expected}`);
  if (seen > expected) found.doubled.push(`${what}: ${seen} instead of ${expected}`);
}

/** The bot's messages in a thread: these, in this order, and no others. */
function reads(found: Findings, ground: Ground, thread: string, expected: RegExp[]): void {
  const seen = ground.ours(thread).map((message) => message.seen);
  counted(found, `messages in ${thread}`, seen.length, expected.length);
  const other = expected.filter((pattern, index) => !pattern.test(seen[index] ?? ""));
  for (const pattern of other) {
    const elsewhere = seen.some((text) => pattern.test(text));
    (elsewhere ? found.outOfOrder : found.lost).push(`${pattern} in ${thread}`);
  }
}

function eyesOn({ slack }: Ground, thread: string): number {
  const [root] = slack.thread("#web", thread).messages();
  return root?.reactions.filter(({ name }) => name === "eyes").flatMap(({ users }) => users).length ?? 0;
}

async function latest({ db }: Ground): Promise<Session | undefined> {
  const row = await db.selectFrom("sessions").select("state").orderBy("created_at", "desc").limit(1).executeTakeFirst();
  return row?.state;
}

async function latestProgress({ db }: Ground): Promise<Progress | null | undefined> {
  const row = await db.selectFrom("turns").select("progress").orderBy("started_at", "desc").limit(1).executeTakeFirst();
  return row?.progress;
}

/** All sessions, those of earlier stories too: a bot that dies with their timers must not leave machines to them. */
async function isAsleep({ db }: Ground): Promise<boolean> {
  const sessions = await db.selectFrom("sessions").select("state").execute();
  return sessions.every(({ state }) => state.sandbox.is === "asleep" || state.sandbox.is === "none");
}

/** What the daemons told of each session is stored once, as it was told. */
async function inOrder(found: Findings, { db }: Ground): Promise<void> {
  const rows = await db.selectFrom("transcript").select(["session_id", "entry"]).orderBy("cursor").execute();
  const read = new Map<string, number>();
  for (const { session_id, entry } of rows) {
    const place = `${session_id}/${entry.epoch}`;
    const next = (read.get(place) ?? 0) + 1;
    if (entry.cursor > next) found.lost.push(`events before ${entry.cursor} of ${place}`);
    if (entry.cursor < next) found.doubled.push(`event ${entry.cursor} of ${place}`);
    read.set(place, Math.max(next, entry.cursor));
  }
}

/** The thread, the branch and the pull request name the same session, and nothing else does. */
async function keysAre(found: Findings, ground: Ground, thread: string, pull: number): Promise<void> {
  const session = await latest(ground);
  const owned = ground.db
    .selectFrom("keys")
    .select("key")
    .where("session_id", "=", session?.id ?? "");
  const keys = (await owned.execute()).map(({ key }) => key);
  const expected = [`/${thread}`, `#${pull}`, `:${session?.work?.branch}`];
  counted(found, "keys", keys.length, expected.length);
  for (const end of expected) if (!keys.some((key) => key.endsWith(end))) found.lost.push(`the key ${end}`);
}
