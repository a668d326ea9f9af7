/**
 * The pages as one hono app: the threads one talks in, the sessions one looks into, and the files they are made of.
 * `main.ts` mounts it beside the webhooks; what guards the pages is bound to their paths and touches nothing else.
 */
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import { z } from "zod";
import { toThreadboxError } from "../errors.ts";
import { assets, htmlPages } from "./assets.ts";
import { guard, pageHeaders } from "./guard.ts";
import { markdownRenderer } from "./markdown.ts";
import { notice, type PagesOptions, type RouteDeps } from "./route-deps.ts";
import { sessionRoutes } from "./session-routes.ts";
import { threadRoutes } from "./thread-routes.ts";

const PATHS = ["/", "/threads/*", "/sessions/*", "/assets/*", "/markdown"];

/** A long message with room to spare; the Markdown of a session's history comes in pieces of at most this. */
const MAX_BODY_BYTES = 1_000_000;

export function pages(options: PagesOptions): Hono {
  const app = new Hono();
  const deps: RouteDeps = { ...options, html: htmlPages(), markdown: markdownRenderer(options.clock) };
  const { log, publicUrl = null } = options;
  for (const path of PATHS)
    app.use(path, pageHeaders, guard({ publicUrl, isFromSandbox: options.isFromSandbox, log }), limit);
  app.route("/assets", assets());
  app.route("/threads", threadRoutes(deps));
  app.route("/sessions", sessionRoutes(deps));
  app.get("/", (c) => c.html(deps.html("page.html", { name: options.name })));
  app.post("/markdown", async (c) => {
    const { texts } = Texts.parse(await c.req.json());
    return c.json({ html: await Promise.all(texts.map(deps.markdown)) });
  });
  app.notFound((c) => c.html(notice(deps, "There is nothing here", "The address may be mistyped."), 404));
  app.onError((thrown, c) => {
    if (thrown instanceof HTTPException) return thrown.getResponse();
    if (thrown instanceof z.ZodError || thrown instanceof SyntaxError) return c.json({ error: complaint(thrown) }, 400);
    const failure = toThreadboxError(thrown);
    log.error({ err: thrown, code: failure.code, path: c.req.path }, "web.failed");
    return c.json({ error: `It could not be done: ${failure.code}. ${failure.remedy}` }, 500);
  });
  return app;
}

const limit = bodyLimit({
  maxSize: MAX_BODY_BYTES,
  onError: (c) => c.json({ error: "That is too long." }, 413),
});

/** Texts of the transcript whose message is complete; the page shows them unrendered until then. */
const Texts = z.strictObject({ texts: z.array(z.string()).max(500) });

function complaint(thrown: z.ZodError | SyntaxError): string {
  if (thrown instanceof SyntaxError) return "The request is not JSON.";
  return thrown.issues.map((issue) => `${issue.path.join(".") || "body"}: ${issue.message}`).join("; ");
}
