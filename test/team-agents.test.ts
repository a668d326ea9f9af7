/** What a team can say of its agents in threadbox.yml: what comes out of it, and what is refused in which words. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { type ConfiguredAgent, installationOf, installationsOf, keysOf } from "../src/agent-packages.ts";
import { readConfig } from "../src/config.ts";
import { ThreadboxError } from "../src/errors.ts";
import { withEnv } from "../src/machines.ts";
import { readTeamSettings } from "../src/repositories.ts";
import { chosenAgent } from "../src/team-agents.ts";

const folder = mkdtempSync(join(tmpdir(), "threadbox-team-"));
after(() => rmSync(folder, { recursive: true }));

function read(yaml: string): ConfiguredAgent[] {
  const path = join(folder, "threadbox.yml");
  writeFileSync(path, yaml);
  return readTeamSettings(path).agents;
}

/** The lines below the heading, each a place and what it should be. */
function problemsOf(yaml: string): string[] {
  try {
    read(yaml);
  } catch (thrown) {
    assert.ok(thrown instanceof ThreadboxError);
    assert.equal(thrown.code, "config.invalid");
    return thrown.detail
      .split("\n")
      .slice(1)
      .map((line) => line.trim());
  }
  return [];
}

const pi = { name: "pi", kind: "pi", version: "0.87.1", packages: [], env: {} };
const GEMINI = "{ name: gemini, kind: acp, command: [gemini, --acp], packages: ['@google/gemini-cli@0.61.0'] }";

describe("agents in threadbox.yml", () => {
  test("are pi alone, when nothing is said", () => assert.deepEqual(read("repositories: []"), [pi]));

  test("can be described in every respect", () => {
    const { agents } = readTeamSettings(join(import.meta.dirname, "..", "threadbox.example.yml"));
    assert.deepEqual(agents, [
      pi,
      { name: "claude", kind: "claude", version: "2.1.329", packages: [], env: {} },
      {
        ...{ name: "opus", kind: "claude", version: "2.1.329", packages: [], model: "claude-opus-5" },
        env: { CLAUDE_CODE_MAX_OUTPUT_TOKENS: "32000" },
      },
      { name: "codex", kind: "codex", version: "0.169.0", packages: [], env: {} },
      {
        ...{ name: "gemini", kind: "acp", version: null, packages: ["@google/gemini-cli@0.61.0"], env: {} },
        command: ["gemini", "--acp"],
      },
    ]);
  });

  test("need a name or a kind, and have both", () => {
    const named = (yaml: string) => read(yaml).map(({ name, kind }) => `${name} is ${kind}`);
    assert.deepEqual(named("agents: [{ kind: codex }, { name: claude }, { name: fast, kind: codex }]"), [
      "codex is codex",
      "claude is claude",
      "fast is codex",
    ]);
    assert.deepEqual(named("agents: [{ name: codex, kind: acp, command: [codex-acp] }]"), ["codex is acp"]);
  });

  test("can be those of a repository, by their names", () => {
    assert.deepEqual(problemsOf(`agents: [{ name: pi }, ${GEMINI}]\nrepositories: [{ name: a/b, agent: gemini }]`), []);
  });
});

