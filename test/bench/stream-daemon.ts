/** The daemon in a process of its own, with an agent that tells as fast as it is listened to. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import type { AgentContext } from "../../src/daemon/agents/agent.ts";
import { createDaemon, type Daemon } from "../../src/daemon/daemon.ts";
import { sign, testConfig } from "../daemon/running-daemon.ts";
import { done, scriptedAgent } from "../daemon/scripted-agent.ts";
import { answerParent } from "./child.ts";
import { type Load, loadMeter } from "./load.ts";

/** Reports that an agent hands over at once: what comes out of its pipe in one piece. */
const IN_ONE_PIECE = 16;
const OUTPUT = "ok 1 - two and three make five\n".repeat(12);

let daemon: Daemon | null = null;
let folder = "";
const measureLoad = loadMeter();

const tasks = {
  /** Resolves with the address of a daemon whose every prompt makes that many events, and with a token for it. */
  async start({ events }: { events: number }): Promise<{ url: string; token: string }> {
    folder = mkdtempSync(join(tmpdir(), "threadbox-bench-daemon-"));
    const agent = scriptedAgent(async ({ context }) => {
      await talk(context, events);
      return done();
    });
    daemon = createDaemon({
      config: testConfig(folder, { journalMaxBytes: 1024 ** 3 }),
      agents: { scripted: agent.factory },
      checkout: () => {
        throw new Error("This daemon has no repository.");
      },
      sink: () => {},
    });
    const { url } = await daemon.listen();
    return { url, token: await sign({ scope: "control" }) };
  },
  seen: (_: null): Load & { rssBytes: number } => ({ ...measureLoad(), rssBytes: process.memoryUsage().rss }),
};

/** Tools, one after the other: each started and ended. */
async function talk({ report }: AgentContext, events: number): Promise<void> {
  for (let n = 0; n < events; n += 2) {
    const call = { call: `c${n}`, tool: "bash" };
    report({ type: "tool.started", ...call, title: "node --test", input: '{"command":"node --test"}' });
    report({ type: "tool.ended", ...call, ok: true, output: OUTPUT, cut: false, durationMs: 12 });
    if (n % IN_ONE_PIECE === 0) await turnOfTheLoop();
  }
}

export type DaemonTasks = typeof tasks;

answerParent(tasks, async () => {
  await daemon?.close();
  rmSync(folder, { recursive: true, force: true });
});
