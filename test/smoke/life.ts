/** A sandbox from its image to its end, with each thing that we believe of Modal's servers on the way. */
import assert from "node:assert/strict";
import { text } from "node:stream/consumers";
import { toThreadboxError } from "../../src/errors.ts";
import type { Machines } from "../../src/machines.ts";
import type { ExecOptions, Sandbox, WakeToken } from "../../src/sandboxes/provider.ts";
import type { Report } from "./report.ts";

export interface Smoke {
  tunnel: Machines;
  connectToken: Machines;
  report: Report;
}

const DAY_MS = 86_400_000;

export async function life({ tunnel, connectToken, report }: Smoke): Promise<void> {
  const id = Date.now().toString(36);
  const [first, second] = [`smoke-${id}`, `smoke-${id}-fork`];
  const tokens = new Set<WakeToken>();
  try {
    const started = await report.check("the image is built, and a sandbox starts from it", async () => {
      return { value: await tunnel.provider.start(first, { from: null }) };
    });
    if (!started) return;
    const sandbox = await awake({ machines: tunnel, report }, started);
    if (!sandbox) return;
    await inside(sandbox, report);
    await byName({ machines: tunnel, report }, sandbox);
    await forked({ machines: tunnel, report }, sandbox, { name: second, tokens });
    const token = await asleep({ machines: tunnel, report }, first, tokens);
    if (token) await wokenByConnectToken({ machines: connectToken, report }, first, token);
    await gone({ machines: tunnel, report }, first, tokens);
  } finally {
    for (const name of [first, second]) await tunnel.provider.destroy(name);
    for (const token of tokens) await tunnel.provider.forget(token);
  }
}

interface Looking {
  machines: Machines;
  report: Report;
}

async function awake({ machines, report }: Looking, started: Sandbox): Promise<Sandbox | null> {
  const sandbox = await report.check("the daemon answers through the tunnel", async () => {
    return { value: await machines.boot(started) };
  });
  if (!sandbox) return null;
  await report.check("whoever has no token of ours gets /health, and nothing else", async () => {
    const [health, status] = await Promise.all(["health", "status"].map((path) => statusOf(sandbox, path, {})));
    assert.deepEqual([health, status], [200, 401]);
    return { value: null };
  });
  await report.check("it lives for a day", async () => {
    const leftMs = (sandbox.endsAt ?? 0) - Date.now();
    assert.ok(leftMs > DAY_MS - 3_600_000 && leftMs <= DAY_MS, `${leftMs} ms are left`);
    return { value: null };
  });
  return sandbox;
}

async function inside(sandbox: Sandbox, report: Report): Promise<void> {
  await report.check("commands have their streams and their exit code", async () => {
    const ran = await run(sandbox, ["sh", "-c", "cat; echo oh >&2; exit 41"], {}, "hello");
    assert.deepEqual(ran, { code: 41, stdout: "hello", stderr: "oh\n" });
    return { value: null };
  });
  await report.check("the agent's user is 1000, and the administrator is root", async () => {
    const [agent, root] = [await run(sandbox, ["id", "-u"]), await run(sandbox, ["id", "-u"], { root: true })];
    assert.deepEqual([agent.stdout, root.stdout], ["1000\n", "0\n"]);
    return { value: null };
  });
  await report.check(
    "nobody gains rights there: no_new_privs is set, and runuser works for root all the same",
    async () => {
      const { stdout } = await run(sandbox, ["grep", "NoNewPrivs", "/proc/self/status"]);
      assert.match(stdout, /1$/m);
      return { value: null };
    },
  );
  await report.check("process 1 is Modal's own", async () => {
    const { stdout } = await run(sandbox, ["cat", "/proc/1/comm"], { root: true });
    assert.notEqual(stdout.trim(), "supervise");
    return { seen: stdout.trim(), value: null };
  });
  await report.check("a written file arrives as it is", async () => {
    await sandbox.put(`${sandbox.workspace}/kept.txt`, Buffer.from("kept\n"));
    assert.equal((await run(sandbox, ["cat", `${sandbox.workspace}/kept.txt`])).stdout, "kept\n");
    return { value: null };
  });
  await report.check("the agent may write into the workspace", async () => {
    assert.equal((await run(sandbox, ["touch", `${sandbox.workspace}/by-the-agent`])).code, 0);
    return { value: null };
  });
}

