/** The commands that people drive a daemon with by hand, word for word, against a daemon that was started by hand. */
import assert from "node:assert/strict";
import { execFile, spawn, spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { promisify } from "node:util";
import { newFolder } from "./running-daemon.ts";
import { startBundle } from "./started-bundle.ts";

const SECRET = "0f".repeat(32);

const FOLLOW = `curl -N \\
  -H "Authorization: Bearer <OBSERVER_TOKEN>" \\
  "https://<modal-host>/stream?cursor=0&follow=1"`;

const PROMPT = `curl -s -X POST \\
  -H "Authorization: Bearer <CONTROL_TOKEN>" \\
  -H "content-type: application/json" \\
  -d '{"message":"hello from outside the sandbox"}' \\
  "https://<modal-host>/prompt"`;

const CREDENTIALS = { version: "experiment", llm: { openaiApiKey: "sk-none" }, github: { token: "ghp_nobody_at_all" } };

/** As the runbook's launcher makes them. */
function token(scope: string): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const exp = Math.floor(Date.now() / 1000) + 55 * 60;
  const input = `${part({ alg: "HS256", typ: "JWT" })}.${part({ sub: "wuhu", scope, exp })}`;
  return `${input}.${createHmac("sha256", SECRET).update(input).digest("base64url")}`;
}

const skip = spawnSync("curl", ["--version"]).status === 0 ? false : "curl is not installed";

test("its curl lines work", { skip }, async (t) => {
  const daemon = await startBundle(t, newFolder(t), {
    SANDBOX_DAEMON_HOST: "127.0.0.1",
    SANDBOX_DAEMON_WORKSPACE_ROOT: newFolder(t),
    SANDBOX_DAEMON_STATE_DIR: newFolder(t),
    SANDBOX_DAEMON_JWT_ENABLED: "true",
    SANDBOX_DAEMON_JWT_SECRET: SECRET,
    OPENAI_API_KEY: "sk-none",
  });
  const filledIn = (line: string, tokens: { control?: string; observer?: string } = {}) =>
    line
      .replace("https://<modal-host>", daemon.url)
      .replace("<OBSERVER_TOKEN>", tokens.observer ?? token("observer"))
      .replace("<CONTROL_TOKEN>", tokens.control ?? token("control"));
  const run = async (line: string) => JSON.parse((await promisify(execFile)("sh", ["-c", line])).stdout);

  const credentials = await fetch(`${daemon.url}/credentials`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token("control")}` },
    body: JSON.stringify(CREDENTIALS),
  });
  assert.deepEqual([credentials.status, await credentials.json()], [200, { ok: true }]);

  const prompted = await run(filledIn(PROMPT));
  assert.deepEqual(
    { ...prompted, id: "", turn: "" },
    { success: true, command: "prompt", disposition: "started", id: "", turn: "" },
  );

  const events: { cursor: number; event: { type: string } }[] = [];
  const curl = spawn("sh", ["-c", `exec ${filledIn(FOLLOW)}`], { stdio: ["ignore", "pipe", "ignore"] });
  t.after(() => curl.kill("SIGKILL"));
  let text = "";
  for await (const chunk of curl.stdout.setEncoding("utf8")) {
    text += chunk;
    const frames = text.split("\n\n").slice(0, -1);
    const data = frames.flatMap((frame) => /^data: (.*)$/m.exec(frame)?.[1] ?? []);
    events.splice(0, events.length, ...data.map((line) => JSON.parse(line)));
    if (events.some(({ event }) => event.type === "turn.ended")) break;
  }
  assert.deepEqual(
    events.map(({ cursor }) => cursor),
    events.map((_, index) => index + 1),
  );
  assert.deepEqual(
    events.slice(0, 2).map(({ event }) => event),
    [
      { type: "daemon.started", version: 5 },
      { type: "turn.started", turn: prompted.turn, prompt: "hello from outside the sandbox" },
    ],
  );

  assert.equal((await run(filledIn(PROMPT, { control: token("observer") }))).status, 403);
  assert.equal((await run(filledIn(PROMPT, { control: "made-up" }))).status, 401);
  assert.equal(await daemon.stop(), 0);
  assert.ok(!daemon.log().includes(SECRET));
});
