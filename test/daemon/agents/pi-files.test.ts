/** The files that the daemon, which is root, writes into a folder of the agent's. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { AgentContext } from "../../../src/daemon/agents/agent.ts";
import { chooseModel } from "../../../src/daemon/agents/model-choice.ts";
import { openFolder } from "../../../src/daemon/agents/own-files.ts";
import { PI_RETRY, piLaunch, writePiFiles } from "../../../src/daemon/agents/pi-config.ts";

const NOBODY = 65_534;

function withoutAnotherUser(): string | false {
  if (process.getuid?.() !== 0) return "needs root";
  const { status } = spawnSync(process.execPath, ["--version"], { uid: NOBODY, gid: NOBODY });
  return status !== 0 && "Node lies in a folder that no other user may enter";
}

/** Exchanges the folder and a link to one of root's, over and over. */
const SWAP = `
  const { mkdirSync, renameSync, symlinkSync } = require("node:fs");
  const [folder, target] = process.argv.slice(1);
  process.chdir(folder);
  mkdirSync("agent");
  symlinkSync(target, "link");
  require("node:fs").writeSync(1, "swapping");
  const moves = [["agent", "real"], ["link", "agent"], ["agent", "link"], ["real", "agent"]];
  for (;;) for (const [from, to] of moves) try { renameSync(from, to); } catch {}`;

test("an agent that swaps its folder for a link gets no file into another one", {
  skip: withoutAnotherUser(),
}, async (t) => {
  const root = mkdtempSync(join(tmpdir(), "pi-files-"));
  t.after(() => rmSync(root, { recursive: true }));
  chmodSync(root, 0o755);
  const [stateDir, keysDir, secret] = [join(root, "pi"), join(root, "keys"), join(root, "secret")];
  for (const folder of [stateDir, keysDir, secret]) mkdirSync(folder);
  for (const folder of [stateDir, keysDir]) chownSync(folder, NOBODY, NOBODY);
  const env = { PATH: "/usr/bin:/bin", OPENAI_API_KEY: "sk-0123456789" };
  const context: AgentContext = {
    ...{ cwd: root, stateDir, keysDir, sessionId: "s", model: undefined, env },
    wrap: (command, args) => ({ command, args }),
    report() {},
    exited() {},
  };
  const model = chooseModel(undefined, env);
  assert.ok(model);
  const launch = piLaunch(context, model, PI_RETRY);

  const swapping = spawn(process.execPath, ["-e", SWAP, stateDir, secret], { uid: NOBODY, gid: NOBODY });
  await once(swapping.stdout, "data");
  for (let turn = 0; turn < 300; turn++) await writePiFiles(context, launch).catch(() => {});
  swapping.kill("SIGKILL");
  await once(swapping, "exit");
  assert.deepEqual(readdirSync(secret), []);

  rmSync(stateDir, { recursive: true });
  mkdirSync(stateDir);
  chownSync(stateDir, NOBODY, NOBODY);
  await writePiFiles(context, launch);
  const [settings, key] = [join(stateDir, "agent/settings.json"), join(keysDir, "openai.key")];
  for (const file of [settings, key])
    assert.deepEqual([statSync(file).uid, statSync(file).mode & 0o777], [NOBODY, 0o600]);
  assert.equal(readFileSync(key, "utf8"), "sk-0123456789");
  assert.equal(readFileSync(settings, "utf8"), launch.files["settings.json"]);
});

test("a link in the place of a folder above the one that is written to leads nowhere", {
  skip: process.getuid?.() !== 0 && "needs root",
}, async (t) => {
  const root = mkdtempSync(join(tmpdir(), "own-files-"));
  t.after(() => rmSync(root, { recursive: true }));
  const [stateDir, secret] = [join(root, "opencode"), join(root, "secret")];
  for (const folder of [stateDir, secret]) mkdirSync(folder);
  chownSync(stateDir, NOBODY, NOBODY);
  await (await openFolder(stateDir, join(stateDir, "own", "opencode")))[Symbol.asyncDispose]();
  for (const folder of ["own", "own/opencode"]) assert.equal(statSync(join(stateDir, folder)).uid, NOBODY, folder);
  symlinkSync(secret, join(stateDir, "data"));
  await assert.rejects(openFolder(stateDir, join(stateDir, "data", "opencode")));
  assert.deepEqual(readdirSync(secret), []);
});
