/** What is written on a sandbox at Modal: whose it is, and what only we know of it. */
import { z } from "zod";

/** What Modal keeps for us beside a sandbox. Its own list and its own times are not shown by the SDK. */
export interface Tags {
  since: number;
  /** When Modal ends it. Written down, because the configuration may say another lifetime by now. */
  ends: number;
  /** The files that were kept when it was put to sleep. */
  snapshot: string | null;
}

const TagText = z.object({
  threadbox: z.string(),
  name: z.string(),
  since: z.coerce.number(),
  ends: z.coerce.number(),
  snapshot: z.string().optional(),
});

export function tagsFor(instance: string, name: string, { since, ends, snapshot }: Tags): Record<string, string> {
  return { threadbox: instance, name, since: `${since}`, ends: `${ends}`, ...(snapshot ? { snapshot } : {}) };
}

/** Null when the sandbox is somebody else's. */
export function readTags(text: Record<string, string>, instance: string): (Tags & { name: string }) | null {
  const tags = TagText.safeParse(text);
  if (!tags.success || tags.data.threadbox !== instance) return null;
  return { ...tags.data, snapshot: tags.data.snapshot ?? null };
}
