/** `threadbox agents`: the real npm installs small packages from a registry on this machine, and sandboxes find what is in them. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { localProvider } from "../../src/sandboxes/local.ts";
import { quiet } from "../quiet.ts";
import { type Published, type Registry, startRegistry } from "./npm-registry.ts";
import { documentOf, type Env, newFolder } from "./threadbox.ts";

const PLATFORM = `${process.platform}-${process.arch}`;
const CLAUDE: Published = {
  ...{ name: `@anthropic-ai/claude-code-${PLATFORM}`, version: "2.1.329", file: "claude" },
  says: "2.1.329 (Claude Code)",
};
const CODEX: Published = {
  ...{ name: "@openai/codex", version: "0.168.0", file: "bin/codex.js", bin: "codex" },
  ...{ says: "codex-cli 0.168.0", postinstall: "touch scripts-ran" },
};
const GEMINI: Published = {
  ...{ name: "@google/gemini-cli", version: "0.61.0", file: "bundle/gemini.js", bin: "gemini" },
  says: "0.61.0",
};

const AGENTS = `agents:
  - name: pi
  - name: claude
  - name: codex
    version: 0.168.0
  - name: gemini
    kind: acp
    command: [gemini, --acp]
    packages: ["@google/gemini-cli@0.61.0"]
`;

interface Agent {
  name: string;
  is: string;
  wanted: string | null;
  found: string | null;
  path: string | null;
  keys: string[] | null;
  ready: boolean;
  remedy: string | null;
}

describe("threadbox agents", () => {
  const folder = newFolder();
  let registry: Registry;
  before(async () => {
    registry = await startRegistry([CLAUDE, CODEX, GEMINI]);
  });
  after(async () => {
    await registry.close();
    await folder.remove();
  });
  afterEach(() => rmSync(join(folder.path, "threadbox.yml"), { force: true }));

  const installed = (...path: string[]): string => join(folder.home, "agents", ...path);
  const settings = (yaml: string): void => writeFileSync(join(folder.path, "threadbox.yml"), yaml);
  const listed = async (env: Env = {}): Promise<Agent[]> =>
    Object(documentOf(await folder.run(["agents", "--json"], env))).agents;

  test("without a list shows pi, which needs no installation, and says that it has no key", async () => {
    const { code, stdout } = await folder.run(["agents"]);
    assert.equal(code, 0);
    assert.match(stdout, /^pi \* +pi +0\.87\.1 +0\.87\.1 +ANTHROPIC_API_KEY or OPENAI_API_KEY +no key +\/.*\/pi$/m);
    assert.match(stdout, /^pi: Set ANTHROPIC_API_KEY or OPENAI_API_KEY in \.env\.$/m);
    const [pi] = await listed({ OPENAI_API_KEY: "sk-1" });
    assert.deepEqual([pi?.is, pi?.ready, pi?.remedy], ["there", true, null]);
    const did = await folder.run(["agents", "install"]);
    assert.deepEqual([did.code, did.stderr], [0, ""]);
    assert.match(did.stdout, /^pi 0\.87\.1 comes with Threadbox: /);
  });

  test("says of each that is missing how it is installed, and installs the one that is named", async () => {
    settings(AGENTS);
    const { stdout } = await folder.run(["agents"]);
    assert.match(stdout, /^codex +codex +0\.168\.0 +- +OPENAI_API_KEY +not installed +-$/m);
    assert.match(stdout, /^gemini +acp +0\.61\.0 +- +its own +not installed +-$/m);
    assert.match(stdout, /^claude: Install it: threadbox agents install claude$/m);
    // As `npm run threadbox -- agents install` would have it.
    const env = { ...registry.env, npm_config_local_prefix: folder.path };
    const ran = await folder.run(["agents", "install", "codex"], env);
    assert.equal(ran.code, 0, ran.stderr);
    assert.match(ran.stderr, /^· installing codex with npm: @openai\/codex@0\.168\.0$/m);
    assert.equal(ran.stdout, `codex 0.168.0 is installed: ${installed("bin", "codex")}\n`);
    assert.deepEqual(registry.asked, ["@openai/codex"]);
    assert.equal(existsSync(join(folder.path, "package.json")), false);
    assert.equal(existsSync(installed("node_modules", "@openai", "codex", "scripts-ran")), false);
  });

  test("installs the rest, in exact versions that npm's lockfile holds, and nothing twice", async () => {
    settings(AGENTS);
    const ran = await folder.run(["agents", "install", "--json"], registry.env);
    assert.equal(ran.code, 0, ran.stderr);
    const {
      ok,
      folder: place,
      agents,
    } = documentOf(ran) as Record<string, unknown> & { agents: Record<string, unknown>[] };
    assert.deepEqual([ok, place], [true, installed()]);
    assert.deepEqual(
      agents.map(({ name, did, found }) => [name, did, found]),
      [
        ["pi", "comes-with-threadbox", "0.87.1"],
        ["claude", "installed", "2.1.329"],
        ["codex", "was-there", "0.168.0"],
        ["gemini", "installed", "0.61.0"],
      ],
    );
    const { dependencies } = JSON.parse(readFileSync(installed("package.json"), "utf8"));
    assert.deepEqual(dependencies, {
      [CLAUDE.name]: "2.1.329",
      "@openai/codex": "0.168.0",
      "@google/gemini-cli": "0.61.0",
    });
    assert.ok(existsSync(installed("package-lock.json")));
    assert.deepEqual(readdirSync(installed("bin")), ["claude", "codex", "gemini"]);
    assert.deepEqual(
      (await listed({ ANTHROPIC_API_KEY: "sk-1" })).map(({ name, is, ready, remedy }) => [name, is, ready, remedy]),
      [
        ["pi", "there", true, null],
        ["claude", "there", true, null],
        ["codex", "there", false, "Set OPENAI_API_KEY in .env."],
        ["gemini", "there", true, null],
      ],
    );
  });

  test("says when another version is wanted than the one that is there", async () => {
    settings(AGENTS.replace("0.168.0", "0.169.0").replace("cli@0.61.0", "cli@0.62.0"));
    const of = Object.fromEntries((await listed()).map((agent) => [agent.name, agent]));
    assert.deepEqual([of.codex?.is, of.codex?.wanted, of.codex?.found], ["outdated", "0.169.0", "0.168.0"]);
    assert.equal(of.codex?.remedy, "Install it: threadbox agents install codex");
    assert.deepEqual([of.gemini?.is, of.gemini?.wanted], ["outdated", "0.62.0"]);
  });

  for (const bubblewrap of ["auto", "off"] as const)
    test(`what is installed is found by sandboxes ${bubblewrap === "off" ? "without walls" : "on this machine"}, before the programs of the system`, async (t) => {
      const provider = localProvider({ home: folder.home, log: quiet, bubblewrap });
      const sandbox = await provider.start(`finds-${bubblewrap}`, { from: null });
      t.after(() => provider.destroy(sandbox.name));
      const { stdout } = await sandbox.exec(["sh", "-c", 'codex --version; claude --version; echo "$PATH"']);
      const [codex, claude, first] = (await new Response(stdout).text()).split("\n");
      assert.deepEqual([codex, claude], ["codex-cli 0.168.0", "2.1.329 (Claude Code)"]);
      assert.match(first ?? "", /^[^:]+\/agents\/bin:/);
    });

  test("refuses an agent that is not listed, and one that npm cannot get, with what npm says", async () => {
    settings(AGENTS);
    const unknown = await folder.run(["agents", "install", "cursor"], registry.env);
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /no agent cursor\. It has pi, claude, codex, gemini; others are added under `agents`/);
    settings("agents: [{ name: codex, version: 9.9.9 }]");
    const { code, stdout, stderr } = await folder.run(["agents", "install", "--json"], registry.env);
    assert.equal(code, 1);
    assert.equal(Object(JSON.parse(stdout).error).code, "agent.not-installed");
    assert.match(stderr, /npm ended with 1:[\s\S]*No matching version found for @openai\/codex@9\.9\.9/);
  });

  test("leaves what no package brings to whoever brings it", async () => {
    settings(
      "agents: [{ name: own, kind: acp, command: [own-agent] }, { name: ours, kind: acp, command: [./tools/agent] }]",
    );
    const { code, stdout } = await folder.run(["agents", "install"]);
    assert.equal(code, 1);
    assert.match(stdout, /^own: Put own-agent where local sandboxes find it \(docs\/agents\.md\)/m);
    assert.match(stdout, /^ours is not installed by Threadbox$/m);
  });

  test("refuses a THREADBOX_AGENT that is not listed, as the start does", async () => {
    settings("agents: [{ name: pi }]");
    const { code, stderr } = await folder.run(["agents"], { THREADBOX_AGENT: "clode" });
    assert.equal(code, 1);
    assert.match(stderr, /THREADBOX_AGENT: one of the agents in threadbox\.yml: pi/);
  });

  test("calls an agent installed, and not ready, of whose key nobody here knows", async () => {
    settings(AGENTS);
    const { stdout } = await folder.run(["agents"]);
    assert.match(stdout, /^gemini +acp +0\.61\.0 +\S+ +its own +installed +\S/m);
  });

  test("installs nothing here when sandboxes are at Modal", async () => {
    settings(AGENTS);
    const atModal = { THREADBOX_PROVIDER: "modal", MODAL_TOKEN_ID: "ak-1", MODAL_TOKEN_SECRET: "as-1" };
    const { code, stderr } = await folder.run(["agents", "install"], atModal);
    assert.equal(code, 1);
    assert.match(stderr, /Sandboxes are at modal, whose image has the agents of threadbox\.yml\./);
    const { stdout } = await folder.run(["agents"], { ...atModal, ANTHROPIC_API_KEY: "sk-1" });
    assert.match(stdout, /^claude +claude +2\.1\.329 +- +ANTHROPIC_API_KEY +in the image +-$/m);
    assert.match(stdout, /^codex +codex +0\.168\.0 +- +OPENAI_API_KEY +in the image, no key +-$/m);
  });
});
