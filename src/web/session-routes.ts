/** The sessions: their page, their transcript as it grows, and the last diff. Nothing here changes anything. */
import { type Context, Hono } from "hono";
import type { Session } from "../core/types.ts";
import type { AgentEvent } from "../wire/events.ts";
import { follow, placeToGoOn } from "./follow.ts";
import { notice, type RouteDeps } from "./route-deps.ts";
import { sessionRow, sessionView } from "./views.ts";

/** More than anybody scrolls through; older ones are found by their link. */
const MAX_LISTED = 100;

/** Entries per question to the store: a long history passes through in pieces, never as a whole. */
const BATCH = 200;

export function sessionRoutes(deps: RouteDeps): Hono {
  const app = new Hono();

  app.get("/", async (c) => c.json({ sessions: (await deps.sessions.list(MAX_LISTED)).map(sessionRow) }));

  app.get("/:id", async (c) => {
    const session = await deps.sessions.get(c.req.param("id"));
    if (session === null) {
      return c.html(notice(deps, "There is no such session", "Its link may be incomplete, or it was deleted."), 404);
    }
    // Sessions are shown to whoever has the link: search engines are not to have it.
    c.header("x-robots-tag", "noindex");
    return c.html(deps.html("session.html", { name: deps.name, title: session.title }));
  });

  app.get("/:id/events", async (c) => {
    const session = await deps.sessions.get(c.req.param("id"));
    return session === null ? missing(c) : followSession(c, session.id, deps);
  });

  app.get("/:id/diff", async (c) => {
    const session = await deps.sessions.get(c.req.param("id"));
    const diff = session && (await latestDiff(deps, session));
    if (!diff) return missing(c, session ? "This session has no changes." : undefined);
    return c.text(diff.patch, 200, { "x-threadbox-cut": String(diff.cut), "cache-control": "no-store" });
  });

  return app;
}

function followSession(c: Context, id: string, deps: RouteDeps): Response {
  const raw = c.req.query("raw") === "1";
  const read = async (after: number) =>
    (await deps.sessions.transcript(id, after, BATCH, { raw })).map(({ cursor, entry }) => ({
      id: cursor,
      event: "entry",
      data: JSON.stringify({ cursor, at: entry.at, event: entry.event }),
    }));
  const state = async () => {
    const session = await deps.sessions.get(id);
    return JSON.stringify(session && (await sessionView(session, await deps.sessions.turns(id), deps.markdown)));
  };
  return follow(c, { topic: `session:${id}`, after: placeToGoOn(c, "cursor"), read, state }, deps);
}

type Diff = Extract<AgentEvent, { type: "diff" }>;

async function latestDiff({ sessions }: RouteDeps, session: Session): Promise<Diff | null> {
  let latest: Diff | null = null;
  let after = 0;
  for (;;) {
    const batch = await sessions.transcript(session.id, after, BATCH);
    for (const { entry } of batch) if (entry.event.type === "diff") latest = entry.event;
    const last = batch.at(-1);
    if (last === undefined) return latest;
    after = last.cursor;
  }
}

function missing(c: Context, error = "There is no such session."): Response {
  return c.json({ error }, 404);
}
