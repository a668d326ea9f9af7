/** Many daemons in one process, each with a journal and an address of its own. Their agents tell what time it is, at a steady pace, until they are let go. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { createDaemon, type Daemon } from "../../src/daemon/daemon.ts";
import { sign, testConfig } from "../daemon/running-daemon.ts";
import { done, type Run, type Script, scriptedAgent } from "../daemon/scripted-agent.ts";
import { scriptedCheckout } from "../daemon/scripted-checkout.ts";
import { answerParent } from "./child.ts";
import { saysTime } from "./crowd-time.ts";
import { type Load, loadMeter } from "./load.ts";

export interface CrowdWish {
  daemons: number;
  /** Each of them, one after the other. */
  tellEveryMs: number;
}

const folder = mkdtempSync(join(tmpdir(), "threadbox-bench-crowd-"));
const daemons: Daemon[] = [];
const over = new AbortController();
let told = 0;
const measureLoad = loadMeter();

const tasks = {
  /** Resolves with where they answer, and with a token that is good for all of them. */
  async start({ daemons: count, tellEveryMs }: CrowdWish): Promise<{ urls: string[]; token: string }> {
    const urls: string[] = [];
    for (let n = 0; n < count; n++) {
      const home = join(folder, String(n));
      mkdirSync(home);
      const agent = scriptedAgent(tellTime(tellEveryMs, (n * tellEveryMs) / count));
      const daemon = createDaemon({
        config: testConfig(home),
        agents: { pi: agent.factory },
        checkout: scriptedCheckout().make,
        sink: () => {},
      });
      daemons.push(daemon);
      urls.push((await daemon.listen()).url);
    }
    return { urls, token: await sign({ scope: "control" }) };
  },

  /** Their turns end. */
  finish: (_: null): void => over.abort(),

  seen: (_: null): Load & { told: number; rssBytes: number } => ({
    ...measureLoad(),
    told,
    rssBytes: process.memoryUsage().rss,
  }),
};

/** Not all at once: `offsetMs` is this one's place in the round. */
function tellTime(everyMs: number, offsetMs: number): Script {
  return async ({ context, stopped }: Run) => {
    const { signal } = over;
    let stop = false;
    void stopped.then(() => {
      stop = true;
    });
    let dueAt = Date.now() + everyMs - ((Date.now() - offsetMs) % everyMs);
    for (let n = 0; !stop; n++, dueAt += everyMs) {
      await pause(dueAt - Date.now(), undefined, { signal }).catch(() => {});
      if (signal.aborted) break;
      const call = { call: `c${n}`, tool: "bash" };
      context.report({ type: "tool.started", ...call, title: saysTime(Date.now()), input: '{"command":"date"}' });
      told += 1;
    }
    return done("It was late.");
  };
}

export type CrowdTasks = typeof tasks;

answerParent(tasks, async () => {
  over.abort();
  await Promise.all(daemons.map((daemon) => daemon.close()));
  rmSync(folder, { recursive: true, force: true });
});
