/** How often a turn of ten minutes is shown, by a clock that is wound by hand: what decides is the display and its pace, and no machine has a say. */
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { condense, newProgress } from "../../src/core/condense.ts";
import { openDisplay } from "../../src/engine/display.ts";
import type { AgentEvent } from "../../src/wire/events.ts";
import { handWoundClock } from "../clock.ts";
import { work } from "../core/story.ts";
import { quiet } from "../quiet.ts";
import { type Row, valueRow } from "./measure.ts";

const TEN_MINUTES_MS = 600_000;
const STEP_MS = 250;

interface Habit {
  name: string;
  /** What it tells at that time, in milliseconds since it began; null: nothing. */
  tells(atMs: number): AgentEvent | null;
}

const tool = (atMs: number): AgentEvent => {
  const call = { turn: "m1", call: `c${atMs}`, tool: "bash" };
  return { type: "tool.started", ...call, title: `step at ${atMs / 1_000} s`, input: "{}" };
};

const HABITS: Habit[] = [
  { name: "tells something every 2 s", tells: (atMs) => (atMs % 2_000 === 0 ? tool(atMs) : null) },
  { name: "tells something every 20 s", tells: (atMs) => (atMs % 20_000 === 0 ? tool(atMs) : null) },
  { name: "waits for one command", tells: (atMs) => (atMs === 0 ? tool(atMs) : null) },
];

/** `otherCalls`: what a turn costs beside its progress message (eyes, answer, questions about people), as it was counted. */
export async function rowsOfPace(otherCalls: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const habit of HABITS) {
    const shown = await timesShown(habit);
    rows.push(
      valueRow(
        {
          what: `Slack calls of a ten-minute turn, an agent that ${habit.name}`,
          aim: { says: "< 12", below: 12 },
          note:
            `Of them ${shown} are the progress message (posted, edited, edited a last time), the rest as counted above. ` +
            "Bound by Slack's pace alone: shown at once, 3, 15 and 75 s later, after some 6 min, then every 5 min, whatever is told meanwhile.",
        },
        1,
        shown + otherCalls,
        "calls",
      ),
    );
  }
  return rows;
}

async function timesShown({ tells }: Habit): Promise<number> {
  const clock = handWoundClock();
  let calls = 0;
  const show = async (): Promise<string> => {
    calls += 1;
    return "1700000000.000001";
  };
  const began = clock.now();
  const thread = { surface: "slack", team: "T0ACME", channel: "C0WEB", threadTs: "1700000000.000000" } as const;
  let progress = newProgress("m1", work, "Starting", began);
  const deps = { saveRef: async () => {}, surface: { show, pace: "sparing" as const }, clock, log: quiet, page: null };
  const display = openDisplay(deps, thread, progress, null);
  for (let atMs = 0; atMs < TEN_MINUTES_MS; atMs += STEP_MS) {
    const event = tells(atMs);
    if (event) {
      progress = condense(progress, event, clock.now());
      display.update(progress);
    }
    clock.advance(STEP_MS);
    await turnOfTheLoop(); // a showing ends, and the next one is planned
  }
  await display.close({ ...progress, ended: "done" });
  return calls;
}
