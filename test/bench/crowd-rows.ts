/** What is said about a crowd of turns in flight. */
import type { Load } from "./load.ts";
import { type Row, timesRow, valueRow } from "./measure.ts";

export interface CrowdSize {
  sessions: number;
  tellEveryMs: number;
  forMs: number;
}

export interface CrowdSeen {
  /** With one turn in flight, and with all of them. */
  before: Memory;
  during: Memory;
  bot: Load;
  daemons: Load & { rssBytes: number };
  slack: Load;
  shownAfterMs: number[];
  told: number;
  rampMs: number;
  finishMs: number;
  calls: Record<string, number>;
}

interface Memory {
  rssBytes: number;
  heapUsedBytes: number;
  externalBytes: number;
}

const KB = 1024;

export const rowsOfCrowd = (seen: CrowdSeen, size: CrowdSize): Row[] => [
  rowOfLatency(seen, size),
  rowOfProcessor(seen, size),
  ...rowsOfMemory(seen, size),
  rowOfCalls(seen, size),
];

const inFlight = ({ sessions }: CrowdSize): string => `${sessions.toLocaleString("en")} turns in flight`;
const seconds = (ms: number): string => `${(ms / 1_000).toFixed(0)} s`;

function rowOfLatency(seen: CrowdSeen, size: CrowdSize): Row {
  const { bot, daemons, slack, shownAfterMs, told, rampMs, finishMs } = seen;
  const of = ({ processorMs }: Load): string => `${((100 * processorMs) / size.forMs).toFixed(0)} % of a processor`;
  const note =
    "From the moment before the daemon is told until the edit has reached the emulated Slack; " +
    `each agent tells something every ${seconds(size.tellEveryMs)}, ${((1_000 * told) / size.forMs).toFixed(0)} a second in all; ${shownAfterMs.length} of ${told} were shown. ` +
    `The emulated Slack took ${of(slack)}, the daemons ${of(daemons)} (${(daemons.rssBytes / size.sessions / KB).toFixed(0)} KB of RSS each): ` +
    `bound by the bot's one thread (${bot.loopPercent.toFixed(0)} % busy), and by as many edits again that only say "alive". ` +
    `All turns had begun after ${seconds(rampMs)}, all were answered ${seconds(finishMs)} after the agents' last word.`;
  return timesRow({ what: `told by the agent to shown in Slack, ${inFlight(size)}`, note }, shownAfterMs);
}

function rowOfProcessor({ bot, told }: CrowdSeen, size: CrowdSize): Row {
  const note =
    `Of one processor, over ${seconds(size.forMs)}; ${(bot.processorMs / told).toFixed(1)} ms for each thing told, with its edit, its transaction and the edits between. ` +
    "Bound by a request to Slack (here without TLS) for each edit, and by one transaction for what is stored.";
  const share = (100 * bot.processorMs) / size.forMs;
  return valueRow({ what: `bot's processor time, ${inFlight(size)}`, note }, 1, share, "%");
}

function rowsOfMemory({ before, during }: CrowdSeen, size: CrowdSize): Row[] {
  const each = (what: keyof Memory): number => (during[what] - before[what]) / (size.sessions - 1) / KB;
  const aim = { says: "< 200 KB", below: 200 };
  const note =
    `After full collections, with ${inFlight(size)} less with one, each: heap ${each("heapUsedBytes").toFixed(1)} KB, buffers outside of it ${each("externalBytes").toFixed(1)} KB. ` +
    "Bound by the connection to the daemon (socket, parser, fetch), the one that asks Slack, and the folded progress. RSS is what V8 and the allocator keep of it, and of the burst at the beginning.";
  const live = each("heapUsedBytes") + each("externalBytes");
  return [
    valueRow({ what: "bot's memory for each turn in flight (live objects)", note, aim }, size.sessions, live, "KB"),
    valueRow({ what: "bot's RSS for each turn in flight", note, aim }, size.sessions, each("rssBytes"), "KB"),
  ];
}

function rowOfCalls({ calls, rampMs }: CrowdSeen, { sessions, tellEveryMs, forMs }: CrowdSize): Row {
  const methods = Object.entries(calls).map(([method, often]) => `${method} ${(often / sessions).toFixed(2)}`);
  const note = `${methods.join(", ")}. Turns of about ${seconds(rampMs / 2 + tellEveryMs + forMs)}; at the live pace, so that there is something to measure; the rows below follow Slack's own pace for ten minutes.`;
  const all = Object.values(calls).reduce((sum, often) => sum + often, 0);
  return valueRow({ what: "Slack calls for each turn of this run", note }, sessions, all / sessions, "calls");
}
