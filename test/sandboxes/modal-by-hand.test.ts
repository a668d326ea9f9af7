/** The commands of docs/modal.md that start a daemon by hand and speak to it, word for word: on this machine, and at an emulated Modal. */
import assert from "node:assert/strict";
import { execFile, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, describe, type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { serveGit } from "../../src/cli/demo-git.ts";
import { DEMO_NAME, makeDemoRepository } from "../../src/cli/demo-repository.ts";
import { daemonBundle } from "../../src/sandboxes/bundle.ts";
import { startBundle } from "../daemon/started-bundle.ts";
import { textOf } from "../documents.ts";
import { available } from "../emulators/modal/machine-available.ts";
import { modalEmulator } from "../emulators/modal.ts";

const ROOT = join(import.meta.dirname, "../..");
const section = /\n## By hand\n([\s\S]*?)\n## /.exec(textOf("docs/modal.md"))?.[1] ?? "";
const blocks = [...section.matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)].map(([, kind, text = ""]) => ({ kind, text }));
const block = (kind: string, words: string): string => {
  const found = blocks.filter((one) => one.kind === kind && one.text.includes(words));
  assert.equal(found.length, 1, `one ${kind} block with ${words}`);
  return found[0]?.text ?? "";
};

const PREPARE = block("bash", "npm run build:daemon");
const SCRIPT = block("js", "new ModalClient()");
const LOCALLY = block("bash", "SANDBOX_DAEMON_HOST=127.0.0.1");
const TOKENS = block("bash", "SignJWT");
const END = block("bash", ".terminate()");
/** One each, by what it goes to. */
const LINES = block("bash", "/health").split(/\n\n(?=#)/);
const line = (route: string): string => LINES.find((one) => one.includes(`"$URL/${route}`)) ?? assert.fail(route);

interface Hand {
  folder: string;
  env: Record<string, string>;
}

/** A folder that looks as the checkout does after `npm run build:daemon`. */
async function checkout(t: TestContext, env: Record<string, string>): Promise<Hand> {
  const folder = mkdtempSync(join(tmpdir(), "threadbox-by-hand-"));
  t.after(() => rmSync(folder, { recursive: true }));
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  mkdirSync(join(folder, "dist"));
  writeFileSync(join(folder, "dist/daemon.mjs"), (await daemonBundle()).bytes);
  writeFileSync(join(folder, "by-hand.mjs"), SCRIPT);
  const PATH = `${join(ROOT, "node_modules/.bin")}:${process.env.PATH}`;
  return {
    folder,
    env: { PATH, HOME: folder, OPENAI_API_KEY: "sk-none", GH_TOKEN: "ghp_nobody", SECRET: "0f".repeat(32), ...env },
  };
}

async function run({ folder, env }: Hand, script: string): Promise<string> {
  const { stdout } = await promisify(execFile)("bash", ["-ec", script], { cwd: folder, env, timeout: 240_000 });
  return stdout;
}

async function gitRemote(t: TestContext): Promise<{ source: string; port: number }> {
  const root = mkdtempSync(join(tmpdir(), "threadbox-by-hand-git-"));
  makeDemoRepository(root);
  const { url, close } = await serveGit(root);
  t.after(async () => {
    await close();
    rmSync(root, { recursive: true });
  });
  return { source: `${url}/${DEMO_NAME}.git`, port: Number(new URL(url).port) };
}

/** Everything that the page does once the daemon is up. `source` stands for the repository that the reader fills in. */
async function speak(stranger: Hand, source: string): Promise<void> {
  const hand = await withTokens(stranger);
  const ask = async (command: string) => JSON.parse(await run(hand, command));
  assert.equal((await ask(line("health"))).ok, true);
  assert.deepEqual(await ask(line("credentials")), { ok: true });
  assert.equal((await ask(line("init").replace("github:owner/name", source))).ok, true);
  const prompted = await ask(line("prompt"));
  assert.deepEqual([prompted.success, prompted.disposition], [true, "started"]);
  const events = await follow(hand);
  assert.deepEqual(events.slice(0, 1), ["daemon.started"]);
  assert.equal(events.at(-1), "turn.started");
  assert.ok((await ask(line("abort"))).success);
}

/** As the reader's terminal has them from then on. */
async function withTokens({ folder, env }: Hand): Promise<Hand> {
  const [CONTROL_TOKEN = "", OBSERVER_TOKEN = ""] = (
    await run({ folder, env }, `${TOKENS}\necho $CONTROL_TOKEN $OBSERVER_TOKEN`)
  ).split(/\s/);
  return { folder, env: { ...env, CONTROL_TOKEN, OBSERVER_TOKEN } };
}

/** The types of the events, until the turn has begun. */
async function follow({ folder, env }: Hand): Promise<string[]> {
  const curl = spawn("bash", ["-ec", `exec ${line("stream").split("\n").slice(1).join("\n")}`], {
    ...{ cwd: folder, env },
    stdio: ["ignore", "pipe", "ignore"],
  });
  let text = "";
  for await (const chunk of curl.stdout.setEncoding("utf8")) {
    text += chunk;
    const data = [...text.matchAll(/^data: (.*)\n/gm)].map(([, json = ""]) => JSON.parse(json).event.type);
    if (data.includes("turn.started")) return data.slice(0, data.indexOf("turn.started") + 1);
  }
  return [];
}

const noCurl = spawnSync("curl", ["--version"]).status === 0 ? false : "curl is not installed";

describe("a daemon by hand, as docs/modal.md has it", () => {
  let noMachines: string | null = null;
  before(async () => {
    noMachines = await available();
  });

  test("is prepared with commands that exist", () => {
    assert.match(PREPARE, /^npm run build:daemon +# writes dist\/daemon\.mjs$/m);
    assert.deepEqual(LINES.length, 6);
    assert.equal(
      spawnSync("bash", ["-n"], {
        input: blocks
          .filter(({ kind }) => kind === "bash")
          .map(({ text }) => text)
          .join("\n"),
      }).status,
      0,
    );
  });

  test("works on this machine", { skip: noCurl }, async (t) => {
    const hand = await checkout(t, {});
    const { source } = await gitRemote(t);
    const variables = [...LOCALLY.matchAll(/^(SANDBOX_DAEMON_\w+)=(\S+) \\$/gm)].map(([, name = "", value = ""]) => [
      name,
      value,
    ]);
    const daemon = await startBundle(t, hand.folder, {
      ...Object.fromEntries(variables),
      SANDBOX_DAEMON_PORT: "0",
      SANDBOX_DAEMON_WORKSPACE_ROOT: join(hand.folder, "workspace"),
      SANDBOX_DAEMON_JWT_SECRET: hand.env.SECRET ?? "",
    });
    await speak({ ...hand, env: { ...hand.env, URL: daemon.url } }, source);
    assert.equal(await daemon.stop(), 0);
  });

  test("works at Modal", { skip: noCurl }, async (t) => {
    if (noMachines) return t.skip(noMachines);
    const modal = await modalEmulator();
    t.after(() => modal.close());
    const { source, port } = await gitRemote(t);
    await modal.allowHostPort(port);
    const trust = { NODE_EXTRA_CA_CERTS: modal.caFile, CURL_CA_BUNDLE: modal.caFile };
    const hand = await checkout(t, { ...modal.environment, ...trust });
    const url = (await run(hand, "node by-hand.mjs")).trim();
    assert.match(url, /^https:/);
    const [sandbox] = modal.sandboxes();
    assert.ok(sandbox);
    await run(hand, `for i in $(seq 200); do curl -sf "${url}/health" && exit 0; sleep 0.1; done; exit 1`);
    await speak({ ...hand, env: { ...hand.env, URL: url } }, source);
    await run(hand, END.replace("sb-...", sandbox.id));
    assert.equal(modal.sandboxes()[0]?.state.is, "finished");
  });
});