describe("a mistake about agents is told with its place and what helps", () => {
  const table: [string, string, string][] = [
    ["none at all", "agents: []", "agents: name one, or leave it out for pi"],
    [
      "a name that is no kind, alone",
      "agents: [{ name: gemini }]",
      "agents.0.kind: is missing: pi, claude, opencode, codex, acp; acp is any command that speaks that protocol",
    ],
    [
      "a kind that does not exist",
      "agents: [{ kind: gpt }]",
      "agents.0.kind: has to be one of: pi, claude, opencode, codex, acp",
    ],
    [
      "a name of two words",
      "agents: [{ name: my claude, kind: claude }]",
      "agents.0.name: one word of letters, digits, dots, - and _, at most 40",
    ],
    [
      "a range of versions",
      "agents: [{ name: claude, version: ^2.1.0 }]",
      "agents.0.version: an exact version, such as 2.1.329",
    ],
    ["a tag", "agents: [{ name: claude, version: latest }]", "agents.0.version: an exact version, such as 2.1.329"],
    [
      "a package without its version",
      "agents: [{ kind: acp, command: [gemini, --acp], packages: ['@google/gemini-cli'] }]",
      "agents.0.packages.0: an npm package with its exact version, such as @google/gemini-cli@0.61.0",
    ],
    [
      "a package that would be an option of npm",
      "agents: [{ kind: acp, command: [x], packages: ['--prefix=/@1.0.0'] }]",
      "agents.0.packages.0: an npm package with its exact version, such as @google/gemini-cli@0.61.0",
    ],
    [
      "an acp agent without its command",
      "agents: [{ name: gemini, kind: acp }]",
      "agents.0.command: is missing: what speaks ACP, such as [gemini, --acp]",
    ],
    [
      "an empty command",
      "agents: [{ kind: acp, command: [] }]",
      "agents.0.command: the command line that speaks ACP, such as [gemini, --acp]",
    ],
    [
      "an acp agent with one version",
      "agents: [{ kind: acp, command: [x], version: 1.0.0 }]",
      "agents.0.version: an acp agent has its versions in `packages`",
    ],
    [
      "a command of an agent that has its own",
      "agents: [{ name: pi, command: [pi] }]",
      "agents.0.command: is for acp agents; pi brings its own",
    ],
    ["two of one name", "agents: [{ name: Pi, kind: pi }, { kind: pi }]", "agents.1.name: two of them are called pi"],
    [
      "two versions of one kind",
      "agents: [{ name: claude }, { name: old, kind: claude, version: 2.1.0 }]",
      "agents.1.version: every claude of a machine is the same; give claude and old one version",
    ],
    [
      "two versions of one package",
      `agents: [${GEMINI}, { name: other, kind: acp, command: [gemini], packages: ['@google/gemini-cli@0.60.0'] }]`,
      "agents.1.packages: a machine has one version of @google/gemini-cli: @google/gemini-cli@0.61.0 or @google/gemini-cli@0.60.0",
    ],
    [
      "a secret",
      "agents: [{ name: pi, env: { GEMINI_API_KEY: x } }]",
      "agents.0.env.GEMINI_API_KEY: sounds like a secret; docs/agents.md says where those go",
    ],
    [
      "a variable of the daemon",
      "agents: [{ name: pi, env: { SANDBOX_DAEMON_PORT: x } }]",
      "agents.0.env.SANDBOX_DAEMON_PORT: SANDBOX_DAEMON_ variables are the bot's own",
    ],
    [
      "an unknown setting",
      "agents: [{ name: pi, binary: /bin/pi }]",
      "agents.0: nothing is called binary here; threadbox.example.yml shows everything",
    ],
    [
      "a repository whose agent is not listed",
      "agents: [{ name: pi }, { name: codex }]\nrepositories: [{ name: a/b, agent: claude }]",
      "repositories.0.agent: one of the agents in threadbox.yml: pi, codex",
    ],
    [
      "a repository with an agent, where none are listed",
      "repositories: [{ name: a/b, agent: claude }]",
      "repositories.0.agent: one of the agents in threadbox.yml: pi",
    ],
  ];
  for (const [name, yaml, problem] of table) test(name, () => assert.deepEqual(problemsOf(yaml), [problem]));
});

describe("the agent that works where nobody chooses", () => {
  const agents = read(`agents: [{ name: codex }, ${GEMINI}]`);
  test("is the first of the list", () => assert.equal(chosenAgent(readConfig({}), agents).name, "codex"));
  test("is the one of THREADBOX_AGENT", () => {
    assert.equal(chosenAgent(readConfig({ THREADBOX_AGENT: "gemini" }), agents).kind, "acp");
  });
  test("has to be one of the list", () => {
    assert.throws(
      () => chosenAgent(readConfig({ THREADBOX_AGENT: "pi" }), agents),
      /THREADBOX_AGENT: one of the agents in threadbox\.yml: codex, gemini$/,
    );
  });
});

describe("what is installed for an agent", () => {
  const of = (yaml: string, machine = { platform: "linux", arch: "arm64" }) =>
    installationsOf(read(`agents: [${yaml}]`), machine);

  test("is the package of its platform, where the other one only fetches that by a script", () => {
    assert.deepEqual(of("{ name: claude }, { name: opencode, version: 1.18.30 }"), [
      {
        agent: "claude",
        packages: ["@anthropic-ai/claude-code-linux-arm64@2.1.329"],
        program: "claude",
        version: "2.1.329",
        file: "@anthropic-ai/claude-code-linux-arm64/claude",
      },
      {
        agent: "opencode",
        packages: ["opencode-linux-arm64@1.18.30"],
        program: "opencode",
        version: "1.18.30",
        file: "opencode-linux-arm64/bin/opencode",
      },
    ]);
  });

  test("is one for all of a kind", () => {
    const agents = of("{ name: claude }, { name: opus, kind: claude, model: opus }");
    assert.deepEqual(
      agents.map(({ agent }) => agent),
      ["claude"],
    );
  });

  test("is the team's own matter for a command without packages", () => {
    const [own] = read("agents: [{ name: own, kind: acp, command: [./tools/agent, serve] }]");
    assert.ok(own);
    const { packages, program } = installationOf(own, process);
    assert.deepEqual([packages, program, keysOf(own)], [[], "./tools/agent", null]);
  });
});

test("the environment of an agent goes with whoever is chosen by that name, and with no other", () => {
  const agents = read("agents: [{ name: pi }, { name: fast, kind: pi, env: { SPEED: high } }]");
  const asked = (agent: { kind: string; name?: string }) => withEnv({ workspace: { repos: [] }, agent }, agents).agent;
  assert.deepEqual(asked({ kind: "pi" }), { kind: "pi" });
  assert.deepEqual(asked({ kind: "pi", name: "fast" }), { kind: "pi", name: "fast", env: { SPEED: "high" } });
});
