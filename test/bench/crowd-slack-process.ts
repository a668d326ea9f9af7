/** An emulated Slack in a process of its own, that tells when it has heard what, and how often it was called. */
import { systemClock } from "../../src/clock.ts";
import { type SlackEmulator, startSlack } from "../emulators/slack.ts";
import { answerParent } from "./child.ts";
import { timesIn } from "./crowd-time.ts";
import { type Load, loadMeter } from "./load.ts";

/** Rather as in a company than a thousand threads in one channel. */
const CHANNELS = 20;

export interface CrowdSlack {
  apiUrl: string;
  token: string;
  team: string;
  ada: string;
  threads: { channel: string; ts: string }[];
}

let slack: SlackEmulator | null = null;
const measureLoad = loadMeter();

const tasks = {
  async start({ threads }: { threads: number }): Promise<CrowdSlack> {
    const names = Array.from({ length: CHANNELS }, (_, n) => `team-${n}`);
    const channels = names.map((name) => ({ name, members: ["ada"] }));
    slack = await startSlack({ people: ["ada"], channels, clock: systemClock, app: { events: [] } });
    const emulator = slack;
    const ada = emulator.as("ada");
    return {
      apiUrl: emulator.apiUrl,
      token: emulator.app.botToken,
      team: emulator.team.id,
      ada: emulator.person("ada").id,
      threads: Array.from({ length: threads }, (_, n) => {
        const name = names[n % CHANNELS] ?? "";
        const { ts } = ada.says(`#${name}`, `what time is it? (${n})`).message;
        return { channel: emulator.channel(name).id, ts };
      }),
    };
  },

  load: (_: null): Load => measureLoad(),

  /** Milliseconds from when something was told until it stood in Slack for the first time, of all that was told in that time. */
  shownAfterMs({ since, until }: { since: number; until: number }): number[] {
    const seen = new Set<string>();
    const after: number[] = [];
    for (const { route, args, atMs, ok } of slack?.requests.calls ?? []) {
      if (route !== "chat.update" || !ok) continue;
      // A message repeats its last steps: only what is new in it was just told.
      const newest = Math.max(...timesIn(JSON.stringify(args)));
      const what = `${args.channel}/${args.ts}/${newest}`;
      if (newest < since || newest >= until || seen.has(what)) continue;
      seen.add(what);
      after.push(atMs - newest);
    }
    return after;
  },

  /** How often each method was called. */
  calls: (_: null): Record<string, number> => slack?.requests.counts() ?? {},
};

export type CrowdSlackTasks = typeof tasks;

answerParent(tasks, async () => slack?.close());