async function byName({ machines: { provider }, report }: Looking, sandbox: Sandbox): Promise<void> {
  await report.check("a name has one machine: starting it again gives the same one", async () => {
    assert.equal((await provider.start(sandbox.name, { from: null })).url, sandbox.url);
    return { value: null };
  });
  await report.check("it is listed by our tag, with its name", async () => {
    const names = (await provider.list()).map(({ name }) => name);
    assert.ok(names.includes(sandbox.name), `listed: ${names.join(", ") || "nothing"}`);
    return { value: null };
  });
}

async function forked(
  { machines: { provider }, report }: Looking,
  sandbox: Sandbox,
  { name, tokens }: { name: string; tokens: Set<WakeToken> },
): Promise<void> {
  await report.check("files are kept while it runs, and another one starts from them", async () => {
    const token = await provider.snapshot(sandbox.name);
    tokens.add(token);
    const other = await provider.start(name, { from: token });
    assert.equal((await run(other, ["cat", `${other.workspace}/kept.txt`])).stdout, "kept\n");
    await provider.destroy(name);
    return { value: null };
  });
}

async function asleep(
  { machines: { provider }, report }: Looking,
  name: string,
  tokens: Set<WakeToken>,
): Promise<WakeToken | null> {
  const token = await report.check("it falls asleep, and does not run any more", async () => {
    const value = await provider.sleep(name);
    tokens.add(value);
    assert.equal(await provider.find(name), null);
    return { value };
  });
  await report.check(
    "an ended one is still found by its name, with the tag that says where its files are",
    async () => {
      assert.equal(await provider.sleep(name), token);
      return { value: null };
    },
  );
  return token;
}

async function wokenByConnectToken({ machines, report }: Looking, name: string, token: WakeToken): Promise<void> {
  const sandbox = await report.check(
    "its name is free, and it wakes under it with its files and their owners",
    async () => {
      const value = await machines.provider.start(name, { from: token });
      const { stdout } = await run(value, [
        "stat",
        "-c",
        "%u",
        `${value.workspace}/by-the-agent`,
        `${value.workspace}/kept.txt`,
      ]);
      assert.match(stdout, /^1000\n\d+\n$/);
      return { value };
    },
  );
  if (!sandbox) return;
  await report.check("the daemon answers behind a connect token that travels as a cookie", async () => {
    return { value: await machines.boot(sandbox) };
  });
  await report.check("without that token nothing gets as far as the daemon", async () => {
    const status = await statusOf(sandbox, "health", {});
    assert.ok(status === 401 || status === 403, `status ${status}`);
    return { seen: `status ${status}`, value: null };
  });
}

async function gone({ machines: { provider }, report }: Looking, name: string, tokens: Set<WakeToken>): Promise<void> {
  await report.check("it ends when it is told to", async () => {
    await provider.destroy(name);
    assert.equal(await provider.find(name), null);
    return { value: null };
  });
  await report.check("deleted files cannot be started from", async () => {
    const [token] = tokens;
    assert.ok(token, "there were none");
    await provider.forget(token);
    const code = await provider.start(name, { from: token }).then(
      () => "it started",
      (thrown: unknown) => toThreadboxError(thrown).code,
    );
    assert.equal(code, "sandbox.lost");
    return { value: null };
  });
}

async function statusOf({ url }: Sandbox, path: string, headers: Record<string, string>): Promise<number> {
  const response = await fetch(new URL(path, url), {
    headers,
    signal: AbortSignal.timeout(20_000),
    redirect: "manual",
  });
  await response.body?.cancel();
  return response.status;
}

async function run(
  sandbox: Sandbox,
  command: string[],
  options: ExecOptions = {},
  input = "",
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { stdin, stdout, stderr, exitCode } = await sandbox.exec(command, options);
  const writer = stdin.getWriter();
  const written = writer.write(Buffer.from(input)).then(() => writer.close());
  const [out, err, code] = await Promise.all([text(stdout), text(stderr), exitCode, written.catch(() => undefined)]);
  return { code, stdout: out, stderr: err };
}
