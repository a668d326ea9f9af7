import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { testBranch } from "../../src/cli/demo-repository.ts";
import { type SlackEmulator, startSlack } from "../emulators/slack.ts";
import { startWorld, type World } from "../world.ts";
import { fixesTheTest, takesForEver, writesTheReadme } from "./scripts.ts";

let slack: SlackEmulator;
let world: World;

before(async () => {
  slack = await startSlack({ people: ["ada"], channels: [{ name: "web", members: ["ada"] }] });
  world = await startWorld({
    scripts: [writesTheReadme, fixesTheTest, takesForEver],
    idleAfterMs: 1,
    variables: {
      SLACK_BOT_TOKEN: slack.app.botToken,
      SLACK_SIGNING_SECRET: slack.app.signingSecret,
      SLACK_API_URL: slack.apiUrl,
    },
  });
  slack.deliverTo(`${world.url}/slack/events`);
});
after(async () => {
  await world.stop();
  await slack.close();
});

const mentions = (text: string) => slack.as("ada").says("#web", `<@${slack.app.botUserId}> ${text}`).message.ts;
const ours = (ts: string) =>
  slack
    .thread("#web", ts)
    .messages()
    .filter((message) => message.message.author === slack.app.botUserId);
const everything = async (): Promise<void> => {
  await slack.settled();
  await world.settled();
};
const restart = async (): Promise<void> => {
  await world.restart();
  slack.deliverTo(`${world.url}/slack/events`);
};

describe("the sandbox sleeps when nobody asks", () => {
  test("and the next mention wakes it with its files and the agent's memory", async () => {
    const thread = mentions("the test fails, please fix it");
    await everything();
    await world.until(async () => (await world.sessions.list(1))[0]?.sandbox.is === "asleep");
    slack.as("ada").says("#web", "now say so in the README", { thread });
    await everything();
    assert.match(ours(thread).at(-1)?.seen ?? "", /The README says so now/);
    assert.match(JSON.stringify(world.model.server.getRequests().at(-1)?.body), /the test fails, please fix it/);
  });
});

describe("the bot is restarted while a turn runs", () => {
  test("and the turn goes on where it was: one progress message, one answer, nothing doubled", async () => {
    const thread = mentions("take your time");
    await slack.until(() => /sleep 600/.test(ours(thread)[0]?.seen ?? ""), "the progress shows the tool");
    await restart();
    slack.as("ada").says("#web", "stop", { thread });
    await everything();
    const [progress, answer, ...more] = ours(thread);
    assert.deepEqual(more, []);
    assert.match(progress?.seen ?? "", /Stopped/);
    assert.match(answer?.seen ?? "", /[Ss]topped by .*ada/);
  });

  test("and what was acknowledged just before is not lost", async () => {
    const thread = mentions("the test fails, please fix it");
    await slack.settled();
    await restart();
    await everything();
    assert.equal(ours(thread).length, 2);
    const branch = /threadbox\/[\w-]+/.exec(ours(thread).at(-1)?.seen ?? "")?.[0] ?? "";
    assert.equal((await testBranch(world.remote.url, branch)).passed, true);
  });
});

describe("the sandbox dies under a turn", () => {
  test("and the thread is told what happened, and goes on being usable", async () => {
    const thread = mentions("take your time");
    await slack.until(() => /sleep 600/.test(ours(thread)[0]?.seen ?? ""), "the progress shows the tool");
    await world.killSandbox();
    await everything();
    assert.match(ours(thread).at(-1)?.seen ?? "", /restarted during the turn|sandbox/i);
    slack.as("ada").says("#web", "the test fails, please fix it", { thread });
    await everything();
    assert.match(ours(thread).at(-1)?.seen ?? "", /It adds now/);
  });
});
