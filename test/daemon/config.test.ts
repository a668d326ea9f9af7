/** Starting the daemon by hand: what is assumed, and what it says when something is wrong. */
import assert from "node:assert/strict";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { describe, test } from "node:test";
import { ConfigProblems, type Environment, readDaemonConfig } from "../../src/daemon/config.ts";

const read = (env: Environment) => readDaemonConfig(["pi", "claude"], env);
const JWK = '{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}';

function problemsOf(env: Environment): string[] {
  try {
    read(env);
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigProblems);
    return error.problems;
  }
}

test("an empty environment is a daemon on loopback without tokens", () => {
  assert.deepEqual(read({ HOME: "/home/ann", PATH: "/bin", LANG: "de_DE.UTF-8", TERM: "xterm" }), {
    host: "127.0.0.1",
    port: 8787,
    name: "sandbox",
    workspaceRoot: resolve("workspace"),
    stateDir: resolve(".sandbox-daemon"),
    keysDir: resolve(".sandbox-daemon/keys"),
    auth: { is: "off" },
    agentKind: "pi",
    agentUser: null,
    agentBaseEnv: { HOME: "/home/ann", PATH: "/bin", LANG: "de_DE.UTF-8", TERM: "xterm" },
    llm: {},
    journalMaxBytes: 67_108_864,
    questionDeadlineMs: 1_800_000,
  });
});

test("on a machine of its own the agent finds what the owner put into the environment, and nothing of ours or the provider's", () => {
  const { agentBaseEnv } = read({
    ...{ HOME: "/root", PATH: "/bin", LANG: "C", TERM: "dumb" },
    ...{ NPM_TOKEN: "n", TZ: "Europe/Berlin" },
    ...{ MODAL_IDENTITY_TOKEN: "m", SANDBOX_DAEMON_JWT_SECRET: "s", SANDBOX_DAEMON_AGENT_ENV: "inherit" },
  });
  assert.deepEqual(agentBaseEnv, {
    ...{ HOME: "/root", PATH: "/bin", LANG: "C", TERM: "dumb" },
    ...{ NPM_TOKEN: "n", TZ: "Europe/Berlin" },
  });
});

test("everything can be set", () => {
  const config = read({
    SANDBOX_DAEMON_HOST: "0.0.0.0",
    SANDBOX_DAEMON_PORT: "9000",
    SANDBOX_DAEMON_ID: "box-7",
    SANDBOX_DAEMON_WORKSPACE_ROOT: "~/work",
    SANDBOX_DAEMON_STATE_DIR: "/var/lib/daemon",
    SANDBOX_DAEMON_JWT_ENABLED: "true",
    SANDBOX_DAEMON_JWT_SECRET: "s",
    SANDBOX_DAEMON_JWT_PUBLIC_KEY: JWK,
    SANDBOX_DAEMON_AGENT_MODE: "claude",
    SANDBOX_DAEMON_JOURNAL_MAX_MB: "8",
    SANDBOX_DAEMON_QUESTION_MINUTES: "5",
    OPENAI_API_KEY: "sk-1",
    ANTHROPIC_BASE_URL: "http://127.0.0.1:4010",
  });
  assert.deepEqual(
    [
      config.host,
      config.port,
      config.name,
      config.workspaceRoot,
      config.stateDir,
      config.agentKind,
      config.journalMaxBytes,
      config.questionDeadlineMs,
    ],
    ["0.0.0.0", 9000, "box-7", join(homedir(), "work"), "/var/lib/daemon", "claude", 8_388_608, 300_000],
  );
  assert.deepEqual(config.auth, { is: "on", secret: "s", publicKey: JSON.parse(JWK) });
  assert.deepEqual(config.llm, { openaiApiKey: "sk-1", anthropicBaseUrl: "http://127.0.0.1:4010" });
});

test("the runbook's agent mode is pi", () => {
  assert.equal(read({ SANDBOX_DAEMON_AGENT_MODE: "pi-rpc" }).agentKind, "pi");
});

describe("tokens", () => {
  const NO_KEY =
    "SANDBOX_DAEMON_JWT_SECRET: set it (or SANDBOX_DAEMON_JWT_PUBLIC_KEY), or listen on 127.0.0.1 without tokens";
  const OPEN = "SANDBOX_DAEMON_JWT_ENABLED: without tokens listen on 127.0.0.1 only, or remove this variable";
  const cases: [string, Environment, string[] | "on" | "off"][] = [
    ["are needed where others can reach it", { SANDBOX_DAEMON_HOST: "0.0.0.0" }, [NO_KEY]],
    ["cannot be turned off there", { SANDBOX_DAEMON_HOST: "::", SANDBOX_DAEMON_JWT_ENABLED: "false" }, [OPEN]],
    [
      "cannot be turned off there with a key, either",
      { SANDBOX_DAEMON_HOST: "0.0.0.0", SANDBOX_DAEMON_JWT_SECRET: "s", SANDBOX_DAEMON_JWT_ENABLED: "false" },
      [OPEN],
    ],
    ["that are asked for need a key", { SANDBOX_DAEMON_JWT_ENABLED: "true" }, [NO_KEY]],
    ["are checked as soon as there is a secret", { SANDBOX_DAEMON_JWT_SECRET: "s" }, "on"],
    ["are checked as soon as there is a public key", { SANDBOX_DAEMON_JWT_PUBLIC_KEY: JWK }, "on"],
    ["can be turned off on loopback", { SANDBOX_DAEMON_JWT_SECRET: "s", SANDBOX_DAEMON_JWT_ENABLED: "false" }, "off"],
  ];
  for (const [name, env, expected] of cases) {
    test(name, () => {
      if (typeof expected === "string") assert.equal(read(env).auth.is, expected);
      else assert.deepEqual(problemsOf(env), expected);
    });
  }
});

test("all problems are told at once, each with what to do", () => {
  const env = {
    SANDBOX_DAEMON_HOST: "0.0.0.0",
    SANDBOX_DAEMON_PORT: "http",
    SANDBOX_DAEMON_WORKSPACE_ROOT: "/srv/work",
    SANDBOX_DAEMON_STATE_DIR: "/srv/work/state",
    SANDBOX_DAEMON_JWT_PUBLIC_KEY: "-----BEGIN PUBLIC KEY-----",
    SANDBOX_DAEMON_AGENT_MODE: "hal",
    SANDBOX_DAEMON_AGENT_USER: "nobody-of-that-name",
  };
  assert.deepEqual(problemsOf(env), [
    "SANDBOX_DAEMON_STATE_DIR: choose a folder outside the workspace /srv/work",
    'SANDBOX_DAEMON_PORT: give a whole number from 0 to 65535; it is "http"',
    "SANDBOX_DAEMON_JWT_PUBLIC_KEY: give the JWK of an Ed25519 public key as JSON",
    "SANDBOX_DAEMON_JWT_SECRET: set it (or SANDBOX_DAEMON_JWT_PUBLIC_KEY), or listen on 127.0.0.1 without tokens",
    'SANDBOX_DAEMON_AGENT_MODE: choose one of pi, claude; it is "hal"',
    'SANDBOX_DAEMON_AGENT_USER: there is no user "nobody-of-that-name" here; make one with: useradd -m nobody-of-that-name',
  ]);
});
