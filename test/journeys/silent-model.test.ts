/** A model that takes the request and never answers: its thread is told, and the turn ends with the reason. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { startSlackChannel } from "./slack-channel.ts";

test("#7 a silent model is told of in the thread, and its turn ends as agent.stalled", async () => {
  const silent = createServer((request) => request.resume());
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;
  const channel = await startSlackChannel(["ada"], {
    scripts: [],
    variables: { ANTHROPIC_BASE_URL: `http://127.0.0.1:${port}` },
    silence: { modelMs: 1_000, toolMs: 1_000 },
  });
  try {
    const thread = channel.mentions("do something");
    await channel.everything();
    const seen = channel.ours(thread).map((one) => one.seen);
    assert.equal(seen.filter((text) => /I have heard nothing from the model/.test(text)).length, 1);
    assert.match(seen.at(-1) ?? "", /Nothing came from the agent for 1 s while the model was waited for/);
    assert.match(seen.at(-1) ?? "", /Write `?retry`? to go on/);
  } finally {
    await channel.stop();
    silent.closeAllConnections();
    silent.close();
  }
});
