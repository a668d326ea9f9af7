/** Claude Code over `claude -p` with JSON lines both ways: how it is started, and what its end means. */
import type { Agent, AgentContext } from "./agent.ts";
import {
  CLAUDE_RETRIES,
  chooseClaudeModel,
  claudeLaunch,
  claudeMarks,
  conversation,
  whyNoClaudeModel,
  writeClaudeFiles,
  writeClaudeKey,
} from "./claude-config.ts";
import { ClaudeLink } from "./claude-run.ts";
import { spentBefore } from "./claude-spent.ts";
import { commandNotFound, findCommand } from "./find-command.ts";
import { type Driver, supervise } from "./supervised.ts";

export const createClaude = (context: AgentContext, maxRetries = CLAUDE_RETRIES): Agent =>
  supervise(context, claudeDriver(context, maxRetries));

function claudeDriver(context: AgentContext, maxRetries: number): Driver {
  return {
    kind: "claude",
    marks: claudeMarks(context),
    renew: () => writeClaudeKey(context),
    async prepare() {
      const model = chooseClaudeModel(context);
      if (model === null) {
        return { failure: { code: "agent.no-model", detail: whyNoClaudeModel(context) } };
      }
      const found = await findCommand("claude", context.env.PATH);
      if (!found) return commandNotFound("claude");
      const launch = claudeLaunch(context, model, maxRetries);
      await writeClaudeFiles(context);
      const args = [...found.args, ...launch.args, ...(await conversation(context))];
      return { command: found.command, args, env: launch.env, version: JSON.stringify([found, launch]) };
    },
    link: (process) => new ClaudeLink(process, context, spentBefore(context)),
  };
}
