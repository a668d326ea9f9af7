/** Menus of repositories, short and long. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { menu, withChange, withChoices } from "../../src/surfaces/slack-choices.ts";
import { renderNote } from "../../src/surfaces/slack-render.ts";
import { renderProgress } from "../../src/surfaces/slack-render-progress.ts";
import { checkBlocks } from "../emulators/slack/blocks.ts";
import { running, start } from "./slack-examples.ts";

const named = (count: number) => Array.from({ length: count }, (_, i) => `acme/service-${i}-${"x".repeat(60)}`);
const changeable = { ...running, changeable: true as const };
const rendered = (names: string[], progress = changeable) =>
  withChange(renderProgress(progress, null, start, "plan"), progress, names);
const menusIn = (message: ReturnType<typeof rendered>) =>
  message.blocks.flatMap((block) => (block.type === "actions" ? block.elements.map(({ type }) => type) : []));

describe("#26 a menu of repositories", () => {
  test("has them all in it, up to a hundred, and asks the bot beyond that", () => {
    for (const [count, type] of [
      [100, "static_select"],
      [101, "external_select"],
    ] as const) {
      const [question = { text: "", blocks: [] }] = withChoices(renderNote("Which repository?"), named(count));
      assert.deepEqual(menusIn(question), [type]);
      assert.deepEqual(checkBlocks(question.blocks), { is: "fine" });
    }
  });
  test("stands beside Stop while another one can be chosen, and is taken with a hundred", () => {
    const message = rendered([...named(100), "acme/api"]);
    assert.deepEqual(menusIn(message), ["button", "static_select"]);
    assert.deepEqual(checkBlocks(message.blocks), { is: "fine" });
    assert.doesNotMatch(JSON.stringify(message.blocks.at(-1)), /"acme\/api"/);
  });
  const without: [string, ReturnType<typeof rendered>][] = [
    ["nothing can be changed any more", withChange(renderProgress(running, null, start, "plan"), running, named(2))],
    ["there is no other", rendered(["acme/api"])],
    ["the turn is over", rendered(named(2), { ...changeable, ended: "done" as const } as typeof changeable)],
  ];
  for (const [name, message] of without)
    test(`is not there where ${name}`, () => assert.ok(!menusIn(message).includes("static_select")));
  test("names what is chosen, and leaves out what was chosen and is gone", () => {
    const same = { action: "a", says: "Choose", names: ["acme/api"], none: "No default" };
    const { initial_option: chosen } = menu({ ...same, chosen: "acme/api" });
    assert.deepEqual(chosen, { text: { type: "plain_text", text: "acme/api" }, value: "acme/api" });
    assert.ok(!("initial_option" in menu({ ...same, chosen: "acme/gone" })));
  });
});
