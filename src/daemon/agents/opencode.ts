/** OpenCode over `opencode serve`: how it is started, and where it keeps its conversation. */
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Agent, AgentContext } from "./agent.ts";
import { findCommand } from "./find-command.ts";
import { opencodeEnv, opencodeMarks, writeOpencodeFiles } from "./opencode-config.ts";
import { OpencodeLink, type OpencodeTalk } from "./opencode-run.ts";
import { connectOpencode } from "./opencode-server.ts";
import { openFolder } from "./own-files.ts";
import { chooseModel, type PiModel } from "./pi-config.ts";
import { type Driver, supervise } from "./supervised.ts";

/** Its waits double from 2 s on, without an end: this gives up after four tries, which are half a minute. */
const MAX_WAIT_MS = 15_000;

export const createOpencode = (context: AgentContext, maxWaitMs = MAX_WAIT_MS): Agent =>
  supervise(context, opencodeDriver(context, maxWaitMs));

function opencodeDriver(context: AgentContext, maxWaitMs: number): Driver {
  const { model: wanted, stateDir, sessionId } = context;
  let model: PiModel | null = null;
  // Whoever can speak to it can do what the agent may do.
  const password = randomUUID();
  return {
    kind: "opencode",
    marks: opencodeMarks(context),
    // A server does not end with its input.
    endsBy: "signal",
    async prepare() {
      const { env, loginFile } = context;
      model = loginFile ? ofLogin(wanted) : chooseModel(wanted, env);
      if (!model && !loginFile)
        return { failure: { code: "agent.no-model", detail: `No key for ${wanted ?? "any model"}.` } };
      const found = await findCommand("opencode", env.PATH);
      if (!found)
        return { failure: { code: "agent.not-found", detail: "There is no `opencode` on the agent's PATH." } };
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

/** It knows which provider the login is for, and has a model of its own choice there. */
function ofLogin(wanted = ""): PiModel | null {
  const slash = wanted.indexOf("/");
  return slash > 0 ? { provider: wanted.slice(0, slash), model: wanted.slice(slash + 1) } : null;
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
