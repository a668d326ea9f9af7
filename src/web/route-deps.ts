/** What the pages are given, and what each of their routes needs of it. */
import type { Clock } from "../clock.ts";
import type { Inbox } from "../core/incoming.ts";
import type { News, Sessions, WebThreads } from "../core/pages.ts";
import type { Log } from "../log.ts";
import type { htmlPages } from "./assets.ts";
import type { GuardOptions } from "./guard.ts";
import type { Markdown } from "./markdown.ts";

export interface PagesOptions {
  inbox: Inbox;
  threads: WebThreads;
  sessions: Sessions;
  news: News;
  log: Log;
  clock: Clock;
  /** What the bot is called (THREADBOX_NAME). */
  name: string;
  /** PUBLIC_URL, when it is set. */
  publicUrl?: string | null;
  /** See `GuardOptions`. */
  isFromSandbox?: GuardOptions["isFromSandbox"];
}

/** What the routes need beside the ports. */
export type RouteDeps = PagesOptions & {
  html: ReturnType<typeof htmlPages>;
  markdown: Markdown;
};

/** A page that says one thing to a person. */
export function notice(deps: RouteDeps, heading: string, text: string): string {
  return deps.html("notice.html", { name: deps.name, heading, text });
}
