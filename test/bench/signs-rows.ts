/** The rows of the first signs: what people wait for, what of it is pi's, and where the rest goes. */
import { inMs, median, type Row, timesRow } from "./measure.ts";

/** One mention, in milliseconds since Slack began to POST it. */
export interface Sign {
  progressMs: number;
  modelMs: number;
  /** pi's own part, measured right after. */
  piMs: number;
  /** When the daemon told of each: `daemon.started`, `workspace.ready`, `turn.started`. */
  toldMs: Record<string, number>;
}

type State = "cold" | "woken" | "ready";
export type Signs = Record<State, Sign[]>;

const STATES: Record<State, { sandbox: string; pi: string; bound: string }> = {
  cold: {
    sandbox: "new sandbox",
    pi: "pi alone, started: to its first request",
    bound: "Bound by starting two Nodes one after the other (daemon, pi), with the clone between them.",
  },
  woken: {
    sandbox: "sleeping sandbox",
    pi: "pi alone, started on an old session: to its first request",
    bound: "Bound by starting two Nodes one after the other (daemon, pi), with the fetch between them.",
  },
  ready: {
    sandbox: "ready sandbox",
    pi: "pi alone, running: prompt to request",
    bound: "Bound by the round trips of bot, Postgres, daemon and git before the prompt; pi runs already.",
  },
};

export function rowsOfSigns(signs: Signs): Row[] {
  const states = Object.keys(STATES) as State[];
  return [
    ...states.map((state) =>
      timesRow(
        {
          what: `mention to first progress message, ${STATES[state].sandbox}`,
          note: "From the POST of the event to our first chat.postMessage at the emulated Slack. Bound by receive, the check of the person, and two calls of Slack's API.",
        },
        signs[state].map(({ progressMs }) => progressMs),
      ),
    ),
    ...states.map((state) =>
      timesRow(
        {
          what: `mention to the model's first request, ${STATES[state].sandbox}`,
          note: `From the POST of the event to the agent's request. ${STATES[state].bound} ${wayOf(signs[state])}`,
        },
        signs[state].map(({ modelMs }) => modelMs),
      ),
    ),
    ...states.map((state) =>
      timesRow(
        {
          what: STATES[state].pi,
          note: "The same binary, flags and model, outside of any sandbox, each right after the mention that it belongs to.",
        },
        signs[state].map(({ piMs }) => piMs),
      ),
    ),
    ...states.map((state) =>
      timesRow(
        {
          what: `our own share of it, ${STATES[state].sandbox}`,
          aim: { says: "< 300 ms", below: 300 },
          note: "The model's first request minus pi alone, pair by pair: everything between Slack and pi, with what pi needs longer behind our walls. The aim is held against the median.",
        },
        signs[state].map(({ modelMs, piMs }) => modelMs - piMs),
      ),
    ),
  ];
}

/** Medians of the way there, as far as the daemon tells of it. */
function wayOf(signs: Sign[]): string {
  const stations = {
    "daemon.started": "the daemon was up",
    "turn.started": "it had the turn",
    "workspace.ready": "its clone was ready and pi began",
  };
  const reached = Object.entries(stations).flatMap(([type, what]) => {
    const times = signs.flatMap(({ toldMs }) => toldMs[type] ?? []);
    return times.length === signs.length ? [`${what} after ${inMs(median(times))}`] : [];
  });
  return reached.length > 0 ? `On the way, at the median: ${reached.join(", ")}.` : "";
}
