/** An agent that has a user of its own cannot look at the daemon. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type AgentUser, readDaemonConfig } from "../../src/daemon/config.ts";
import { createAgentAccount } from "../../src/daemon/ownership.ts";
import { newFolder, startDaemon, turnEnded } from "./running-daemon.ts";
import { done, scriptedAgent } from "./scripted-agent.ts";

const BASE = { HOME: "/root", PATH: process.env.PATH ?? "", LANG: "C.UTF-8", TERM: "dumb" };

test("without a user of its own it runs as the daemon does", () => {
  const account = createAgentAccount(null, BASE);
  assert.deepEqual(account.wrap("pi", ["--mode", "rpc"]), { command: "pi", args: ["--mode", "rpc"] });
  assert.deepEqual(account.env, BASE);
});

const missing =
  process.getuid?.() !== 0
    ? "only root can run the agent as somebody else"
    : spawnSync("runuser", ["--version"]).status !== 0
      ? "runuser is not installed"
      : false;

test("with one it gets its own folders and nothing of ours", { skip: missing }, async (t) => {
  const agentUser: AgentUser | null = readDaemonConfig(["pi"], { SANDBOX_DAEMON_AGENT_USER: "nobody" }).agentUser;
  assert.ok(agentUser);
  const seen: Record<string, string> = {};
  const agent = scriptedAgent(({ context }) => {
    const look = (name: string, script: string) => {
      const { command, args } = context.wrap("sh", ["-c", script]);
      seen[name] = execFileSync(command, args, { env: context.env, encoding: "utf8" }).trim();
    };
    look("user", "id -un");
    look("variables", "env | cut -d= -f1 | sort | tr '\\n' ' '");
    look("workspace", `touch ${context.cwd}/file && echo ok`);
    look("state", `touch ${context.stateDir}/file && echo ok`);
    look("journal", `cat ${join(context.stateDir, "../../journal.db")} 2>/dev/null || echo refused`);
    look("keys", `ls ${join(context.stateDir, "../../keys/daemon")} 2>/dev/null || echo refused`);
    look("daemon", `cat /proc/${process.pid}/environ 2>/dev/null || echo refused`);
    return done();
  });
  const folder = newFolder(t);
  execFileSync("chmod", ["755", folder]);
  const daemon = await startDaemon(t, {
    agents: { scripted: agent.factory },
    folder,
    config: { agentUser, agentBaseEnv: BASE },
  });
  await daemon.post("/credentials", { version: "1", llm: { openaiApiKey: "sk-0123456789" } });
  await daemon.prompt("Look around", { id: "p1" });
  await daemon.until(turnEnded("p1"));
  assert.deepEqual(
    { ...seen, variables: seen.variables?.replace(/\b(_|PWD|SHLVL|OLDPWD|SHELL) /g, "").trim() },
    {
      user: "nobody",
      variables: "GIT_CONFIG_COUNT GIT_CONFIG_KEY_0 GIT_CONFIG_VALUE_0 HOME LANG LOGNAME OPENAI_API_KEY PATH TERM USER",
      workspace: "ok",
      state: "ok",
      journal: "refused",
      keys: "refused",
      daemon: "refused",
    },
  );
  assert.equal(statSync(join(folder, "state", "journal.db")).mode & 0o777, 0o600);
  assert.equal(readFileSync(join(folder, "state", "keys", "daemon", "OPENAI_API_KEY"), "utf8"), "sk-0123456789");
});
