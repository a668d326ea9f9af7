/** What people live through while bots die: told once, and looked at from outside when everything has come to rest. */
import assert from "node:assert/strict";
import type { Script } from "../../src/cli/scripted-model.ts";
import type { Session } from "../../src/core/types.ts";
import { STEPS, type Step } from "../../src/engine/steps.ts";
import { fixesTheTest, takesForEver } from "../journeys/scripts.ts";
import type { Ground } from "./ground.ts";

export interface Story {
  name: string;
  /** Steps of its way: the bot dies at each of them. */
  steps: Step[];
  /** Resolves when everything has come to rest; rejects when something was lost, doubled or out of order. */
  tell(ground: Ground): Promise<void>;
}

export const scripts: Script[] = [fixesTheTest, takesForEver];

const of = (...groups: string[]): Step[] => STEPS.filter((step) => groups.includes(step.split(".")[0] ?? ""));

export const STORIES: Story[] = [
  {
    name: "a mention that is worked on: one turn, one progress message, one answer, one pull request, no machine left",
    steps: of(
      ...["inbound", "session", "check", "acknowledge", "start-sandbox", "sandbox", "send-turn", "progress", "stream"],
      ...["claim", "open-pull-request", "answer", "wake-me", "sleep"],
    ),
    async tell(ground) {
      const pulls = ground.github.pulls("acme/api").length;
      const thread = ground.mentions("the test fails, please fix it");
      await ground.until(async () => (await ground.isSettled()) && (await latest(ground))?.sandbox.is === "asleep");
      const [progress, answer, ...more] = ground.ours(thread);
      assert.deepEqual(more, []);
      assert.match(progress?.seen ?? "", /Done/);
      assert.match(answer?.seen ?? "", /It adds now, and the test passes/);
      const opened = ground.github.pulls("acme/api").slice(pulls);
      assert.equal(opened.length, 1);
      assert.deepEqual(await ground.sandboxes(), []);
      await inOrder(ground);
      await keysAre(ground, thread, opened[0]?.number ?? 0);
    },
  },
  {
    name: "a turn that is told more and then stopped: heard once, stopped once, and nothing runs on",
    steps: of("steer", "abort", "say"),
    async tell(ground) {
      const thread = ground.mentions("take your time");
      const ours = () => ground.ours(thread);
      await ground.until(() => /sleep 600/.test(ours()[0]?.seen ?? ""));
      const says = (text: string) => ground.slack.as("ada").says("#web", text, { thread });
      says("with tabs, please");
      await ground.until(async () => (await latest(ground))?.turn?.asks.length === 2);
      says("stop");
      await ground.until(async () => (await ground.isSettled()) && ours().length === 2);
      says("stop");
      await ground.until(async () => (await ground.isSettled()) && ours().length === 3);
      await ground.slack.settled();
      const [progress, answer, idle] = ours();
      assert.match(progress?.seen ?? "", /Stopped/);
      assert.match(answer?.seen ?? "", /[Ss]topped by .*ada/);
      assert.match(idle?.seen ?? "", /Nothing is running/);
      await inOrder(ground);
    },
  },
  {
    name: "words that start nothing: each is answered",
    steps: of("help", "refuse"),
    async tell(ground) {
      const thread = ground.mentions("help");
      await ground.until(async () => (await ground.isSettled()) && ground.ours(thread).length === 1);
      const before = ground.slack.ephemerals("gus").length;
      ground.slack.as("gus").says("#web", `<@${ground.slack.app.botUserId}> the test fails`);
      await ground.until(async () => (await ground.isSettled()) && ground.slack.ephemerals("gus").length > before);
      // What only one person sees cannot be found again at Slack: a bot that died between the word and its record says it once more.
      const told = ground.slack.ephemerals("gus").length - before;
      assert.ok(told === 1 || told === 2, `gus was told ${told} times`);
      assert.equal(ground.ours(thread).length, 1);
    },
  },
];

async function latest({ db }: Pick<Ground, "db">): Promise<Session | undefined> {
  const row = await db.selectFrom("sessions").select("state").orderBy("created_at", "desc").limit(1).executeTakeFirst();
  return row?.state;
}

/** What the daemon told of each session is stored once, as it was told. */
async function inOrder({ db }: Ground): Promise<void> {
  const rows = await db.selectFrom("transcript").select(["session_id", "entry"]).orderBy("cursor").execute();
  const read = new Map<string, number>();
  for (const { session_id, entry } of rows) {
    const place = `${session_id}/${entry.epoch}`;
    assert.equal(entry.cursor, (read.get(place) ?? 0) + 1, `${place} was read in order, and once`);
    read.set(place, entry.cursor);
  }
}

/** The thread, the branch and the pull request name the same session, and nothing else does. */
async function keysAre({ db }: Ground, thread: string, pull: number): Promise<void> {
  const session = await latest({ db });
  const rows = await db
    .selectFrom("keys")
    .select("key")
    .where("session_id", "=", session?.id ?? "")
    .execute();
  const kinds = rows.map(({ key }) => key.split(":").slice(0, 2).join(":")).sort();
  assert.deepEqual(kinds, ["git:branch", "github:pr", "slack:thread"]);
  assert.ok(rows.some(({ key }) => key.endsWith(`/${thread}`)));
  assert.ok(rows.some(({ key }) => key.endsWith(`#${pull}`)));
}
