/** Moments as Slack spells them: the timestamps that are its names of messages, and the marks that it shows in each reader's own time zone. Pure. */
import { utcMoment } from "../core/moment.ts";
import type { Ms } from "../core/types.ts";

/** `1700000200.000100`, seconds with a fraction. */
export const msOf = (ts: string): Ms => Math.round(Number(ts) * 1_000);

/** Its day and time of day. Whoever cannot be shown the reader's own reads UTC. */
export const shownMoment = (at: Ms): string => marked(at, "{date_short_pretty} {time}", utcMoment(at));

/** Its time of day alone. */
export const shownTime = (at: Ms, otherwise: string): string => marked(at, "{time}", otherwise);

const marked = (at: Ms, format: string, otherwise: string): string =>
  `<!date^${Math.floor(at / 1_000)}^${format}|${otherwise}>`;
