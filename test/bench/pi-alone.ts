/**
 * pi without us: the same binary with the same flags and files, started by hand outside of any sandbox. What it needs to its first
 * request to the model is its own; the rest of what a person waits for is ours.
 */
import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import type { AgentContext } from "../../src/daemon/agents/agent.ts";
import { AgentProcess } from "../../src/daemon/agents/agent-process.ts";
import { findCommand } from "../../src/daemon/agents/find-command.ts";
import { chooseModel } from "../../src/daemon/agents/model-choice.ts";
import { PI_RETRY, piLaunch, writePiFiles } from "../../src/daemon/agents/pi-config.ts";
import { parsePiLine } from "../../src/daemon/agents/pi-protocol.ts";
import { findTools } from "../../src/sandboxes/local-inside.ts";
import { check } from "./measure.ts";
import type { Model } from "./model.ts";

export interface PiAlone {
  /** From its start to its request. A second call goes on with the session of the first, as after a sleep. */
  start(): Promise<number>;
  /** From a prompt to its request, while it runs. */
  prompt(): Promise<number>;
  end(): Promise<void>;
}

/** `cwd` is a clone like the one in a sandbox. */
export async function piAlone(model: Model, folder: string, cwd: string): Promise<PiAlone> {
  const root = await mkdtemp(join(folder, "pi-"));
  await mkdir(join(root, "state"));
  const tools = findTools();
  const context: AgentContext = {
    cwd,
    stateDir: join(root, "state"),
    keysDir: join(root, "state"),
    sessionId: randomUUID(),
    model: undefined,
    env: {
      HOME: root,
      PATH: [dirname(tools.node), join(tools.nodeModules, ".bin"), "/usr/local/bin:/usr/bin:/bin"].join(delimiter),
      ANTHROPIC_API_KEY: "scripted",
      ANTHROPIC_BASE_URL: model.url,
    },
    wrap: (command, args) => ({ command, args }),
    report: () => {},
    exited: () => {},
  };
  const chosen = chooseModel(undefined, context.env);
  const found = await findCommand("pi", context.env.PATH);
  check(chosen !== null && found !== null, "there is no pi, or no model for it");
  const launch = piLaunch(context, chosen, PI_RETRY);
  await writePiFiles(context, launch);
  let pi: AgentProcess | null = null;
  let settled = Promise.withResolvers<void>();

  const ask = async (since: number): Promise<number> => {
    settled = Promise.withResolvers<void>();
    const asked = model.asked();
    pi?.send({ type: "prompt", message: "the test fails, please fix it" });
    const tookMs = (await asked) - since;
    await settled.promise;
    return tookMs;
  };
  return {
    start() {
      const startedAt = performance.now();
      pi = new AgentProcess({ ...found, args: [...found.args, ...launch.args], cwd, env: launch.env });
      pi.onLine((value) => {
        const line = parsePiLine(value);
        if (line?.type === "response" && !line.success) settled.reject(new Error(`pi did not take it: ${line.error}`));
        if (line?.type === "agent_settled") settled.resolve();
      });
      return ask(startedAt);
    },
    prompt: () => ask(performance.now()),
    end: async () => pi?.end(5_000),
  };
}
