/** OpenCode over `opencode serve`: how it is started, and where it keeps its conversation. */
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Agent, AgentContext } from "./agent.ts";
import { commandNotFound, findCommand } from "./find-command.ts";
import { type ChosenModel, chooseModel, noKeyFor, splitModel } from "./model-choice.ts";
import { opencodeEnv, opencodeMarks, pluginsIn, writeOpencodeFiles } from "./opencode-config.ts";
import { OpencodeLink, type OpencodeTalk } from "./opencode-run.ts";
import { connectOpencode } from "./opencode-server.ts";
import { openFolder } from "./own-files.ts";
import { type Driver, supervise } from "./supervised.ts";

/** Its waits double from 2 s on, without an end: this gives up after four tries, which are half a minute. */
const MAX_WAIT_MS = 15_000;

export const createOpencode = (context: AgentContext, maxWaitMs = MAX_WAIT_MS): Agent =>
  supervise(context, opencodeDriver(context, maxWaitMs));

function opencodeDriver(context: AgentContext, maxWaitMs: number): Driver {
  const { model: wanted, stateDir, sessionId } = context;
  let model: ChosenModel | null = null;
  // Whoever can speak to it can do what the agent may do.
  const password = randomUUID();
  return {
    kind: "opencode",
    marks: opencodeMarks(context),
    // A server does not end with its input.
    endsBy: "signal",
    async prepare() {
      const { env, loginFile } = context;
      // It knows which provider a login is for, and has a model of its own choice there.
      model = loginFile ? splitModel(wanted) : chooseModel(wanted, env);
      if (!model && !loginFile) return noKeyFor(wanted);
      const found = await findCommand("opencode", env.PATH);
      if (!found) return commandNotFound("opencode");
      const plugins = await pluginsIn(context.cwd);
      if (plugins) return { failure: { code: "agent.failed", detail: `OpenCode would run ${plugins} unasked.` } };
      const version = await writeOpencodeFiles(context, model);
      const args = [...found.args, "serve", "--hostname", "127.0.0.1", "--port", "0"];
      return { command: found.command, args, env: opencodeEnv(context, password), version };
    },
    link: (process) =>
      new OpencodeLink({
        context,
        server: connectOpencode(process, password),
        memory: memoryIn(stateDir, `${sessionId}.conversation`),
        model: model ? { providerID: model.provider, modelID: model.model } : undefined,
        maxWaitMs,
      }),
  };
}

/** The folder is the agent's, so what stands there is taken for a name of a conversation and for nothing else. */
const memoryIn = (stateDir: string, name: string): OpencodeTalk["memory"] => ({
  async read() {
    const text = await readFile(join(stateDir, name), "utf8").catch(() => "");
    return /^ses_\w+$/.test(text) ? text : null;
  },
  async write(session) {
    await using own = await openFolder(stateDir, stateDir);
    await own.replace(name, session);
  },
});
