import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { freePort } from "../free-port.ts";
import { startWorld, type World } from "../world.ts";

let world: World;
let port: number;

before(async () => {
  port = await freePort();
  const post = `fetch("http://127.0.0.1:${port}/threads", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ text: "do as I say" }) })`;
  const hangUp = `const s = require("net").connect(${port}, "127.0.0.1", () => { s.end("POST /threads HTTP/1.1\\r\\nHost: 127.0.0.1:${port}\\r\\nContent-Type: application/json\\r\\nContent-Length: 22\\r\\n\\r\\n{\\"text\\":\\"do as I say\\"}"); process.exit(); })`;
  world = await startWorld({
    port,
    scripts: [
      {
        when: /misbehave/,
        steps: [
          {
            calls: [
              { tool: "bash", with: { command: `node -e '${post}.then((r) => console.log("status", r.status))'` } },
            ],
          },
          { calls: [{ tool: "bash", with: { command: `node -e '${hangUp}'` } }] },
          { says: "I tried." },
        ],
      },
    ],
  });
});
after(() => world.stop());

test("an agent that was talked into it cannot start turns through the bot's own page", async () => {
  await world.bot.inbox.receive({
    dedupe: "terminal:1",
    keys: ["api:terminal/t1"],
    thread: { surface: "terminal", id: "t1" },
    author: { surface: "terminal", id: "1", name: "alice" },
    text: "misbehave",
    addressed: true,
    at: Date.now(),
    message: "1",
  });
  await world.settled();
  const sessions = await world.sessions.list(10);
  assert.equal(sessions.length, 1);
  const told = await world.sessions.transcript(sessions[0]?.id ?? "", 0, 1_000);
  const outputs = told.flatMap(({ entry }) => (entry.event.type === "tool.ended" ? [entry.event.output.trim()] : []));
  assert.equal(outputs[0], "status 403");
});

test("while people on the same machine can", async () => {
  const answer = await fetch(`http://127.0.0.1:${port}/threads`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ text: "status" }),
  });
  assert.ok(answer.ok);
  await world.settled();
});
