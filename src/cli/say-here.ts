/** Says something to a bot of this process, which lives until the answer is there and the sandbox sleeps. */
import type { Config } from "../config.ts";
import type { Session } from "../core/types.ts";
import { catalogEntry } from "../errors.ts";
import type { Log } from "../log.ts";
import { type Bot, startBot } from "../main.ts";
import { createStore } from "../store/store.ts";
import { answerText } from "../surfaces/terminal-render.ts";
import { Refused } from "./failure.ts";
import type { Output } from "./output.ts";
import type { Heard, Saying } from "./say.ts";
import { onInterrupt } from "./signals.ts";
import { keysOf, spoken } from "./spoken.ts";
import { isAtRest, lastSaid, resultOf } from "./stored.ts";
import { openTeam } from "./team.ts";
import { until } from "./watch.ts";

/** A sandbox falls asleep within a second or two; one that another bot keeps awake is not waited for. */
const ASLEEP_WITHIN_MS = 10_000;

export async function sayHere(
  { config, log }: { config: Config; log: Log },
  { thread, known, text }: Saying,
  output: Output,
): Promise<Heard> {
  await using closing = new AsyncDisposableStack();
  const team = closing.adopt(await openTeam(config), ({ close }) => close());
  let printed = false;
  const write = (lines: string): void => {
    printed = true;
    output.say(lines.trimEnd());
  };
  // Nobody would put the sandbox to sleep later: this bot is gone then.
  const settings = { ...team.settings, idleAfterMs: 0 };
  const bot = closing.adopt(
    await startBot({ config, team: settings, log, listening: false, write, colour: output.colour }),
    ({ stop }) => stop(),
  );
  if (known) await mustExist(bot, thread);
  let interrupted = false;
  const stop = (): void => {
    interrupted = true;
    sayStop(bot, thread, output);
  };
  closing.defer(onInterrupt(stop));

  const receipt = await bot.inbox.receive(spoken(thread, text));
  if (receipt.is !== "accepted") throw new Refused("The bot did not take that.", "Say it again.");
  const session = await until(bot.store, () => isAtRest(bot.store, receipt.session));
  const result = await resultOf(bot.store, receipt.session, receipt.mention);
  const pullRequest = session?.pullRequest?.url ?? null;
  const heard = { session: receipt.session, result, pullRequest, interrupted };
  // Another bot on the same database was faster, and its terminal is not this one.
  if (!printed && session && result) printAnswer(session, heard, output);
  else if (!printed) output.say((await lastSaid(bot.store, receipt.session, config.name)) ?? "Noted.");
  await untilAsleep(bot, receipt.session);
  return heard;
}

async function mustExist(bot: Bot, thread: string): Promise<void> {
  const session = await createStore(bot.store.db).sessionOf(...keysOf(thread));
  if (!session) throw new Refused(`There is no thread ${thread}.`, "Leave --thread out to start a new one.");
}

function sayStop(bot: Bot, thread: string, output: Output): void {
  output.warn("Saying stop; press Ctrl-C again to leave at once.");
  bot.inbox.receive(spoken(thread, "stop")).catch((thrown: unknown) => output.warn(`That did not work: ${thrown}`));
}

function printAnswer(session: Session, { result }: Heard, output: Output): void {
  if (!result) return;
  const remedy = result.failure && catalogEntry(result.failure.code).remedy;
  const answer = {
    ...{ turn: "", session: session.id, title: session.title, result, askers: [], page: null },
    ...{ repository: session.work?.repository.name ?? null, pullRequest: session.pullRequest },
    ...(remedy ? { remedy } : {}),
  };
  output.say(answerText(answer, output.colour));
}

async function untilAsleep({ store }: Bot, id: string): Promise<void> {
  const asleep = async (): Promise<true | null> => {
    const session = await isAtRest(store, id);
    return session && (session.sandbox.is === "asleep" || session.sandbox.is === "none") ? true : null;
  };
  await until(store, asleep, AbortSignal.timeout(ASLEEP_WITHIN_MS));
}
