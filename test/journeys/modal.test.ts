/** What people do, with sandboxes at an emulated Modal. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { sql } from "kysely";
import { testBranch } from "../../src/cli/demo-repository.ts";
import type { Script } from "../../src/cli/scripted-model.ts";
import { plainRepository } from "../../src/team-sandboxes.ts";
import { available } from "../emulators/modal/machine-host.ts";
import { type ModalEmulator, modalEmulator } from "../emulators/modal.ts";
import { fixesTheTest, takesForEver, writesTheReadme } from "./scripts.ts";
import { type SlackChannel, startSlackChannel } from "./slack-channel.ts";

/** Tells what an agent at Modal finds around it. */
const looksAround: Script = {
  when: /look around/,
  steps: [
    {
      calls: [
        {
          tool: "bash",
          with: {
            command:
              "id -un; printenv TEAM NPM_TOKEN; env | grep -cE 'SANDBOX_DAEMON|MODAL_' | sed 's/^0$/no key of ours/'",
          },
        },
      ],
    },
    { says: "I looked." },
  ],
};

const MODEL_KEY = "sk-ant-that-nobody-may-keep";

const skip = (await available()) ?? false;

describe("a mention in Slack is worked on at Modal", { skip }, () => {
  let modal: ModalEmulator;
  let channel: SlackChannel;
  let thread: string;
  const answer = (): string => channel.ours(thread).at(-1)?.seen ?? "";
  const asleep = () => channel.world.until(async () => (await session()).sandbox.is === "asleep");
  const session = async () => {
    const [first] = await channel.world.sessions.list(1);
    assert.ok(first);
    return first;
  };

  before(async () => {
    modal = await modalEmulator();
    modal.createSecret("registry", { NPM_TOKEN: "from-a-modal-secret" });
    channel = await startSlackChannel(["ada"], {
      modal,
      scripts: [writesTheReadme, fixesTheTest, looksAround],
      idleAfterMs: 1,
      variables: { ANTHROPIC_API_KEY: MODEL_KEY },
      sandboxes: (defaults) => ({
        ...defaults,
        image: { ...defaults.image, env: { TEAM: "web" } },
        modal: { ...defaults.modal, secrets: ["registry"] },
      }),
    });
  });
  after(async () => {
    await channel.stop();
    await modal.close();
  });

  test("and answered with a branch whose tests pass", async () => {
    thread = channel.mentions("the test fails, please fix it");
    await channel.everything();
    assert.match(answer(), /It adds now, and the test passes/);
    const branch = /threadbox\/[\w-]+/.exec(answer())?.[0] ?? "";
    assert.equal((await testBranch(channel.world.remote.url, branch)).passed, true);
    assert.equal((await session()).waited?.for, "cold");
  });

  test("then the sandbox sleeps, and nothing runs that costs money", async () => {
    await asleep();
    assert.deepEqual(
      modal.sandboxes().map(({ state }) => state.is),
      ["finished"],
    );
  });

  test("and the next mention wakes it with its files and the agent's memory", async () => {
    channel.slack.as("ada").says("#web", "now say so in the README", { thread });
    await channel.everything();
    assert.match(answer(), /The README says so now/);
    assert.match(
      JSON.stringify(channel.world.model.server.getRequests().at(-1)?.body),
      /the test fails, please fix it/,
    );
    assert.equal((await session()).waited?.for, "woken");
  });

  test("no token of the bot, of git or of the model is in what Modal keeps", async () => {
    await asleep();
    assert.doesNotMatch(JSON.stringify([modal.sandboxes(), modal.images()]), new RegExp(MODEL_KEY));
    assert.deepEqual(await modal.filesWith(MODEL_KEY), []);
    // What was asked is there, so the files were really looked through.
    assert.notDeepEqual(await modal.filesWith("the test fails, please fix it"), []);
  });

  test("the agent is a user of its own, and finds what the team gave to its sandboxes", async () => {
    channel.slack.as("ada").says("#web", "look around", { thread });
    await channel.everything();
    const heard = JSON.stringify(channel.world.model.server.getRequests().at(-1)?.body);
    assert.match(heard, /agent\\nweb\\nfrom-a-modal-secret\\nno key of ours/);
  });
});

describe("a turn outlives its sandbox at Modal", { skip }, () => {
  let modal: ModalEmulator;
  let channel: SlackChannel;
  before(async () => {
    modal = await modalEmulator();
    channel = await startSlackChannel(["ada"], { modal, scripts: [takesForEver] });
  });
  after(async () => {
    await channel.stop();
    await modal.close();
  });

  /** A day goes by for whoever waits for the end of the sandbox; when that would have been. */
  const comeToItsTime = async (): Promise<Date[]> => {
    const { rows } = await sql<{ due: Date }>`
      update pgboss.job as job set start_after = now() from pgboss.job as before
      where job.id = before.id and job.name = 'timer' and job.data #>> '{event,type}' = 'ending'
      returning before.start_after as due`.execute(channel.world.bot.store.db);
    return rows.map(({ due }) => due);
  };

  test("whose life ends: it goes on in a fresh one, and nothing is lost", async () => {
    const thread = channel.mentions("take your time");
    const lastAsked = (): string => JSON.stringify(channel.world.model.server.getRequests().at(-1)?.body);
    await channel.world.until(async () => /sleep 600/.test(channel.ours(thread).at(-1)?.seen ?? ""));
    const [session] = await channel.world.sessions.list(1);
    const endsAt = session?.sandbox.is === "ready" ? session.sandbox.endsAt : null;
    const [due] = await comeToItsTime();
    // The clock is read twice on the way from one to the other.
    assert.equal(Math.round(((endsAt ?? 0) - (due?.getTime() ?? 0)) / 1_000), 600);
    await channel.world.until(async () => /The machine was replaced while you worked/.test(lastAsked()));
    assert.deepEqual(
      modal.sandboxes().map(({ name, state }) => [name === modal.sandboxes()[0]?.name, state.is]),
      [
        [true, "finished"],
        [true, "running"],
      ],
    );
    channel.slack.as("ada").says("#web", "stop", { thread });
    await channel.everything();
    assert.match(channel.ours(thread).at(-1)?.seen ?? "", /[Ss]topped by .*ada/);
    assert.equal(channel.ours(thread).length, 2);
  });
});

describe("a repository with a golden snapshot and a warm sandbox", { skip }, () => {
  let modal: ModalEmulator;
  let channel: SlackChannel;
  before(async () => {
    modal = await modalEmulator();
    channel = await startSlackChannel(["ada"], {
      modal,
      scripts: [fixesTheTest],
      sandboxes: (defaults, own) => ({
        ...defaults,
        repositories: { [own]: { ...plainRepository, goldenEveryMs: 3_600_000, warm: 1 } },
      }),
    });
  });
  after(async () => {
    await channel.stop();
    await modal.close();
  });

  test("does not let a mention wait", async () => {
    const { db } = channel.world.bot.store;
    const warm = db.selectFrom("sandboxes").selectAll().where("kind", "=", "warm").where("url", "is not", null);
    const golden = db.selectFrom("snapshots").selectAll();
    const ready = async () => (await warm.execute()).length > 0 && (await golden.execute()).length > 0;
    await channel.world.until(ready);
    const thread = channel.mentions("the test fails, please fix it");
    await channel.everything();
    assert.match(channel.ours(thread).at(-1)?.seen ?? "", /It adds now, and the test passes/);
    const [session] = await channel.world.sessions.list(1);
    assert.equal(session?.waited?.for, "warm");
  });
});
