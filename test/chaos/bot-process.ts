/** A bot in a process of its own that dies, by SIGKILL and in the middle of a sentence, at each step that it is told not to survive. */
import { appendFileSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { readConfig, type Variables } from "../../src/config.ts";
import type { Repository } from "../../src/core/types.ts";
import type { Step } from "../../src/engine/steps.ts";
import { createLog } from "../../src/log.ts";
import { startBot } from "../../src/main.ts";
import { PI_ALONE } from "../../src/team-agents.ts";
import { defaultSandboxes } from "../../src/team-sandboxes.ts";

export interface Life {
  variables: Variables;
  repositories: Repository[];
  idleAfterMs: number;
  /** Where it dies; each once. Steps that it has died at already are not among them. */
  deadly: Step[];
  /** The step is written there as its last word. */
  diary: string;
}

process.once("message", async ({ variables, repositories, idleAfterMs, deadly, diary }: Life) => {
  const starting = startBot({
    config: readConfig(variables),
    team: {
      repositories,
      labels: {},
      slack: {},
      github: {},
      idleAfterMs,
      turnLimitMs: 3_600_000,
      sandboxes: defaultSandboxes,
      agents: PI_ALONE,
      found: true,
    },
    log: createLog(process.env.DEBUG_TESTS ? "info" : "silent"),
    paced: false,
    reached(step) {
      if (!deadly.includes(step)) return;
      appendFileSync(diary, `${step}\n`);
      process.kill(process.pid, "SIGKILL");
    },
  });
  // Heard while it starts, too: a bot may be told to stop at any moment.
  process.once("disconnect", () => void starting.then((bot) => bot.stop()).finally(() => process.exit()));
  await starting;
  // Node writes what it compiled at the end of a process; this one has none that lets it.
  flushCompileCache();
  if (process.connected) process.send?.("ready");
});
