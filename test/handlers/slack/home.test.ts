/** App Home, through the real receiver and on a true database. */

import assert from "node:assert/strict";
import { after, afterEach, describe, test } from "node:test";
import { homeAct, homeActions } from "../../../handlers/slack/home-actions.ts";
import type { Membership } from "../../../src/core/identity.ts";
import { NO_PREFERENCES } from "../../../src/core/preferences.ts";
import type { Repository } from "../../../src/core/types.ts";
import { homeRecords } from "../../../src/store/home.ts";
import { renderHome } from "../../../src/surfaces/slack-home.ts";
import { onGitHub, plain } from "../../core/story.ts";
import { testStore } from "../../database.ts";
import { messagesOf, withSlack } from "./world.ts";

const { db, close } = await testStore();
after(close);
afterEach(async () => void (await db.deleteFrom("preferences").execute()));

const docs: Repository = { ...onGitHub, id: "8", name: "acme/docs" };
const us = { userId: "U0BOT", botId: "B0BOT", teamId: "T1", url: "https://acme.slack.com/", name: "threadbox" };
const ports = (repositories: Repository[] = [plain, docs]) => ({
  ...{ records: homeRecords(db), repositories, agents: ["pi", "second"], turnsPerDay: null, page: () => null },
});
const person = (slack: { team: { id: string }; person(who: string): { id: string } }, who: string): Membership => ({
  ...{ surface: "slack", team: slack.team.id, id: slack.person(who).id },
});

describe("App Home", () => {
  test("#46 is shown when somebody opens it; the tab with the messages is none of it", () =>
    withSlack(
      "http",
      async ({ slack, lines }) => {
        await slack.as("ada").opensHome("messages").delivered;
        assert.equal(slack.home("ada"), undefined);
        assert.ok(lines.some(({ msg, skipped }) => msg === "slack.ignored" && skipped === "other-tab"));
        const [delivery] = await slack.as("ada").opensHome("home").delivered;
        assert.equal(delivery?.acknowledged, true);
        await slack.until(() => slack.home("ada") !== undefined);
        // What is GitHub's is there only where it can be connected, what is an admin's only for admins.
        assert.doesNotMatch(JSON.stringify(slack.home("ada")), /GitHub|This workspace/);
      },
      { home: ports() },
    ));

  for (const mode of ["http", "socket"] as const)
    test(`#46 a default is stored before it is acknowledged, and shown, over ${mode}`, () =>
      withSlack(
        mode,
        async ({ slack }) => {
          const ada = slack.as("ada");
          await ada.opensHome().delivered;
          await slack.until(() => slack.home("ada") !== undefined);
          const chooses: [string, Parameters<typeof ada.atHome>[1]][] = [
            ["threadbox_default_repository", { chooses: "acme/docs" }],
            ["threadbox_default_agent", { chooses: "pi" }],
            ["threadbox_default_model", { types: " some/model " }],
          ];
          for (const [what, value] of chooses) {
            const [delivery] = await ada.atHome(what, value).delivered;
            assert.equal(delivery?.acknowledged, true);
          }
          const { preferencesOf } = homeRecords(db);
          assert.deepEqual(await preferencesOf(person(slack, "ada")), {
            ...{ repository: "acme/docs", agent: "pi", model: "some/model" },
          });
          await slack.until(() => (JSON.stringify(slack.home("ada")) ?? "").includes('"initial_value":"some/model"'));
          for (const [what, value] of [
            ["threadbox_default_repository", { chooses: "-" }],
            ["threadbox_default_model", { types: "" }],
          ] as const)
            await ada.atHome(what, value).delivered;
          assert.deepEqual(await preferencesOf(person(slack, "ada")), { repository: null, agent: "pi", model: null });
          assert.deepEqual(await preferencesOf(person(slack, "grace")), { repository: null, agent: null, model: null });
        },
        { home: ports() },
      ));

  test("#46 what could not be stored is not acknowledged, so that Slack warns whoever chose it", () => {
    const records = { ...homeRecords(db), prefer: () => Promise.reject(new Error("the database is down")) };
    return withSlack(
      "http",
      async ({ slack }) => {
        await slack.as("ada").opensHome().delivered;
        await slack.until(() => slack.home("ada") !== undefined);
        const [delivery] = await slack.as("ada").atHome("threadbox_default_agent", { chooses: "pi" }).delivered;
        assert.equal(delivery?.acknowledged, false);
      },
      { home: { ...ports(), records } },
    );
  });

  test("#46 a page that Slack does not take is told in the log alone", () =>
    withSlack(
      "http",
      async ({ slack, lines, logged }) => {
        slack.faults.next("views.publish", { error: "not_enabled" });
        const told = logged("slack.home-not-shown");
        const [delivery] = await slack.as("ada").opensHome().delivered;
        assert.equal(delivery?.acknowledged, true);
        await told;
        assert.ok(messagesOf(lines).includes("slack.home-not-shown"));
      },
      { home: ports() },
    ));

  test("#46 nobody is an admin whom Slack does not call one", () =>
    withSlack(
      "http",
      async ({ slack }) => {
        slack.addPerson({ name: "root", kind: "admin" });
        slack.faults.next("users.info", { error: "internal_error" }, 5);
        await slack.as("root").opensHome().delivered;
        await slack.until(() => slack.home("root") !== undefined);
        assert.doesNotMatch(JSON.stringify(slack.home("root")), /This workspace/);
      },
      { home: ports() },
    ));

  test("#46 GitHub is connected and disconnected there", () => {
    const connected = new Map<string, string>();
    const identities = {
      of: async ({ id }: Membership) => (connected.has(id) ? { id: 7, login: connected.get(id) ?? "" } : null),
      connectUrl: async () => "https://bot.acme.io/github/connect/abc",
      disconnect: async ({ id }: Membership) => void connected.delete(id),
    };
    return withSlack(
      "http",
      async ({ slack }) => {
        const ada = slack.as("ada");
        connected.set(slack.person("ada").id, "ada-l");
        await ada.opensHome().delivered;
        await slack.until(() => (JSON.stringify(slack.home("ada")) ?? "").includes("Connected as *ada-l*"));
        await ada.atHome("Disconnect").delivered;
        await slack.until(() =>
          (JSON.stringify(slack.home("ada")) ?? "").includes("https://bot.acme.io/github/connect/abc"),
        );
        const [delivery] = await ada.atHome("Connect GitHub").delivered;
        assert.equal(delivery?.acknowledged, true);
      },
      { home: { ...ports(), identities } },
    );
  });
});

