/** The log that GitHub keeps of what it told our App: three days of attempts, each with what came back and with what was sent. */
import type { Octokit } from "octokit";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Ms } from "../core/types.ts";
import { githubFailure, statusOf } from "./github-failure.ts";

/** One attempt. */
export interface GitHubDelivery {
  id: number;
  /** The same for every attempt at one event. */
  guid: string;
  at: Ms;
  event: string;
  action: string | null;
  /** Whoever answered took it. */
  arrived: boolean;
}

export interface GitHubDeliveries {
  /** Attempts that were made at `since` or later, the newest first; `whole` is false when there were more than we ask for. */
  list(since: Ms): Promise<{ attempts: GitHubDelivery[]; whole: boolean }>;
  /** What was sent; null when GitHub does not keep it any more. */
  payload(id: number): Promise<Record<string, unknown> | null>;
}

/** The fields that we use. 0 as status: nobody answered. */
const Attempt = z.object({
  id: z.number(),
  guid: z.string(),
  delivered_at: z.string().transform((text) => Date.parse(text)),
  event: z.string(),
  action: z.string().nullish(),
  status_code: z.number(),
});

const Delivered = z.object({ request: z.object({ payload: z.record(z.string(), z.unknown()).nullish() }) });

const PAGE = 100;
/** Ten thousand attempts. An App may ask five thousand times an hour, and other questions are waiting. */
const MAX_PAGES = 100;

export function githubDeliveries(app: Octokit, clock: Clock): GitHubDeliveries {
  return {
    async list(since) {
      const attempts: GitHubDelivery[] = [];
      let cursor: string | undefined;
      try {
        for (let page = 0; page < MAX_PAGES; page++) {
          const { data, headers } = await app.rest.apps.listWebhookDeliveries({
            per_page: PAGE,
            ...(cursor === undefined ? {} : { cursor }),
          });
          const read = z.array(Attempt).parse(data).map(attemptOf);
          attempts.push(...read.filter(({ at }) => at >= since));
          cursor = nextCursor(headers.link);
          if (cursor === undefined || read.some(({ at }) => at < since)) return { attempts, whole: true };
        }
      } catch (thrown) {
        throw githubFailure(thrown, "list the App's deliveries", clock);
      }
      return { attempts, whole: false };
    },
    async payload(id) {
      try {
        const { data } = await app.rest.apps.getWebhookDelivery({ delivery_id: id });
        return Delivered.parse(data).request.payload ?? null;
      } catch (thrown) {
        const status = statusOf(thrown);
        if (status === 404 || status === 410) return null;
        throw githubFailure(thrown, `read the App's delivery ${id}`, clock);
      }
    },
  };
}

const attemptOf = ({
  id,
  guid,
  delivered_at,
  event,
  action,
  status_code,
}: z.infer<typeof Attempt>): GitHubDelivery => ({
  ...{ id, guid, at: delivered_at, event, action: action ?? null },
  arrived: status_code >= 200 && status_code < 300,
});

/** GitHub says in a `Link` header where the next page begins. */
function nextCursor(link: string | undefined): string | undefined {
  const next = /<([^>]+)>;\s*rel="next"/.exec(link ?? "")?.[1];
  return next && URL.canParse(next) ? (new URL(next).searchParams.get("cursor") ?? undefined) : undefined;
}
