/**
 * `POST /github/webhooks`: bytes -> signature -> event -> outcome -> inbox, and only then an answer. GitHub waits ten seconds and never
 * asks again, so a 202 means that the inbox has committed, and a 500 shows up as failed in the App's list of deliveries, where
 * `replay.ts` finds it.
 */
import { Webhooks } from "@octokit/webhooks";
import { z } from "zod";
import { readCapped } from "./body.ts";
import { failed, type GitHubEventOptions, githubEvents, refused, type Verdict } from "./events.ts";

export interface GitHubWebhookOptions extends GitHubEventOptions {
  /** As it stands in the settings of the App or of the repository's webhook. */
  secret: string;
  /** The one before it, for as long as GitHub may still sign with it. */
  previousSecret?: string | undefined;
}

/** GitHub sends nothing larger. */
const MAX_BODY_BYTES = 25 * 1024 * 1024;

export function githubWebhooks(options: GitHubWebhookOptions): (request: Request) => Promise<Response> {
  const { clock } = options;
  const log = options.log.child({ surface: "github" });
  const verify = verifierOf(options);
  const handle = githubEvents(options);

  return async (request) => {
    const startedAt = clock.now();
    const delivery = request.headers.get("x-github-delivery");
    const event = request.headers.get("x-github-event");
    const verdict = await judge(request, { delivery, event }).catch(failed);
    const level = verdict.status >= 500 ? "error" : verdict.status >= 400 ? "warn" : "info";
    const facts = { delivery, event, status: verdict.status, ...verdict.log, durationMs: clock.now() - startedAt };
    log[level](facts, "github.delivery-handled");
    return Response.json(verdict.body, { status: verdict.status });
  };

  async function judge(request: Request, headers: { delivery: string | null; event: string | null }): Promise<Verdict> {
    const signature = request.headers.get("x-hub-signature-256");
    if (!signature) return refused(401, "unsigned");
    const raw = await readCapped(request, MAX_BODY_BYTES);
    if (raw === null) return refused(413, "too-large");
    if (raw === "" || !(await verify(raw, signature))) return refused(401, "signature-wrong");
    const { delivery, event } = headers;
    if (!delivery || !event) return refused(400, "headers-missing");
    const body = parseBody(raw, request.headers.get("content-type"));
    if (body === null) return refused(400, "not-json");
    return handle(event, body);
  }
}

/** `verify` says no by false and throws nothing, and compares in constant time. */
function verifierOf({ secret, previousSecret, log }: GitHubWebhookOptions) {
  const [now, before] = [secret, previousSecret].map((one) => (one ? new Webhooks({ secret: one }).verify : null));
  return async (raw: string, signature: string): Promise<boolean> => {
    if (await now?.(raw, signature)) return true;
    const isBefore = (await before?.(raw, signature)) === true;
    if (isBefore) log.info({}, "github.previous-secret");
    return isBefore;
  };
}

/** A webhook made by hand is often left on GitHub's default, a form; the signature covers it as it was sent. */
function parseBody(raw: string, contentType: string | null): Record<string, unknown> | null {
  const isForm = contentType?.startsWith("application/x-www-form-urlencoded") ?? false;
  const json = isForm ? new URLSearchParams(raw).get("payload") : raw;
  try {
    const parsed = z.record(z.string(), z.unknown()).safeParse(JSON.parse(json ?? ""));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
