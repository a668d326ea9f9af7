import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { onUninstalled } from "../../../handlers/slack/uninstalled.ts";
import { installationKey, type Where } from "../../../src/installation.ts";

const acme: Where = { teamId: "T0ACME", isEnterpriseInstall: false };
const uninstalled = { event_time: 1_700_000_000, event: { type: "app_uninstalled" } };
const revoked = (bot: string[]) => ({ ...uninstalled, event: { type: "tokens_revoked", tokens: { oauth: [], bot } } });

/** What a book was told to remove, and what the handler made of it. */
async function heard(body: unknown, where: Where, isThere = true) {
  const asked: unknown[] = [];
  const remove = async (key: string, told: object): Promise<boolean> => {
    asked.push([key, told]);
    return isThere;
  };
  return { ending: await onUninstalled(body, where, { remove }), asked };
}

describe("an app that is uninstalled", () => {
  const until = new Date(1_700_000_000_999);
  const gone = { is: "removed", installation: "team:T0ACME" };

  test("takes the workspace's installation with it", async () =>
    assert.deepEqual(await heard(uninstalled, acme), { ending: gone, asked: [["team:T0ACME", { until }]] }));
  test("is told of twice, and that is no failure", async () =>
    assert.equal((await heard(uninstalled, acme, false)).ending.is, "unknown"));
  test("whose bot's token was revoked goes as well", async () =>
    assert.deepEqual(await heard(revoked(["U0BOT"]), acme), {
      ending: gone,
      asked: [["team:T0ACME", { until, botUsers: ["U0BOT"] }]],
    }));
  test("stays where only somebody's own token was revoked", async () =>
    assert.deepEqual(await heard(revoked([]), acme), { ending: { is: "not-ours" }, asked: [] }));
  test("is not guessed at where Slack sends something else", async () =>
    assert.deepEqual(await heard({ event: {} }, acme), { ending: { is: "malformed" }, asked: [] }));
  test("changes nothing of a bot for one workspace", async () =>
    assert.equal((await onUninstalled(uninstalled, acme, null)).is, "unknown"));
});

describe("an installation is named by", () => {
  const table: [string, Where, string | null][] = [
    ["its workspace", { teamId: "T1" }, "team:T1"],
    ["its workspace, also in an organisation", { teamId: "T1", enterpriseId: "E1" }, "team:T1"],
    [
      "the organisation that installed it for all",
      { ...{ teamId: "T1", enterpriseId: "E1" }, isEnterpriseInstall: true },
      "enterprise:E1",
    ],
    ["the organisation where no workspace is told", { enterpriseId: "E1" }, "enterprise:E1"],
    ["the organisation where its id stands for a workspace's", { teamId: "E1", enterpriseId: "E1" }, "enterprise:E1"],
    ["the organisation where nothing else is told", { teamId: "E1" }, "enterprise:E1"],
    ["nothing where Slack tells nothing", {}, null],
  ];
  for (const [name, where, key] of table) test(name, () => assert.equal(installationKey(where), key));
});
