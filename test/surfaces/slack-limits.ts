/** What Slack takes in one message. */
import assert from "node:assert/strict";
import type { Rendered } from "../../src/surfaces/slack-blocks.ts";

/** Slack's limits for blocks, as it enforces them. */
export function withinLimits({ blocks }: Rendered): void {
  assert.ok(blocks.length <= 50);
  let chars = 0;
  for (const block of blocks) {
    if (block.type === "section") assert.ok((block.text?.text.length ?? 0) <= 3_000);
    if (block.type === "context") assert.ok(JSON.stringify(block).length <= 2_000);
    if (block.type === "markdown") assert.ok(block.text.length <= 12_000);
    if (block.type === "plan") assert.ok((block.tasks?.length ?? 0) <= 10);
    chars += JSON.stringify(block).length;
  }
  assert.ok(chars <= 13_200, `${chars}`);
}
