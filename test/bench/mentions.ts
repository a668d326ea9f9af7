/** What a vendor brings along when mentions are to be sent from it, and which thread each of them is in. */
import type { BotProcess } from "./bot.ts";
import { repeatable } from "./measure.ts";
import type { Parcel } from "./sender.ts";

/** A vendor with threads, and deliveries that were made by it and not sent yet. */
export interface Mentions {
  threads: number;
  parcels: Parcel[];
  slackSecret: string | null;
  /** Starts the bot that they are for; `url` is where they go. */
  startBot(): Promise<BotProcess>;
  /** Throws unless each mention has exactly one answer, in its own thread. */
  proveAnswered(): void;
  close(): Promise<void>;
}

export interface MentionsWish {
  threads: number;
  mentions: number;
}

/** Every thread once or more, in an order that is no pattern and yet the same in every run. */
export function spreadOver(threads: number, mentions: number): number[] {
  const random = repeatable(7);
  const chosen = Array.from({ length: mentions }, (_, n) => (n < threads ? n : Math.floor(random() * threads)));
  for (let last = chosen.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [chosen[last], chosen[other]] = [chosen[other] ?? 0, chosen[last] ?? 0];
  }
  return chosen;
}
