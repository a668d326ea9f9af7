/**
 * Which sandboxes of ours run at Modal. The SDK's list has bare ids; the server says more, which is heard on its way. A name that was
 * not heard is asked for, and all are remembered.
 */
import type { Sandbox as AtModal } from "modal";
import { orNull } from "./modal-failure.ts";
import type { Ground } from "./modal-handle.ts";
import { readTags } from "./modal-tags.ts";
import type { Listed } from "./provider.ts";

/** Enough to have a thousand answers in some seconds, and far from any limit that is known. */
const AT_ONCE = 32;

export type Names = Map<string, Listed>;

export async function listAtModal(ground: Ground, names: Names): Promise<Listed[]> {
  const { client, call, deadlines } = ground.connection;
  const { appId } = await ground.connection.app();
  // Pages follow each other, each with what the question gets; this is for all of them.
  const what = { doing: "list its sandboxes", deadlineMs: deadlines.create };
  const stopHearing = ground.connection.onListed(({ id, tags }) => keep(names, id, readTags(tags, ground.instance)));
  const running = await call(what, () =>
    Array.fromAsync(client.sandboxes.list({ appId, tags: { threadbox: ground.instance } })),
  ).finally(stopHearing);
  const ids = new Set(running.map(({ sandboxId }) => sandboxId));
  for (const id of names.keys()) if (!ids.has(id)) names.delete(id);
  const unknown = running.filter(({ sandboxId }) => !names.has(sandboxId));
  const next = unknown.values();
  await Promise.all(Array.from({ length: AT_ONCE }, () => nameEach(ground, next, names)));
  return running.flatMap(({ sandboxId }) => names.get(sandboxId) ?? []);
}

async function nameEach(ground: Ground, next: Iterator<AtModal> & Iterable<AtModal>, names: Names): Promise<void> {
  const { call, deadlines } = ground.connection;
  for (const atModal of next) {
    const what = { doing: "tell the name of a sandbox", deadlineMs: deadlines.question };
    // One that ended since it was listed has none any more.
    const tags = (await call(what, () => atModal.getTags().catch(orNull))) ?? {};
    keep(names, atModal.sandboxId, readTags(tags, ground.instance));
  }
}

function keep(names: Names, id: string, tags: ReturnType<typeof readTags>): void {
  if (tags) names.set(id, { name: tags.name, createdAt: tags.since });
}
