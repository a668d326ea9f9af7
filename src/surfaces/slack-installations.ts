/**
 * Which installation serves a workspace, and its token. Asked anew each time: what was uninstalled is gone at once for every bot on the
 * database, and what is installed again works at once. With Slack's token rotation a token is renewed here two hours before it ends.
 */
import { WebClient } from "@slack/web-api";
import { z } from "zod";
import { bounded } from "../bounded.ts";
import type { Clock } from "../clock.ts";
import type { Ms } from "../core/types.ts";
import { ThreadboxError } from "../errors.ts";
import { type Installation, type InstallationBook, installationKey, type Tokens, type Where } from "../installation.ts";
import type { Log } from "../log.ts";
import { createSemaphore } from "../semaphore.ts";
import { call, quietLogger, toSlackFailure } from "./slack-calls.ts";

export interface SlackInstallations {
  /** What this event, click or command belongs to. Throws `surface.not-installed`. */
  at(where: Where): Promise<Installation>;
  /** What serves this workspace. Throws `surface.not-installed`. */
  forTeam(team: string): Promise<Installation>;
  /** Throws `surface.not-installed`, and what Slack says where it does not renew one that has ended. */
  tokenOf(key: string): Promise<string>;
}

export interface SlackInstallationsOptions {
  book: InstallationBook;
  /** From `threadbox.yml`: ids of workspaces and organisations that may install it, or `*`. Nobody when it is left out. */
  install: readonly string[] | undefined;
  clientId: string;
  clientSecret: string;
  apiUrl?: string | undefined;
  clock: Clock;
  log: Log;
}

/** Slack's own libraries renew that early; a token lives for twelve hours. */
const RENEW_BEFORE_MS: Ms = 2 * 60 * 60_000;
/** While the old token still works. */
const PAUSE_AFTER_FAILURE_MS: Ms = 60_000;
/** Below the time after which the database ends a transaction that is held still. */
const RENEWED_WITHIN_MS: Ms = 8_000;
/** Each holds a connection to the database for as long as Slack takes, and everything else needs them too. */
const MAX_RENEWING = 2;
const WAITS_TO_RENEW_MS: Ms = 60_000;
const MAX_INSTALLATIONS = 1_000;

/** A workspace is on the list by itself or with its organisation; an organisation only by itself. */
export function mayInstall(
  { team, enterprise }: Pick<Installation, "team" | "enterprise">,
  list: readonly string[] = [],
): boolean {
  return [team, enterprise, "*"].some((id) => id !== null && list.includes(id));
}

export function slackInstallations(options: SlackInstallationsOptions): SlackInstallations {
  const { book, clock } = options;
  const log = options.log.child({ surface: "slack" });
  const exchange = exchanging(options, log);
  const underWay = new Map<string, Promise<string>>();
  const places = createSemaphore(MAX_RENEWING);
  const pausedUntil = bounded<string, Ms>(MAX_INSTALLATIONS);
  /** Whoever was taken from the list is not served any more, also where it was installed before. */
  const listed = (found: Installation | null): Installation => {
    if (found && mayInstall(found, options.install)) return found;
    throw notInstalled();
  };
  const lifeMs = ({ expiresAt }: Tokens): Ms =>
    expiresAt ? expiresAt.getTime() - clock.now() : Number.POSITIVE_INFINITY;
  const isDue = (tokens: Tokens): boolean => tokens.refreshToken !== null && lifeMs(tokens) <= RENEW_BEFORE_MS;

  const renew = async (key: string, old: Tokens): Promise<string> => {
    const isOver = lifeMs(old) <= 0;
    const isPaused = (pausedUntil.get(key) ?? 0) > clock.now() || underWay.size >= MAX_RENEWING;
    if (!isOver && isPaused) return old.token;
    try {
      const work = async () => ({ renewed: await book.renew(key, { is: isDue, waits: isOver }, exchange) });
      const done = await places.take(work, { clock, forMs: WAITS_TO_RENEW_MS });
      if (!done) throw new ThreadboxError("surface.unavailable", "Slack takes too long to renew tokens.");
      if (done.renewed) return done.renewed.token;
    } catch (thrown) {
      const failure = toSlackFailure(thrown);
      log.warn({ installation: key, err: failure }, "slack.token-not-renewed");
      if (isOver) throw failure;
      pausedUntil.set(key, clock.now() + PAUSE_AFTER_FAILURE_MS);
    }
    if (isOver) throw notInstalled();
    return old.token;
  };

  return {
    async at(where) {
      const key = installationKey(where);
      const found = listed(key === null ? null : await book.find(key));
      if (where.teamId && where.teamId !== found.enterprise) await book.serves(found.key, where.teamId);
      return found;
    },

    forTeam: async (team) => listed(await book.forTeam(team)),

    async tokenOf(key) {
      const tokens = await book.tokens(key);
      if (!tokens) throw notInstalled();
      if (!isDue(tokens)) return tokens.token;
      const renewing = underWay.get(key) ?? renew(key, tokens).finally(() => underWay.delete(key));
      underWay.set(key, renewing);
      return renewing;
    },
  };
}

const notInstalled = (): ThreadboxError =>
  new ThreadboxError("surface.not-installed", "The app is not installed in this workspace (any more).");

/** What Slack answers where tokens are rotated. */
const Renewed = z.object({ access_token: z.string(), refresh_token: z.string(), expires_in: z.number() });

function exchanging(
  { clientId, clientSecret, apiUrl, clock }: SlackInstallationsOptions,
  log: Log,
): (refreshToken: string) => Promise<Tokens> {
  const client = new WebClient(undefined, {
    ...(apiUrl ? { slackApiUrl: apiUrl } : {}),
    ...{ timeout: RENEWED_WITHIN_MS, retryConfig: { retries: 0 }, rejectRateLimitedCalls: true },
    logger: quietLogger(log),
  });
  return async (refreshToken) => {
    const asked = { client_id: clientId, client_secret: clientSecret, refresh_token: refreshToken };
    const answer = await call(() => client.oauth.v2.access({ ...asked, grant_type: "refresh_token" }));
    const { access_token, refresh_token, expires_in } = Renewed.parse(answer);
    return {
      token: access_token,
      refreshToken: refresh_token,
      expiresAt: new Date(clock.now() + expires_in * 1_000),
    };
  };
}
