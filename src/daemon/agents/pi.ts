/** pi over `pi --mode rpc`: how it is started, and what its end means. */
import type { Agent, AgentContext } from "./agent.ts";
import { commandNotFound, findCommand } from "./find-command.ts";
import { type ChosenModel, chooseModel, isKnownProvider, noKeyFor } from "./model-choice.ts";
import { writeKeys } from "./own-files.ts";
import { PI_RETRY, type PiRetry, piLaunch, processMarks, writePiFiles } from "./pi-config.ts";
import { PiLink } from "./pi-run.ts";
import { type Driver, lastWords, supervise } from "./supervised.ts";

export const createPi = (context: AgentContext, retry: PiRetry = PI_RETRY): Agent =>
  supervise(context, piDriver(context, retry));

function piDriver(context: AgentContext, retry: PiRetry): Driver {
  const { model: wanted } = context;
  let model: ChosenModel | null = null;
  return {
    kind: "pi",
    marks: processMarks(context),
    renew: () => writeKeys(context),
    async prepare() {
      const { env } = context;
      model = chooseModel(wanted, env);
      if (!model) return noKeyFor(wanted);
      const found = await findCommand("pi", env.PATH);
      if (!found) return commandNotFound("pi");
      const launch = piLaunch(context, model, retry);
      await writePiFiles(context, launch);
      const { command, args } = found;
      return { command, args: [...args, ...launch.args], env: launch.env, version: JSON.stringify(launch) };
    },
    link: (process) => new PiLink(process, context),
    reasonOf({ code, startFailure, stderrTail }, accepted) {
      // Before the first prompt pi leaves when it does not know the provider; for the two that we set up it does.
      if (startFailure !== undefined || accepted || code !== 1) return null;
      if (!model || isKnownProvider(model.provider)) return null;
      return { code: "agent.no-model", detail: lastWords(stderrTail) };
    },
  };
}
