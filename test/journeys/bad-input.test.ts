import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, describe, test } from "node:test";
import type { Script } from "../../src/cli/scripted-model.ts";
import type { Repository } from "../../src/core/types.ts";
import { fixesTheTest } from "./scripts.ts";
import { type SlackChannel, startSlackChannel } from "./slack-channel.ts";

const silent: Script = { when: /nothing to do/, steps: [{ says: "There is nothing to do." }] };

let channel: SlackChannel;
let slack: SlackChannel["slack"];
let world: SlackChannel["world"];

before(async () => {
  channel = await startSlackChannel(["ada"], {
    scripts: [fixesTheTest, silent],
    repositories: (own): Repository[] => [
      own,
      { ...own, id: "http://127.0.0.1:9/gone/away", name: "gone/away", url: "http://127.0.0.1:9/gone/away.git" },
      { ...own, name: "demo/setup-fails", setup: "echo no such package >&2; exit 3" },
    ],
  });
  ({ slack, world } = channel);
  for (const status of [401, 429, 500]) {
    world.model.server.prependFixture({
      match: { userMessage: `answers ${status}` },
      response: { error: { message: `scripted ${status}`, type: "error" }, status },
    });
  }
});
after(() => channel.stop());

const lastWord = async (text: string): Promise<{ ts: string; said: string }> => {
  const ts = channel.mentions(text);
  await channel.everything();
  return { ts, said: channel.ours(ts).at(-1)?.seen ?? "" };
};

describe("#49 what goes wrong is one clear line with cause and remedy, and the session stays usable", () => {
  const table: [string, string, RegExp][] = [
    [
      "a repository that nobody knows",
      "repo=acme/nope fix it",
      /do not know the repository "acme\/nope".*demo\/calculator/s,
    ],
    ["a repository that was not named", "fix it", /Which repository\?.*demo\/calculator/s],
    ["a repository that cannot be cloned", "repo=gone/away fix it", /git\.|clone|reach|connect/i],
    ["a setup command that fails", "repo=demo/setup-fails fix it", /no such package/],
    ["an agent that does not exist", "repo=demo/calculator agent=nobody fix it", /There is no agent "nobody"/],
    ["a model that refuses the key", "repo=demo/calculator answers 401", /refused the key/],
  ];
  for (const [name, text, expected] of table) {
    test(name, async () => {
      const { ts, said } = await lastWord(text);
      assert.match(said, expected);
      assert.doesNotMatch(said, /\n\s+at .*\.ts:\d+/);
      slack.as("ada").says("#web", "status", { thread: ts });
      await channel.everything();
      assert.match(channel.ours(ts).at(-1)?.seen ?? "", /Nothing is running/);
    });
  }
  test("a model that limits us, and one that is down, after the agent has tried again for a while", async () => {
    const [limited, down] = await Promise.all([
      lastWord("repo=demo/calculator answers 429"),
      lastWord("repo=demo/calculator answers 500"),
    ]);
    assert.match(limited.said, /limiting us/);
    assert.match(down.said, /provider does not answer/);
  });
  test("nothing to push is an answer without a branch", async () => {
    const { said } = await lastWord("repo=demo/calculator nothing to do");
    assert.match(said, /There is nothing to do/);
    assert.doesNotMatch(said, /threadbox\//);
  });
});

describe("requests that Slack did not make", () => {
  const body = JSON.stringify({ type: "event_callback", event: { type: "app_mention" } });
  const post = (headers: Record<string, string>, text = body) =>
    fetch(`${world.url}/slack/events`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: text,
    });
  const signed = (at: number, text = body) => ({
    "x-slack-request-timestamp": String(at),
    "x-slack-signature": `v0=${createHmac("sha256", slack.app.signingSecret).update(`v0:${at}:${text}`).digest("hex")}`,
  });
  const now = () => Math.floor(Date.now() / 1000);
  test("unsigned: 401", async () => assert.equal((await post({})).status, 401));
  test("signed with another secret: 401", async () =>
    assert.equal((await post({ ...signed(now()), "x-slack-signature": `v0=${"0".repeat(64)}` })).status, 401));
  test("stale: 401", async () => assert.equal((await post(signed(now() - 600))).status, 401));
  test("larger than 4 MB: 413", async () => {
    const large = JSON.stringify({ text: "x".repeat(4_300_000) });
    assert.equal((await post(signed(now(), large), large)).status, 413);
  });
});

test("a path that nobody serves is a 404", async () => assert.equal((await fetch(`${world.url}/nope`)).status, 404));
test("health and readiness tell the truth", async () => {
  assert.deepEqual(await (await fetch(`${world.url}/healthz`)).json(), { ok: true });
  assert.deepEqual(await (await fetch(`${world.url}/readyz`)).json(), { ready: true });
});
