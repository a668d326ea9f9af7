/** What turns cost with the real agent, on every surface that says so; and a session's budget, which ends a turn and is raised. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Script } from "../../src/cli/scripted-model.ts";
import { documentOf, type Folder, newFolder } from "../cli/threadbox.ts";
import { fixesTheTest, writesTheReadme } from "./scripts.ts";
import { type SlackChannel, startSlackChannel } from "./slack-channel.ts";

/** Takes its time once, in the middle of what it costs; the second time it comes to its end. */
const takesItsTimeOnce: Script = {
  when: /tidy up/,
  steps: [
    { calls: [{ tool: "bash", with: { command: "true" } }] },
    {
      says: "I look around.",
      calls: [{ tool: "bash", with: { command: "[ -e .git/again ] || { touch .git/again; sleep 600; }" } }],
    },
    { says: "It is tidy now." },
  ],
};

/** Each answer of the scripted model has 1,200 tokens to it and 60 from it: $0.003 with the agent's usual model ($2 and $10 a million). */
const ADA = "U0ADA";

let channel: SlackChannel;
let folder: Folder;
let thread: string;

before(async () => {
  channel = await startSlackChannel(["ada", "grace"], {
    scripts: [fixesTheTest, writesTheReadme, takesItsTimeOnce],
    limits: {
      perSession: { tokens: null, dollars: 0.022 },
      raisedBy: "the platform team",
      raisedByPeople: [ADA],
    },
  });
  assert.equal(channel.slack.person("ada").id, ADA);
  folder = newFolder();
});
after(async () => {
  await channel.stop();
  await folder.remove();
});

const says = (who: string, text: string) => channel.slack.as(who).says("#web", text, { thread });
const seen = (): string[] => channel.ours(thread).map((message) => message.seen);

async function costs(...args: string[]) {
  const { connection } = channel.world.bot.store;
  assert.ok("connectionString" in connection);
  const ran = await folder.run(["costs", "--json", ...args], { DATABASE_URL: connection.connectionString });
  assert.equal(ran.code, 0, ran.stderr);
  return documentOf(ran);
}

test("two turns cost what the model said, in the thread and in the sums", async () => {
  thread = channel.mentions("the test fails, please fix it");
  await channel.everything();
  assert.match(seen().at(-1) ?? "", /5\.0k tokens.*\$0\.01/s);
  says("grace", "say so in the readme");
  await channel.everything();
  const { rows, total, today } = await costs("--by", "person");
  const cost = (dollars: number) => ({ dollars, byPriceList: 0, unpricedTurns: 0 });
  const tokens = (all: number, input: number) => ({ all, input, output: all - input, cacheRead: 0, cacheWrite: 0 });
  assert.deepEqual(rounded(rows), [
    { key: "slack:U0ADA", name: "ada", turns: 1, tokens: tokens(5_040, 4_800), cost: cost(0.012) },
    { key: "slack:U0GRACE", name: "grace", turns: 1, tokens: tokens(2_520, 2_400), cost: cost(0.006) },
  ]);
  assert.deepEqual(rounded(total), { turns: 2, tokens: tokens(7_560, 7_200), cost: cost(0.018) });
  assert.deepEqual(rounded(today), { ...(rounded(total) as object), budget: { tokens: null, dollars: null } });
});

test("the session's budget stops the third one, which says how far it got and who can raise it", async () => {
  says("grace", "tidy up");
  await channel.everything();
  const [answer = ""] = seen().slice(-1);
  assert.match(answer, /With it \$0\.024 were spent in this session, of \$0\.022\./);
  assert.match(answer, /The platform team can raise it \(`?limits\.dollarsPerSession`?\)\./);
  assert.match(answer, /It got as far as step \d, /);
  const [session] = await channel.world.sessions.list(1);
  assert.equal(session?.turn, null);
});

test("whoever is not listed raises nothing", async () => {
  const before = seen().length;
  says("grace", "budget +5");
  await channel.everything();
  assert.equal(seen().length, before);
  const [told] = channel.slack.ephemerals("grace").slice(-1);
  assert.match(told?.text ?? "", /raised here by the people of `?limits\.raisedByPeople`? in threadbox\.yml alone/);
  const [session] = await channel.world.sessions.list(1);
  assert.equal(session?.raised, undefined);
});

test("whoever is listed raises it, which is written down, and the turn goes on to its end", async () => {
  says("ada", "budget +5");
  await channel.everything();
  const audits = seen().filter((text) =>
    text.includes("ada raised what this session may cost by $5.00, which makes $5.00 by now. I go on."),
  );
  assert.equal(audits.length, 1);
  assert.match(seen().at(-1) ?? "", /Done.*It is tidy now/s);
  const { rows } = await costs("--by", "session");
  assert.ok(Array.isArray(rows) && rows.length === 1);
});

/** Sums of thousandths that a computer cannot write down. */
const rounded = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (_key, one) => (typeof one === "number" ? Number(one.toFixed(6)) : one));
