/** The one message about a pull request in Slack. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { renderCard, renderPing } from "../../src/surfaces/slack-render-card.ts";
import { checkBlocks } from "../emulators/slack/blocks.ts";
import { card } from "./slack-examples.ts";
import { inThread, type World } from "./slack-world.ts";

const once = { marker: "s1/card/12", again: false };
const merged = { ...card, state: "merged" as const };
const ours = ({ slack, root }: World) => slack.thread("#web", root).replies();
const kinds = (world: World) => ours(world).map(({ blocks }) => blocks.map(({ type }) => type).join(" "));

test("#42 is a card of Slack's own, edited where it stands, in a thread where nothing is unfurled", () =>
  inThread(async (world) => {
    const { surface, thread } = world;
    const ref = await surface.card(thread, card, null, once);
    assert.equal(await surface.card(thread, merged, ref, once), ref);
    assert.deepEqual(kinds(world), ["card"]);
    assert.deepEqual([ours(world).length, ours(world)[0]?.edits], [1, 1]);
    assert.match(ours(world)[0]?.seen ?? "", /^Fix the login\nMerged · acme\/api#12 · 3 files \+10 −2\n/);
  }));

test("#42 a bot that died before it knew its name finds it by its marker", () =>
  inThread(async (world) => {
    const { surface, thread } = world;
    const ref = await surface.card(thread, card, null, once);
    assert.equal(await surface.card(thread, merged, null, { ...once, again: true }), ref);
    assert.equal(ours(world).length, 1);
  }));

test("#42 a card that somebody deleted stays gone", () =>
  inThread(async (world) => {
    const { surface, thread } = world;
    assert.equal(await surface.card(thread, card, "1700000000.000900", once), "1700000000.000900");
    assert.deepEqual(ours(world), []);
  }));

test("#42 where the workspace takes no cards it is lines, asked once", () =>
  inThread(async (world) => {
    const { slack, surface, thread, lines } = world;
    slack.faults.next("chat.postMessage", { error: "invalid_blocks" });
    const ref = await surface.card(thread, card, null, once);
    await surface.card(thread, merged, ref, once);
    assert.deepEqual(kinds(world), ["section context"]);
    assert.equal(slack.requests.count("chat.update"), 1);
    assert.deepEqual(
      lines.filter(({ msg }) => msg === "slack.feature-refused").map(({ feature }) => feature),
      ["card-blocks"],
    );
  }));

test("#42 a line that somebody has to act on pings them, and is posted once", () =>
  inThread(async (world) => {
    const { slack, surface, thread } = world;
    const ada = { surface: "slack" as const, id: slack.person("ada").id, name: "ada" };
    const text = "Checks failed on [acme/api#12](https://github.com/acme/api/pull/12): `test`.";
    const ref = await surface.ping(thread, text, [ada], { marker: "s1/9", again: false });
    assert.equal(await surface.ping(thread, text, [ada], { marker: "s1/9", again: true }), ref);
    assert.deepEqual(
      ours(world).map((message) => message.text),
      [`<@${ada.id}> Checks failed on <https://github.com/acme/api/pull/12|acme/api#12>: \`test\`.`],
    );
  }));

test("#34 #35 #57 foreign text pings nobody and links nowhere, and Slack takes the longest", () => {
  const evil = "<!channel> <@U9> @here [x](https://evil.example) <https://evil.example|y> &\n";
  const worst = {
    ...{ ...card, title: evil.repeat(10), draft: true },
    checks: { passed: 1, failed: 40, running: 3, failing: Array.from({ length: 10 }, () => evil.repeat(5)) },
    reviews: Array.from(
      { length: 10 },
      (_, id) => ({ ...card.reviews[0], id, by: "g".repeat(39), says: "approved" }) as const,
    ).map((review) => ({ ...review, url: card.url })),
  };
  for (const message of [renderCard(worst, "card"), renderCard(worst, "lines"), renderPing(evil, [])]) {
    assert.deepEqual(checkBlocks(message.blocks), { is: "fine" });
    assert.doesNotMatch(JSON.stringify(message), /<!channel>|<@U9>|<https:\/\/evil\.example\|y>/);
    assert.notEqual(message.text, "");
  }
});
