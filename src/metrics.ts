/** The numbers of one bot, as Prometheus asks for them. Its own registry: two bots in one process do not count together. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { isPriced } from "./core/prices.ts";
import type { SurfaceName } from "./core/types.ts";
import type { Happening, Tell } from "./engine/happenings.ts";
import type { Surface, Surfaces } from "./surfaces/surface.ts";

export interface Metrics {
  tell: Tell;
  /** The same surfaces; edits of progress are counted. */
  counting(surfaces: Surfaces): Surfaces;
  /** What a scrape gets. Resolves in bounded time when `Asked` does. */
  page(): Promise<{ contentType: string; text: string }>;
}

/** What is asked when somebody scrapes. */
export interface Asked {
  /** Sessions that this bot works on now. */
  sessionsHeld(): number;
  /** What all bots of the database have to do; null when it does not answer in time. */
  pending(): Promise<Pending | null>;
  /** What all turns of today have cost; null when the database does not answer in time. */
  spentToday?(): Promise<number | null>;
  /** What they may cost; null, or left out: as much as it takes. */
  dollarsPerDay?: number | null;
}

export interface Pending {
  effects: number;
  /** Null when there is none. */
  oldestAt: Date | null;
}

/** From what is not felt to what a vendor waits for before it delivers again (Slack: 3 s, GitHub: 10 s). */
const ACKNOWLEDGED = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3, 10];
/** From a call within the machine to the longest boot. */
const DONE = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
/** Up to the 90 minutes that a turn may take. */
const WORKED = [1, 5, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 5_400];

