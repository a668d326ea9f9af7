/** The last resort of what must arrive: where the thread is gone, those who asked get it in a direct message. */
import type { Person } from "../core/types.ts";
import { catalogEntry, ThreadboxError } from "../errors.ts";
import type { Rendered } from "./slack-blocks.ts";
import { call, type SlackClients } from "./slack-calls.ts";
import { findStandingIn, nothingStands, post } from "./slack-thread.ts";
import type { MessageRef, PostId } from "./surface.ts";

/** Whoever steered a turn asked for it as well; more than this are a crowd, and one of them will tell the others. */
const MAX_PEOPLE = 5;

/**
 * Gives back the name of the first message, or null when none of them can be written to. Throws only what may pass by itself:
 * then it is tried again, and whoever has it already does not get it twice.
 */
export async function sentDirectly(
  clients: SlackClients,
  people: Person[],
  messages: Rendered[],
  id: PostId,
): Promise<MessageRef | null> {
  const ids = new Set(people.filter(({ surface }) => surface === "slack").map((person) => person.id));
  const refs: (MessageRef | null)[] = [];
  for (const user of [...ids].slice(0, MAX_PEOPLE)) {
    refs.push(await sendTo(clients, user, messages, id).catch(unlessItMayPass));
  }
  return refs.find((ref) => ref !== null) ?? null;
}

function unlessItMayPass(thrown: unknown): null {
  if (thrown instanceof ThreadboxError && catalogEntry(thrown.code).retry === "never") return null;
  throw thrown;
}

async function sendTo(
  { answers, reads }: SlackClients,
  user: string,
  messages: Rendered[],
  id: PostId,
): Promise<MessageRef | null> {
  // Opening what is open already opens nothing; without it nobody could look for a message whose receipt was lost.
  const opened = await call(() => answers.conversations.open({ users: user }));
  const channel = opened.channel?.id;
  if (!channel) throw new ThreadboxError("surface.unavailable", "Slack opened a direct message and did not name it");
  const standing = id.again ? await findStandingIn(reads, channel) : nothingStands();
  const refs: MessageRef[] = [];
  for (const [i, message] of messages.entries()) {
    const marker = `${id.marker}/direct/${i}`;
    refs.push(standing.messages.get(marker) ?? (await post(answers, { channel }, message, marker)));
  }
  return refs[0] ?? null;
}