test("#26 a menu of more than a hundred repositories is searched in by the bot, the best match first", () => {
  const many = Array.from({ length: 150 }, (_, i) => ({ ...plain, id: `r${i}`, name: `acme/service-${i}` }));
  return withSlack(
    "http",
    async ({ slack }) => {
      await slack.as("ada").opensHome().delivered;
      await slack.until(() => slack.home("ada") !== undefined);
      const menu = "threadbox_default_repository";
      const search = (typed: string) => slack.as("ada").searches("home", menu, typed);
      assert.deepEqual(await search("docs"), ["acme/docs", "acme/old-docs"]);
      assert.deepEqual(await search("service-14"), [
        "acme/service-14",
        ...Array.from({ length: 10 }, (_, i) => `acme/service-14${i}`),
      ]);
      const all = await search("");
      assert.deepEqual([all.length, all[0], all[1]], [100, "No default", "acme/old-docs"]);
      assert.deepEqual(await search("nothing like it"), []);
    },
    { home: ports([{ ...docs, id: "9", name: "acme/old-docs" }, docs, ...many]) },
  );
});

describe("#46 what somebody does there", () => {
  const act = (action: object, more: object = {}) =>
    homeAct(
      {
        ...{ team: { id: "T9" }, user: { id: "U1", username: "ada" }, container: { type: "view" } },
        ...{ actions: [{ action_ts: "1700000200.000100", ...action }], ...more },
      },
      us,
      { repositories: ["acme/api"], agents: ["pi", "second"] },
    );
  test("counts for the workspace of the installation", () =>
    assert.deepEqual(act({ action_id: "threadbox_home_stop", value: "m1" }), {
      ...{
        by: { surface: "slack", team: "T1", id: "U1", name: "ada" },
        ts: "1700000200.000100",
        do: "stop",
        turn: "m1",
      },
    }));
  test("counts for the workspace that they are in, of an organisation", () =>
    assert.equal(
      act({ action_id: "threadbox_home_stop", value: "m1" }, { is_enterprise_install: true })?.by.team,
      "T9",
    ));
  const nothing: [string, object][] = [
    [
      "a repository that is not there",
      { action_id: "threadbox_default_repository", selected_option: { value: "acme/x" } },
    ],
    ["an agent that nobody has", { action_id: "threadbox_default_agent", selected_option: { value: "hal" } }],
    ["a sentence for a model", { action_id: "threadbox_default_model", value: "the best one" }],
    ["a Stop of nothing", { action_id: "threadbox_home_stop" }],
  ];
  for (const [name, action] of nothing) test(`is nothing: ${name}`, () => assert.equal(act(action), null));
  test("is all in the table: what the page shows to press, and nothing else", () => {
    const turn = { turn: "m1", session: "s1", title: "Fix it", by: "U1", link: null, page: null, startedAt: 0 };
    const where = { thread: { surface: "terminal" as const, id: "1" }, repository: null, branch: null };
    const running = [{ ...turn, ...where, pullRequest: null, outcome: null, isStopping: false }];
    const home = { running, last: [], preferences: NO_PREFERENCES, repositories: [plain], agents: ["pi"] };
    const pages = [{ login: "ada-l" }, { connectUrl: "https://bot.acme.io/connect" }].map((github) =>
      JSON.stringify(renderHome({ ...home, github })),
    );
    const shown = pages.flatMap((page) => [...page.matchAll(/"action_id":"(\w+)"/g)].map(([, name]) => name));
    assert.deepEqual([...new Set(shown)].sort(), Object.keys(homeActions).sort());
  });
});
