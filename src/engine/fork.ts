/**
 * Begins the thread of a fork and speaks to it in the name of whoever asked. Done again after a crash it finds the thread by its marker, the
 * mention by its dedupe, and the line in the old thread by a marker of its own.
 */
import { threadKey } from "../core/correlation.ts";
import type { Effect } from "../core/decision.ts";
import { forkedText, forkText } from "../core/fork.ts";
import type { Session } from "../core/types.ts";
import { catalogEntry, toThreadboxError } from "../errors.ts";
import type { PostId } from "../surfaces/surface.ts";
import type { EngineDeps } from "./ports.ts";
import { surfaceOf } from "./reach.ts";

export async function fork(
  deps: EngineDeps,
  session: Session,
  { thread, mention, anew, title }: Extract<Effect, { do: "fork" }>,
  { marker, again }: PostId,
): Promise<void> {
  const surface = surfaceOf(deps, thread.surface);
  const told = (text: string) => surface.say(thread, text, { marker: `${marker}/told`, again });
  const { id: _, lookup: _known, corrects: _here, link, ...said } = mention;
  const words = forkText({ link, title }, said.author.name, anew.split("\n")[0] !== "");
  const opened = await surface.open(thread, words, { marker: `${marker}/root`, again }).catch(whyNot);
  if (opened === null) return void (await told("A fork needs a thread of its own, and there is none to be had here."));
  if (typeof opened === "string") return void (await told(opened));
  await deps.inbox.receive({
    ...said,
    ...{ text: anew, addressed: true, dedupe: `${said.dedupe}/fork`, forkOf: session.id },
    ...{ keys: [threadKey(opened.thread)], thread: opened.thread, message: opened.message },
    ...(opened.link ? { link: opened.link } : {}),
  });
  await told(forkedText(opened));
}

/** Where only some may post in the channel itself, replies are taken all the same. What may pass is thrown, and tried again. */
function whyNot(thrown: unknown): string {
  const { code, detail } = toThreadboxError(thrown);
  if (catalogEntry(code).retry !== "never") throw thrown;
  return `I cannot begin a thread of its own for that here (${detail}). This thread stays as it is.`;
}
