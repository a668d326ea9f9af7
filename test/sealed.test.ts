import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createSealer } from "../src/sealed.ts";

const key = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const place = { purpose: "slack-installation", row: "team:T0ACME" };
const sealer = createSealer([key(1)]);
const sealed = await sealer.seal("xoxb-secret", place);

describe("a sealed secret", () => {
  test("opens in its place, with its key", async () => {
    assert.deepEqual(await sealer.open(sealed, place), { text: "xoxb-secret", isOld: false });
  });
  test("does not show what it is", () => {
    assert.equal(sealed.includes("xoxb"), false);
    assert.equal(Buffer.from(sealed, "base64url").includes("xoxb-secret"), false);
  });
  test("is another text each time", async () => assert.notEqual(await sealer.seal("xoxb-secret", place), sealed));

  const elsewhere: [string, () => Promise<unknown>, string][] = [
    ["in another row", () => sealer.open(sealed, { ...place, row: "team:T0OTHER" }), "it belongs elsewhere"],
    ["for another purpose", () => sealer.open(sealed, { ...place, purpose: "github" }), "it belongs elsewhere"],
    ["with another key", () => createSealer([key(2)]).open(sealed, place), "it was sealed with another key"],
    ["with a bit flipped in it", () => sealer.open(flipped(sealed, 3), place), "it was changed"],
    ["with a bit flipped in its seal", () => sealer.open(flipped(sealed, 4), place), "it was changed"],
    ["with another row written into it", () => sealer.open(rewritten(sealed), moved), "it was changed"],
    ["when it is no sealed secret at all", () => sealer.open("xoxb-secret", place), "it was changed"],
  ];
  for (const [name, open, why] of elsewhere)
    test(`does not open ${name}`, () =>
      assert.rejects(open, { code: "secret.unreadable", detail: `A stored secret cannot be opened: ${why}` }));
});

describe("a new key in front of the old one", () => {
  const both = createSealer([key(2), key(1)]);

  test("still opens what the old one sealed, and says that it is old", async () =>
    assert.deepEqual(await both.open(sealed, place), { text: "xoxb-secret", isOld: true }));
  test("seals from then on", async () => {
    const anew = await both.seal("xoxb-secret", place);
    assert.deepEqual(await createSealer([key(2)]).open(anew, place), { text: "xoxb-secret", isOld: false });
  });
});

test("what is derived from a key is one's own for each purpose, and the same for every bot", () => {
  assert.equal(sealer.derive("a"), createSealer([key(1), key(2)]).derive("a"));
  assert.notEqual(sealer.derive("a"), sealer.derive("b"));
  assert.notEqual(sealer.derive("a"), createSealer([key(2)]).derive("a"));
  assert.equal(Buffer.from(sealer.derive("a"), "base64url").length, 32);
});

const moved = { ...place, row: "team:T0OTHER" };

/** One bit in the middle of one of the five parts: header, key, nonce, text, seal. */
function flipped(text: string, part: number): string {
  const parts = text.split(".").map((one) => Buffer.from(one, "base64url"));
  const bytes = parts[part] ?? Buffer.alloc(1);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  return parts.map((one) => one.toString("base64url")).join(".");
}

function rewritten(text: string): string {
  const [header = "", ...rest] = text.split(".");
  const told = JSON.parse(Buffer.from(header, "base64url").toString());
  return [Buffer.from(JSON.stringify({ ...told, ...moved })).toString("base64url"), ...rest].join(".");
}
