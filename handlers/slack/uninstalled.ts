/**
 * `app_uninstalled` and `tokens_revoked`: a workspace, or an organisation, wants us no more. Its installation is deleted before Slack is
 * acknowledged; what was still to be said there fails with `surface.not-installed`, and is not tried for ever.
 */
import type { App } from "@slack/bolt";
import { z } from "zod";
import { ThreadboxError } from "../../src/errors.ts";
import { type InstallationBook, installationKey, type Where } from "../../src/installation.ts";
import type { Log } from "../../src/log.ts";

/** By the type of the event. They come without a word of who we are: our token is dead by then. */
export const slackEndings = ["app_uninstalled", "tokens_revoked"] as const;

export const isEnding = (event: string): boolean => slackEndings.some((ending) => ending === event);

const Ended = z.object({
  /** When it happened, in whole seconds. */
  event_time: z.number(),
  event: z.object({
    type: z.enum(slackEndings),
    /** Ids of those whose tokens were revoked: of people who had given us theirs, and of our bot users. */
    tokens: z.object({ bot: z.array(z.string()).nullish() }).nullish(),
  }),
});

export type Ending =
  | { is: "removed" | "unknown"; installation: string | null }
  | { is: "not-ours" }
  | { is: "malformed" };

/** Slack may deliver it late, or again: what was installed anew since then stays. */
export async function onUninstalled(
  body: unknown,
  where: Where,
  book: Pick<InstallationBook, "remove"> | null,
): Promise<Ending> {
  const parsed = Ended.safeParse(body);
  if (!parsed.success) return { is: "malformed" };
  const { event, event_time } = parsed.data;
  const isRevoked = event.type === "tokens_revoked";
  const botUsers = event.tokens?.bot ?? [];
  if (isRevoked && botUsers.length === 0) return { is: "not-ours" };
  const installation = installationKey(where);
  if (!book || installation === null) return { is: "unknown", installation };
  // To the end of that second: Slack tells no fraction of it.
  const told = { until: new Date(event_time * 1_000 + 999), ...(isRevoked ? { botUsers } : {}) };
  return { is: (await book.remove(installation, told)) ? "removed" : "unknown", installation };
}

/**
 * Of a workspace that has not installed us, or not any more, nothing is taken. It is acknowledged all the same: delivered again it would be
 * no more welcome.
 */
export function dropUninstalled(app: App, { us, log }: { us(at: Where): Promise<unknown>; log: Log }): void {
  app.use(async ({ context, payload, next, ...given }) => {
    const ends = "type" in payload && isEnding(String(payload.type));
    try {
      if (!ends) await us(context);
    } catch (thrown) {
      if (!(thrown instanceof ThreadboxError) || thrown.code !== "surface.not-installed") throw thrown;
      const { teamId: team, enterpriseId: enterprise } = context;
      log.warn({ team, enterprise, skipped: "not-installed" }, "slack.ignored");
      if ("ack" in given && typeof given.ack === "function") await given.ack();
      return;
    }
    await next();
  });
}