export function createMetrics(asked: Asked): Metrics {
  const registry = new Registry();
  const figures = figuresIn(registry);
  const gauges = gaugesIn(registry);
  let begun = false;
  return {
    tell: (happening) => count(figures, happening),
    counting: (surfaces) => countingShows(surfaces, figures.edits),
    async page() {
      // Only now: the delay of the event loop is measured by a timer, which a bot that nobody asks can do without.
      if (!begun) collectDefaultMetrics({ register: registry });
      begun = true;
      await look(gauges, asked);
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}

type Figures = ReturnType<typeof figuresIn>;

function figuresIn(registry: Registry) {
  const registers = [registry];
  const histogram = <L extends string>(name: string, help: string, labelNames: L[], buckets: number[]) =>
    new Histogram({ name: `threadbox_${name}`, help, labelNames, buckets, registers });
  const counter = <L extends string>(name: string, help: string, labelNames: L[]) =>
    new Counter({ name: `threadbox_${name}`, help, labelNames, registers });
  return {
    received: counter("received_total", "Mentions and links that came in, by what became of them.", [
      "surface",
      "what",
      "receipt",
    ]),
    acknowledged: histogram(
      "acknowledgement_seconds",
      "From the arrival of a mention to its commit, after which whoever sent it is answered.",
      ["surface"],
      ACKNOWLEDGED,
    ),
    effects: histogram(
      "effect_seconds",
      "Attempts at effects, by outcome: done, again, given-up.",
      ["effect", "outcome"],
      DONE,
    ),
    turns: histogram("turn_seconds", "Turns, from begun to ended.", ["outcome"], WORKED),
    answers: histogram("answer_seconds", "From a mention to its answer in the thread.", ["outcome"], WORKED),
    tokens: counter("tokens_total", "Tokens of the language model that ended turns used.", ["direction"]),
    cost: counter(
      "cost_dollars_total",
      "Dollars that ended turns cost, as far as anybody knows; by whom they were said.",
      ["agent", "model", "priced_by"],
    ),
    unpriced: counter("unpriced_turns_total", "Ended turns that used tokens whose price nobody knows.", [
      "agent",
      "model",
    ]),
    sandboxes: histogram(
      "sandbox_wait_seconds",
      "What a turn waited for its sandbox, by what that came from.",
      ["origin"],
      DONE,
    ),
    edits: counter("progress_edits_total", "Edits of progress messages: shown or dropped.", ["surface", "outcome"]),
    feedback: counter("feedback_total", "What people think of answers: good or bad, each person once a turn.", [
      "value",
    ]),
    takenOver: counter("sessions_taken_over_total", "Sessions that another bot took while this one held them.", []),
    failures: counter("holder_failures_total", "Sessions that were let go of for a defect.", []),
    /** The first ones have a label of their own. */
    models: new Set<string>(),
  };
}

function gaugesIn(registry: Registry) {
  const registers = [registry];
  const gauge = (name: string, help: string) => new Gauge({ name: `threadbox_${name}`, help, registers });
  return {
    held: gauge("sessions_held", "Sessions that this bot works on."),
    up: gauge("database_up", "1 when the database answered this scrape in time."),
    spent: gauge("spent_today_dollars", "What the turns of this day of UTC have cost so far, of all bots."),
    budget: gauge("day_budget_dollars", "What they may cost: limits.dollarsPerDay. +Inf without one."),
    pending: gauge("effects_pending", "Effects of all bots that are not over; counted up to 10000."),
    oldest: gauge("effects_oldest_seconds", "Age of the oldest of them; 0 when there is none."),
  };
}

async function look(gauges: ReturnType<typeof gaugesIn>, asked: Asked): Promise<void> {
  const { sessionsHeld, pending, spentToday, dollarsPerDay } = asked;
  gauges.held.set(sessionsHeld());
  gauges.budget.set(dollarsPerDay ?? Number.POSITIVE_INFINITY);
  const [found, spent] = await Promise.all([pending(), spentToday?.() ?? null]);
  gauges.spent.set(spent ?? Number.NaN);
  gauges.up.set(found ? 1 : 0);
  // Not a number rather than the number of an earlier scrape.
  gauges.pending.set(found ? found.effects : Number.NaN);
  const since = found?.oldestAt?.getTime() ?? Date.now();
  gauges.oldest.set(found ? Math.max(0, (Date.now() - since) / 1_000) : Number.NaN);
}

function count(figures: Figures, happening: Happening): void {
  switch (happening.type) {
    case "inbound.handled": {
      const { surface, what, receipt, durationMs } = happening;
      figures.received.inc({ surface, what, receipt: receipt.is });
      figures.acknowledged.observe({ surface }, durationMs / 1_000);
      break;
    }
    case "effect.done":
      figures.effects.observe({ effect: happening.effect, outcome: "done" }, happening.durationMs / 1_000);
      break;
    case "effect.failed": {
      const { effect, outcome, durationMs } = happening;
      figures.effects.observe({ effect, outcome }, durationMs / 1_000);
      break;
    }
    case "turn.ended":
      figures.tokens.inc({ direction: "input" }, believed(happening.usage?.inputTokens));
      figures.tokens.inc({ direction: "output" }, believed(happening.usage?.outputTokens));
      countCost(figures, happening);
      figures.turns.observe({ outcome: happening.outcome }, happening.durationMs / 1_000);
      break;
    case "mention.answered":
      figures.answers.observe({ outcome: happening.outcome }, (happening.at - happening.since) / 1_000);
      break;
    case "sandbox.started":
      figures.sandboxes.observe({ origin: happening.from }, happening.waitedMs / 1_000);
      break;
    case "feedback.given":
      figures.feedback.inc({ value: happening.value });
      break;
    case "session.taken-over":
      figures.takenOver.inc();
      break;
    case "holder.failed":
      figures.failures.inc();
      break;
    case "session.decided":
    case "turn.started":
    case "mention.settled":
    case "stream.followed":
      break;
    default:
      happening satisfies never;
  }
}

/** What an agent calls its model is its own word: without an end to them, anybody could fill the memory of whoever collects the numbers. */
const MAX_MODELS = 20;
const MAX_MODEL_CHARS = 60;

function countCost(figures: Figures, { usage, agent }: Extract<Happening, { type: "turn.ended" }>): void {
  if (!usage) return;
  const label = modelLabel(figures.models, usage.model);
  const by = { agent: AGENT_NAMES.test(agent ?? "") ? (agent ?? "unknown") : "unknown", model: label };
  if (!isPriced(usage)) figures.unpriced.inc(by);
  else figures.cost.inc({ ...by, priced_by: usage.pricedBy ?? "agent" }, believed(usage.costUsd));
}

/** Sums of what agents say must stay numbers. */
const believed = (said = 0): number => Math.min(said, Number.MAX_SAFE_INTEGER);

/** As the teams name theirs. */
const AGENT_NAMES = /^[a-z\d][a-z\d-]{0,39}$/;

function modelLabel(known: Set<string>, model: string | undefined): string {
  if (model === undefined) return "unknown";
  const name = model.slice(0, MAX_MODEL_CHARS);
  if (known.size < MAX_MODELS) known.add(name);
  return known.has(name) ? name : "other";
}

function countingShows(surfaces: Surfaces, edits: Figures["edits"]): Surfaces {
  const counting = (name: SurfaceName, surface: Surface): Surface => ({
    ...surface,
    async show(...args) {
      try {
        const ref = await surface.show(...args);
        edits.inc({ surface: name, outcome: "shown" });
        return ref;
      } catch (thrown) {
        edits.inc({ surface: name, outcome: "dropped" });
        throw thrown;
      }
    },
  });
  const names = Object.keys(surfaces) as SurfaceName[];
  return Object.fromEntries(
    names.flatMap((name) => {
      const surface = surfaces[name];
      return surface ? [[name, counting(name, surface)]] : [];
    }),
  );
}
