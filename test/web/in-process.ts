/** The pages without a port: requests go straight into the app, the ports behind it are in memory. */
import { createLog } from "../../src/log.ts";
import { pages } from "../../src/web/pages.ts";
import { handWoundClock } from "../clock.ts";
import { memoryInbox, memoryNews, memorySessions, memoryThreads } from "./memory.ts";

export function startPages(publicUrl: string | null = null) {
  const news = memoryNews();
  const threads = memoryThreads(news);
  const sessions = memorySessions(news);
  const inbox = memoryInbox();
  const clock = handWoundClock();
  const app = pages({ inbox, threads, sessions, news, log: createLog("silent"), clock, name: "threadbox", publicUrl });
  const get = (path: string, headers: Record<string, string> = {}) => app.request(path, { headers });
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    app.request(path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  const person = (thread: string, ref: string, body: string) =>
    threads.put({ thread, ref, kind: "person", author: "You", body, at: clock.now() });
  return { app, news, threads, sessions, inbox, clock, get, post, person };
}
