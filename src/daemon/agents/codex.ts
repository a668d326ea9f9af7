/** Codex over `codex app-server`: how it is started, and what its end means. */
import type { Agent, AgentContext } from "./agent.ts";
import { CODEX_RETRY, type CodexRetry, codexLaunch, codexMarks, codexModel, writeCodexFiles } from "./codex-config.ts";
import { CodexLink } from "./codex-link.ts";
import { commandNotFound, findCommand } from "./find-command.ts";
import { writeKeys } from "./own-files.ts";
import { type Driver, supervise } from "./supervised.ts";

export const createCodex = (context: AgentContext, retry: CodexRetry = CODEX_RETRY): Agent =>
  supervise(context, codexDriver(context, retry));

function codexDriver(context: AgentContext, retry: CodexRetry): Driver {
  return {
    kind: "codex",
    marks: codexMarks(context),
    renew: () => writeKeys(context),
    async prepare() {
      const model = codexModel(context);
      if (model === null) {
        const wanted = context.model ?? "any model";
        return { failure: { code: "agent.no-model", detail: `No OPENAI_API_KEY, which codex needs for ${wanted}.` } };
      }
      const found = await findCommand("codex", context.env.PATH);
      if (!found) return commandNotFound("codex");
      const launch = codexLaunch(context, model, retry);
      await writeCodexFiles(context, launch);
      const { command, args } = found;
      return { command, args: [...args, ...launch.args], env: launch.env, version: JSON.stringify(launch) };
    },
    link: (process) =>
      new CodexLink(process, context, { model: codexModel(context) ?? undefined, maxRetries: retry.streams }),
    // Its standard error is a log of everything that did not go well; the last line of it seldom says why it died.
    reasonOf: ({ signal }) => (signal ? { code: "agent.exited", detail: `codex was killed by ${signal}` } : null),
  };
}
