/** The bot in a process of its own, as `threadbox start` builds it: same composition root, same log (thrown away). */
import { setTimeout as pause } from "node:timers/promises";
import { pino } from "pino";
import { readConfig, type Variables } from "../../src/config.ts";
import type { NewMention, Repository } from "../../src/core/types.ts";
import { createLog } from "../../src/log.ts";
import { type Bot, startBot } from "../../src/main.ts";
import type { SandboxSettings } from "../../src/sandboxes/settings.ts";
import { PI_ALONE } from "../../src/team-agents.ts";
import { answerParent } from "./child.ts";
import { type Load, loadMeter } from "./load.ts";
import { trust } from "./modal-trust.ts";

export interface BotWish {
  variables: Variables;
  repositories: Repository[];
  idleAfterMs: number;
  sandboxes: SandboxSettings;
  /** The authority behind the tunnels of an emulated Modal. */
  caFile: string | null;
}

export interface Memory {
  rssBytes: number;
  heapUsedBytes: number;
}

let bot: Bot | null = null;
const measureLoad = loadMeter();

const tasks = {
  /** Resolves with where it answers. */
  async start({ variables, repositories, idleAfterMs, sandboxes, caFile }: BotWish): Promise<string> {
    if (caFile !== null) trust(caFile);
    bot = await startBot({
      config: readConfig({ PORT: "0", ...variables }),
      team: {
        repositories,
        labels: {},
        slack: {},
        github: {},
        idleAfterMs,
        turnLimitMs: 3_600_000,
        sandboxes,
        agents: PI_ALONE,
        found: true,
      },
      // A line for everything that happens is part of what is measured; only nobody reads it.
      log: createLog("info", pino.destination({ dest: "/dev/null", sync: true })),
      paced: false,
    });
    return bot.url ?? "";
  },

  /** Through the way in that every handler uses; resolves with how many were accepted. */
  async receive(mentions: NewMention[]): Promise<number> {
    let accepted = 0;
    const left = mentions.values();
    const caller = async (): Promise<void> => {
      for (const mention of left) if ((await bot?.inbox.receive(mention))?.is === "accepted") accepted += 1;
    };
    await Promise.all(Array.from({ length: 16 }, caller));
    return accepted;
  },

  /** One after the other at that pace, each timed from when it was due until its commit. */
  async timed({ mentions, everyMs }: { mentions: NewMention[]; everyMs: number }): Promise<number[]> {
    const beganAt = performance.now();
    const receive = async (mention: NewMention, n: number): Promise<number> => {
      await pause(n * everyMs);
      const dueAt = beganAt + n * everyMs;
      await bot?.inbox.receive(mention);
      return performance.now() - dueAt;
    };
    return Promise.all(mentions.map(receive));
  },

  load: (_: null): Load => measureLoad(),

  /** After everything that nobody holds any more has been collected. */
  async memory(_: null): Promise<Memory> {
    for (let round = 0; round < 6; round++) {
      globalThis.gc?.();
      await pause(100);
    }
    const { rss, heapUsed } = process.memoryUsage();
    return { rssBytes: rss, heapUsedBytes: heapUsed };
  },
};

export type BotTasks = typeof tasks;

answerParent(tasks, async () => {
  await bot?.destroySandboxes();
  await bot?.stop();
});
