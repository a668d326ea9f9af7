/** A branch has moved: pull requests that go to it may conflict now. Those that come from it are told of by their own event. */
import type { z } from "zod";
import { type Bot, ignored, type Outcome } from "./outcome.ts";
import type { PushPayload } from "./payloads.ts";

const BRANCHES = "refs/heads/";

export function onPush({ ref, deleted, repository, sender }: z.infer<typeof PushPayload>, bot: Bot): Outcome {
  if (deleted || !ref.startsWith(BRANCHES)) return ignored("event-unsupported");
  if (bot.logins.includes(sender.login)) return ignored("own-message");
  return { is: "stir", keys: [], onto: { repository: String(repository.id), name: ref.slice(BRANCHES.length) } };
}
