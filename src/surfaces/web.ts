/**
 * The local page as a surface: what the bot says becomes posts of a web thread, which the page reads and follows.
 * The marker of a message is its ref, and a post is put by its ref: so the same message, put again, is never a second one.
 */
import type { Clock } from "../clock.ts";
import type { WebPost, WebThreads } from "../core/pages.ts";
import type { Answer, Mention, Progress, Said, Thread } from "../core/types.ts";
import { ThreadboxError } from "../errors.ts";
import type { Log } from "../log.ts";
import { plainSurface } from "./plain-surface.ts";
import { askedText, settledText } from "./question-text.ts";
import type { Authorization, MessageRef, PostId, Surface } from "./surface.ts";

/** Enough to know what a thread is about, and little enough for a prompt. */
const MAX_SAID = 50;

export interface WebSurfaceOptions {
  threads: WebThreads;
  log: Log;
  clock: Clock;
}

/**
 * Everybody who reaches the page may ask: it answers only on this machine (`src/web/guard.ts`), so its visitors own the machine. Clients
 * of the API (`handlers/http`) have shown a token, and what they may was looked up, before anything of theirs is a mention.
 */
export function webSurface({ threads, log, clock }: WebSurfaceOptions): Surface {
  async function put(thread: Thread, kind: WebPost["kind"], ref: MessageRef, body: string): Promise<MessageRef> {
    await threads.put({ thread: webId(thread), ref, kind, author: "threadbox", body, at: clock.now() });
    log.debug({ surface: "web", thread: webId(thread), kind, ref }, "web.posted");
    return ref;
  }

  return {
    ...plainSurface,
    pace: "live",
    authorize: async (mention): Promise<Authorization> => ({ allowed: true, author: mention.author }),
    /** A mention from the page carries all there is to know. */
    complete: async (mention) => mention,
    context: (mention) => saidBefore(threads, mention),
    /** Nothing to mark: the page shows a message as sent once it is stored, and the progress follows at once. */
    acknowledge: async () => {},
    refuse: async (mention, text, id) => void (await put(mention.thread, "refusal", id.marker, text)),
    show: (thread, progress: Progress, _page, ref, id: PostId) =>
      put(thread, "progress", ref ?? id.marker, JSON.stringify(progress)),
    answer: (thread, answer: Answer, id) => put(thread, "answer", id.marker, JSON.stringify(answer)),
    ask: (thread, question, id) => put(thread, "note", id.marker, askedText(question)),
    settle: async (thread, question, id) => void (await put(thread, "note", id.marker, settledText(question))),
    say: (thread, text, id) => put(thread, "note", id.marker, text),
    ping: (thread, text, _people, id) => put(thread, "note", id.marker, text),
    /** The page lists a thread by what a person said first in it, and this is asked for by one. */
    async open(_thread, text, { marker }) {
      const thread = { surface: "web" as const, id: `fork-${marker.replace(/[^\w-]/g, "-")}` };
      const post = { thread: thread.id, ref: marker, kind: "person" as const, author: "You", body: text };
      await threads.put({ ...post, at: clock.now() });
      return { thread, message: marker, link: `/threads/${thread.id}` };
    },
  };
}

async function saidBefore(threads: WebThreads, mention: Pick<Mention, "thread" | "message" | "at">): Promise<Said[]> {
  const posts = await threads.posts(webId(mention.thread), 0);
  return posts
    .filter((post) => post.kind === "person" && post.ref !== mention.message && post.at <= mention.at)
    .slice(-MAX_SAID)
    .map((post) => ({ author: post.author, at: post.at, text: post.body, trusted: true }));
}

function webId(thread: Thread): string {
  if (thread.surface === "web") return thread.id;
  throw new ThreadboxError("internal", `a thread of ${thread.surface} was given to the web surface`);
}
