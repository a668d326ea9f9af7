/** What tokens cost: by the agent, by the team, by the list, or nobody knows. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { isPriced, LIST, type Price, type Prices, priced } from "../../src/core/prices.ts";
import type { Usage } from "../../src/wire/events.ts";

const used = (change: Partial<Usage> = {}): Usage => ({
  inputTokens: 1_000_000,
  outputTokens: 100_000,
  costUsd: 0,
  ...change,
});

describe("the price of a turn", () => {
  const table: [string, Usage, Prices, Usage["costUsd"], Usage["pricedBy"]][] = [
    ["is what the agent says", used({ costUsd: 1.5, model: "claude-sonnet-5" }), {}, 1.5, undefined],
    ["is what the list says, where the agent has none", used({ pricedBy: "nobody", model: "gpt-5.5" }), {}, 8, "table"],
    ["is what the list says, where the agent says it was for nothing", used({ model: "gpt-5.5" }), {}, 8, "table"],
    [
      "counts what came from the cache, and what went into it, by their own prices",
      used({ model: "claude-sonnet-5", cacheReadTokens: 600_000, cacheWriteTokens: 200_000 }),
      {},
      // 200,000 at $2, 600,000 at $0.20, 200,000 at $2.50, and 100,000 at $10.
      0.4 + 0.12 + 0.5 + 1,
      "table",
    ],
    [
      "counts what went into the cache as read, where the list has no price for it",
      used({ model: "gpt-5.5", cacheWriteTokens: 500_000 }),
      {},
      8,
      "table",
    ],
    ["is known with the provider in front", used({ model: "openai/gpt-5.5" }), {}, 8, "table"],
    ["is known with a day behind", used({ model: "claude-haiku-4-5-20251001" }), {}, 1.5, "table"],
    ["is known with a variant behind", used({ model: "claude-haiku-4-5[1m]" }), {}, 1.5, "table"],
    ["is known of no model that nobody lists", used({ model: "my-model" }), {}, 0, "nobody"],
    ["is known of no model that has no name", used(), {}, 0, "nobody"],
    ["is not guessed by a name that objects have", used({ model: "constructor" }), {}, 0, "nobody"],
    [
      "is no guess of the agent's, where it says that nobody knows",
      used({ costUsd: 9, pricedBy: "nobody", model: "my-model" }),
      {},
      0,
      "nobody",
    ],
    [
      "is what the team says of a model that nobody lists",
      used({ model: "my-model" }),
      { "my-model": { input: 1, output: 2 } },
      1.2,
      "table",
    ],
    [
      "is what the team says, whatever the agent and the list say",
      used({ costUsd: 1.5, model: "gpt-5.5" }),
      { "gpt-5.5": { input: 1, output: 2 } },
      1.2,
      "table",
    ],
    ["is nothing where the team says so", used({ model: "local" }), { local: { input: 0, output: 0 } }, 0, "table"],
    [
      "is a number, whatever it is counted from",
      used({ inputTokens: 1e308, model: "gpt-5.5" }),
      {},
      2 ** 53 - 1,
      "table",
    ],
    ["of no tokens is nothing", used({ inputTokens: 0, outputTokens: 0 }), {}, 0, undefined],
  ];
  for (const [name, usage, own, dollars, pricedBy] of table)
    test(name, () => {
      const got = priced(usage, own);
      assert.deepEqual([Number(got.costUsd.toFixed(9)), got.pricedBy], [Number(dollars.toFixed(9)), pricedBy]);
    });
  test("is the same when it is asked for again", () => {
    const once = priced(used({ model: "gpt-5.5" }));
    assert.deepEqual(priced(once), once);
  });
});

test("a turn that used tokens for nothing has no known price, unless a price says so", () => {
  assert.equal(isPriced(used()), false);
  assert.equal(isPriced(used({ pricedBy: "nobody" })), false);
  assert.equal(isPriced(used({ costUsd: 0.1 })), true);
  assert.equal(isPriced(used({ pricedBy: "table" })), true);
  assert.equal(isPriced(used({ inputTokens: 0, outputTokens: 0 })), true);
});

interface Listed {
  id: string;
  cost: { input: number; output: number; cacheRead: number; cacheWrite: number };
}

/** Of pi's own catalogue: `{ api: { id: model } }` for each provider. */
function catalogue(provider: string): Map<string, Listed> {
  const pi = dirname(new URL(import.meta.resolve("@earendil-works/pi-coding-agent")).pathname);
  const file = join(pi, "../../pi-ai/dist/providers/data", `${provider}.json`);
  const groups: Record<string, Record<string, Listed>> = JSON.parse(readFileSync(file, "utf8"));
  return new Map(Object.values(groups).flatMap((group) => Object.entries(group)));
}

describe("the list", () => {
  const models = new Map(["anthropic", "openai", "google"].flatMap((provider) => [...catalogue(provider)]));
  // Not for code, another day of one that is listed, or too old for anybody to choose.
  const LEFT_OUT =
    /realtime|deep-research|image|live|gemma|computer-use|customtools|chat-latest|^gpt-4(-turbo|o.*)?$|-latest$|-\d{8}$|-\d{4}-\d{2}-\d{2}$/;

  test("has the prices of pi's catalogue", () => {
    const theirs = Object.keys(LIST).map((id): [string, Price] => {
      const { input, output, cacheRead, cacheWrite } = models.get(id)?.cost ?? { input: 0, output: 0 };
      return [id, { input, output, ...(cacheRead && { cacheRead }), ...(cacheWrite && { cacheWrite }) }];
    });
    assert.deepEqual(LIST, Object.fromEntries(theirs));
  });
  test("has every model of its three providers that people let write code", () =>
    assert.deepEqual(Object.keys(LIST).toSorted(), [...models.keys()].filter((id) => !LEFT_OUT.test(id)).toSorted()));
  test("says of which version it is", () => {
    const text = readFileSync(join(import.meta.dirname, "../../src/core/prices.ts"), "utf8");
    const about = import.meta.resolve("@earendil-works/pi-coding-agent").replace(/dist\/.*$/, "");
    const pi = JSON.parse(readFileSync(join(new URL(about).pathname, "../pi-ai/package.json"), "utf8"));
    assert.ok(text.includes(`\`@earendil-works/pi-ai\` ${pi.version}`));
  });
});
