/** The threads of the page: read them, follow one, say something in it, stop what it started. */
import { randomUUID } from "node:crypto";
import { type Context, Hono } from "hono";
import { z } from "zod";
import { webThreadKey } from "../core/correlation.ts";
import type { Receipt } from "../core/incoming.ts";
import { titleOf } from "../core/naming.ts";
import type { WebPost } from "../core/pages.ts";
import { follow, placeToGoOn } from "./follow.ts";
import { notice, type RouteDeps } from "./route-deps.ts";
import { postView } from "./views.ts";

/** More than anybody scrolls through; older ones are found by their link. */
const MAX_LISTED = 100;

/** Threads of other makers (a demo, a test) need no UUID; slashes and the like never get in. */
const ThreadId = z.string().regex(/^[\w-]{1,64}$/);

/** `id` is made by the page: a message that is sent again after a lost answer is the same message. */
const NewMessage = z.strictObject({ text: z.string().trim().min(1).max(100_000), id: z.uuid().optional() });
const NewStop = z.strictObject({ id: z.uuid().optional() });

export function threadRoutes(deps: RouteDeps): Hono {
  const app = new Hono();

  app.get("/", async (c) => {
    return c.json({ threads: await deps.threads.list(MAX_LISTED) });
  });

  app.post("/", async (c) => {
    const message = NewMessage.parse(await c.req.json());
    const id = message.id ?? randomUUID();
    return speak(c, { thread: id, id, text: message.text });
  });

  app.get("/:id", async (c) => {
    if (!(await exists(c.req.param("id")))) {
      return c.html(
        notice(deps, "There is no such thread", "It may have been deleted, or the address is mistyped."),
        404,
      );
    }
    return c.html(deps.html("page.html", { name: deps.name }));
  });

  app.post("/:id/messages", async (c) => {
    const { text, id = randomUUID() } = NewMessage.parse(await c.req.json());
    return speak(c, { thread: c.req.param("id"), id, text, known: true });
  });

  app.post("/:id/stop", async (c) => {
    const { id = randomUUID() } = NewStop.parse(await c.req.json());
    return speak(c, { thread: c.req.param("id"), id, text: "stop", known: true });
  });

  app.get("/:id/events", async (c) => {
    const thread = c.req.param("id");
    if (!(await exists(thread))) return c.json({ error: "There is no such thread." }, 404);
    return followThread(c, thread, deps);
  });

  async function exists(thread: string): Promise<boolean> {
    return ThreadId.safeParse(thread).success && (await deps.threads.posts(thread, 0)).length > 0;
  }

  /** The post first: a person's words stay visible whatever becomes of them. */
  async function speak(c: Context, said: Speech): Promise<Response> {
    const { thread, id, text } = said;
    if (said.known && !(await exists(thread))) return c.json({ error: "There is no such thread." }, 404);
    const at = deps.clock.now();
    await deps.threads.put({ thread, ref: id, kind: "person", author: "You", body: text, at });
    const receipt = await deps.inbox.receive(mentionOf(said, at, new URL(c.req.url).origin));
    deps.log.info({ surface: "web", thread, message: id, receipt: receipt.is }, "web.said");
    return c.json({ thread, message: id, receipt: receipt.is, session: sessionOf(receipt) }, 202);
  }

  return app;
}

function followThread(c: Context, thread: string, deps: RouteDeps): Response {
  const frame = async (post: WebPost) => ({
    id: post.seq,
    event: "post",
    data: JSON.stringify({ ...(await postView(post, deps.markdown)), now: deps.clock.now() }),
  });
  const read = async (after: number) => Promise.all((await deps.threads.posts(thread, after)).map(frame));
  const state = () => threadState(deps, thread);
  return follow(c, { topic: `web:${thread}`, after: placeToGoOn(c, "after"), read, state }, deps);
}

interface Speech {
  thread: string;
  id: string;
  text: string;
  /** The thread has to be there already. */
  known?: boolean;
}

function mentionOf({ thread, id, text }: Speech, at: number, origin: string) {
  return {
    dedupe: `web:${thread}/${id}`,
    keys: [webThreadKey(thread)],
    thread: { surface: "web" as const, id: thread },
    author: { surface: "web" as const, id: "local", name: "web user" },
    text,
    addressed: true,
    at,
    message: id,
    link: `${origin}/threads/${thread}`,
  };
}

const sessionOf = (receipt: Receipt): string | null => (receipt.is === "accepted" ? receipt.session : null);

/** An old thread may have fallen off the list. */
async function threadState({ threads }: RouteDeps, id: string): Promise<string> {
  const row = (await threads.list(MAX_LISTED)).find((each) => each.thread === id);
  const first = row ? undefined : (await threads.posts(id, 0)).find((post) => post.kind === "person");
  return JSON.stringify({ title: row?.title ?? (first ? titleOf(first.body) : null), session: row?.session ?? null });
}
