/** The rows of a mention that finds a warm sandbox at Modal: what people wait for, and what of it is pi's. */
import { inMs, median, type Row, timesRow, valueRow } from "./measure.ts";

/** In milliseconds since Slack began to POST the mention. */
export interface Wait {
  progressMs: number;
  modelMs: number;
  /** When the daemon told that it had the turn, and that its clone was ready and pi began. */
  turnMs: number;
  cloneMs: number;
  /** Of pi alone, right after: from its start to its request. */
  piMs: number;
}

export function rowsOfWaits(waits: Wait[]): Row[] {
  const at = (moment: "turnMs" | "cloneMs"): string => inMs(median(waits.map((wait) => wait[moment])));
  const note =
    "A sandbox is kept at the emulated Modal with the clone in it, its daemon up, pi not started yet. Each mention waited for such a one and was " +
    "answered once. The next one, which the bot asks for at the same moment, is held back until the model was asked: at Modal it is made on other " +
    `processors. Bound by pi's start. On the way, at the median: the daemon had the turn after ${at("turnMs")}, its clone was fetched and pi began ` +
    `after ${at("cloneMs")}.`;
  const pi = waits.map(({ piMs }) => piMs);
  const asked = waits.map(({ modelMs }) => modelMs);
  return [
    timesRow(
      { what: "mention to first progress message, warm sandbox at the emulated Modal", note },
      waits.map(({ progressMs }) => progressMs),
    ),
    timesRow({ what: "mention to the model's first request, warm sandbox at the emulated Modal", note }, asked),
    timesRow(
      {
        what: "pi alone, started: to its first request",
        note: "The same binary, flags and model, outside of any sandbox, each after the mention that it belongs to, when the stock was full again.",
      },
      pi,
    ),
    timesRow(
      {
        what: "our own share of it, warm sandbox at the emulated Modal",
        aim: { says: "< 300 ms", below: 300 },
        note: "The model's first request minus pi alone, pair by pair. The aim is held against the median.",
      },
      waits.map(({ modelMs, piMs }) => modelMs - piMs),
    ),
    valueRow(
      { what: "mention with a warm sandbox, beside pi alone", note: "One median over the other." },
      waits.length,
      median(asked) / median(pi),
      "x",
    ),
  ];
}
