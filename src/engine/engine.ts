/** The engine as `main.ts` sees it: the way in, and the only loop. */
import type { FeedbackBook } from "../core/feedback.ts";
import type { Hints, Inbox } from "../core/incoming.ts";
import type { Places } from "../core/places.ts";
import type { Ms } from "../core/types.ts";
import { type Connection, connect } from "./connect.ts";
import { createDispatcher } from "./dispatcher.ts";
import { feedbackBook } from "./feedback.ts";
import type { EngineDeps } from "./ports.ts";
import { createIngress } from "./receive.ts";

export interface Engine {
  inbox: Inbox;
  /** Somebody has confirmed who they are on GitHub. False where their link was used already. */
  connect(connection: Connection): Promise<boolean>;
  places: Places;
  pullRequests: Hints;
  feedback: FeedbackBook;
  start(): Promise<void>;
  /** Stops taking, hands over, and comes back when nothing of this bot's is under way. */
  stop(): Promise<void>;
  /** Sessions that this bot works on now. */
  working(): number;
  /** When its loop last came around. */
  lookedAt(): Ms;
}

export function createEngine(deps: Omit<EngineDeps, "inbox">): Engine {
  const ingress = createIngress({ ...deps, store: deps.inboxStore });
  const dispatcher = createDispatcher({ ...deps, inbox: ingress });
  return {
    inbox: ingress,
    connect: (connection) => connect({ ...deps, store: deps.inboxStore }, connection),
    places: ingress.places,
    pullRequests: ingress.pullRequests,
    feedback: feedbackBook({ ...deps, store: deps.inboxStore, bot: deps.settings.owner }),
    async start() {
      await deps.jobs.dropClaims(await deps.store.heldBy(deps.settings.owner));
      await deps.jobs.work({ timer: ingress.timer, lookup: ingress.lookedUp });
      dispatcher.start();
    },
    stop: () => dispatcher.stop(),
    working: () => dispatcher.size(),
    lookedAt: () => dispatcher.lookedAt(),
  };
}
