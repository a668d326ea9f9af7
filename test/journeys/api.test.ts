/** A program asks with the lines of docs/api.md, and gets what a person gets. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { PgBoss } from "pg-boss";
import { DEMO_NAME } from "../../src/cli/demo-repository.ts";
import type { Thread } from "../../src/core/types.ts";
import { startWorld, type World } from "../world.ts";
import { fixesTheTest } from "./scripts.ts";

const TOKEN = "t".repeat(32);
const [asks = "", looks = ""] = [
  ...readFileSync(new URL("../../docs/api.md", import.meta.url), "utf8").matchAll(/```bash\n(curl[\s\S]*?)```/g),
].map((match) => match[1]);

let world: World;
before(async () => {
  world = await startWorld({
    scripts: [fixesTheTest],
    schedules: [{ name: "nightly", cron: "0 3 * * *", repository: DEMO_NAME, text: "the test fails, please fix it" }],
    api: { clients: { ci: { repositories: [DEMO_NAME] } } },
    variables: { API_TOKENS: `ci:${TOKEN}` },
  });
});
after(() => world.stop());

interface Told {
  id: string;
  session: string;
  status_url: string;
  state: string;
  answer: string;
  branch: string;
}

async function shell(line: string, more: Record<string, string> = {}): Promise<Told> {
  const env = { PATH: process.env.PATH ?? "", BOT: world.url, TOKEN, ...more };
  const { stdout } = await promisify(execFile)("bash", ["-c", line], { env });
  return JSON.parse(stdout);
}

describe("POST /api/mentions", () => {
  let first: Told;

  test("starts a turn that a program can follow to its end, with the lines of docs/api.md", async () => {
    first = await shell(asks);
    assert.equal(first.status_url, `/api/mentions/${first.id}`);
    await world.settled();
    const told = await shell(looks, { ID: first.id });
    assert.equal(told.state, "done");
    assert.match(told.answer, /It adds now/);
    assert.match(told.branch, /^threadbox\//);
  });

  test("sent again, after a restart too, it is the same mention and not a second turn", async () => {
    await world.restart();
    const again = await shell(asks);
    await world.settled();
    assert.deepEqual([again.id, again.session], [first.id, first.session]);
    assert.equal((await world.sessions.turns(first.session)).length, 1);
    assert.equal((await world.sessions.list(10)).length, 1);
  });
});

describe("a schedule", () => {
  let boss: PgBoss;
  before(async () => {
    boss = new PgBoss({ ...world.bot.store.connection, supervise: false, schedule: false });
    boss.on("error", () => undefined);
    await boss.start();
  });
  after(() => boss.stop({ graceful: false }));
  const schedules = async () =>
    (await boss.getSchedules("schedule")).map(({ key, cron, timezone, options }) => [
      key,
      cron,
      timezone,
      options?.missed,
    ]);

  test("is a mention of its own where it fires, once, and works on its repository", async () => {
    assert.deepEqual(await schedules(), [["nightly", "0 3 * * *", "UTC", "once"]]);
    const before = (await world.sessions.list(10)).length;
    // What the queue does at three o'clock; twice, as after a bot that died with the first.
    await boss.insert("schedule", [{ data: { name: "nightly" } }, { data: { name: "nightly" } }]);
    const isOurs = ({ thread }: { thread: Thread }): boolean =>
      thread.surface === "web" && thread.id.startsWith("schedule-nightly-");
    await world.until(async () => (await world.sessions.list(10)).some(isOurs));
    await world.settled();
    const found = (await world.sessions.list(10)).filter(isOurs);
    assert.equal((await world.sessions.list(10)).length, before + 1);
    assert.equal(found.length, 1);
    assert.equal(found[0]?.work?.repository.name, DEMO_NAME);
    const [turn, ...more] = await world.sessions.turns(found[0]?.id ?? "");
    assert.deepEqual([turn?.askedBy, turn?.result?.outcome, more], ["nightly (schedule)", "done", []]);
  });

  test("that is taken out fires no more, and one that nobody can read keeps the bot from starting", async () => {
    world.schedule([
      { name: "weekly", cron: "0 3 * * 1", timezone: "Europe/Berlin", repository: DEMO_NAME, text: "x" },
    ]);
    await world.restart();
    assert.deepEqual(await schedules(), [["weekly", "0 3 * * 1", "Europe/Berlin", "once"]]);
    world.schedule([{ name: "never", cron: "61 3 * * *", repository: DEMO_NAME, text: "x" }]);
    await assert.rejects(world.restart(), /schedules, never: `61 3 \* \* \*`: /);
    world.schedule([]);
    await world.restart();
    assert.deepEqual(await schedules(), []);
  });
});
