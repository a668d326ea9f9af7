/** What a vendor brings along when mentions are to be sent from it, and which thread each of them is in. */
import type { BotProcess } from "./bot.ts";
import { type Child, startChild } from "./child.ts";
import type { EchoTasks } from "./echo-process.ts";
import type { BenchDatabase } from "./ground.ts";
import type { Load } from "./load.ts";
import { repeatable } from "./measure.ts";
import type { Parcel } from "./sender.ts";

/** A vendor with threads, and deliveries that were made by it and not sent yet. */
export interface Mentions {
  threads: number;
  parcels: Parcel[];
  slackSecret: string | null;
  /** Start whoever they are for: the bot, or one that does nothing but echo. */
  startBot(): Promise<Answerer>;
  startEcho(): Promise<Answerer>;
  /** Throws unless each mention has exactly one answer, in its own thread. */
  proveAnswered(): void;
  close(): Promise<void>;
}

export interface Answerer {
  /** Where the mentions go. */
  url: string;
  load(): Promise<Load>;
  /** Resolves when everything that was asked for is done. */
  settled(): Promise<void>;
  stop(): Promise<void>;
  processId: number;
}

export const botAnswers = ({ url, ask, ...child }: BotProcess, path: string, database: BenchDatabase): Answerer => ({
  url: url + path,
  load: () => ask("load", null),
  settled: () => database.settled(),
  ...child,
});

export async function echoAnswers(start: (echo: Child<EchoTasks>) => Promise<string>): Promise<Answerer> {
  const echo = startChild<EchoTasks>("./echo-process.ts");
  return {
    url: await start(echo),
    load: () => echo.ask("load", null),
    settled: () => echo.ask("idle", null),
    stop: echo.stop,
    processId: echo.processId,
  };
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
