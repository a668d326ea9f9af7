/**
 * Our way to GitHub's API: as an App (one client and one short-lived token per installation) or with one person's token.
 * Every request waits for its turn (`github-pace.ts`), for each installation by itself. Octokit never repeats one and never sits
 * out a limit, because the engine does both durably and a repeated POST is a second comment.
 */
import { createPrivateKey } from "node:crypto";
import { createAppAuth } from "@octokit/auth-app";
import { Octokit } from "octokit";
import { z } from "zod";
import { bounded, remembered } from "../bounded.ts";
import type { Clock } from "../clock.ts";
import { ThreadboxError } from "../errors.ts";
import type { Log } from "../log.ts";
import { type GitHubDeliveries, githubDeliveries } from "./github-deliveries.ts";
import { githubFailure, limitedForMs, statusOf } from "./github-failure.ts";
import { githubGate } from "./github-pace.ts";
import { createPace, type Pace } from "./pace.ts";

export type GitHubCredentials = { appId: string; privateKey: string } | { token: string };

export interface GitHubAccessOptions {
  credentials: GitHubCredentials;
  /** Of the REST API; GitHub Enterprise Server's ends in `/api/v3`. */
  apiUrl: string;
  /** Of the web pages and of git. */
  url: string;
  log: Log;
  clock: Clock;
  /** Keeps to GitHub's rates by itself. Off only where it is emulated; what GitHub says of its limits is obeyed in any case. */
  paced?: boolean;
  /** A value that is made once and then kept, over restarts as well; made each time when it is left out. */
  kept?: Kept;
}

export type Kept = <T>(name: string, make: () => Promise<T>) => Promise<T>;

/** Where a client is needed: which repository, and which installation sent the event, when that is known. */
export interface RepositoryPlace {
  owner: string;
  name: string;
  installation: number | null;
}

/** `write workflows` is for those who have said that the bot may change what their CI does. */
export type GitTokenPurpose = "read" | "write" | "write workflows";

export interface GitToken {
  token: string;
  expiresAt?: number;
}

const PERMISSIONS: Record<GitTokenPurpose, Record<string, "read" | "write">> = {
  read: { contents: "read", metadata: "read" },
  write: { contents: "write", metadata: "read" },
  "write workflows": { contents: "write", metadata: "read", workflows: "write" },
};

/** Our own account. */
export interface GitHubSelf {
  id: number;
  login: string;
}

export interface GitHubAccess {
  /** The origin of web pages and git, without a slash at the end. */
  url: string;
  clock: Clock;
  client(place: RepositoryPlace): Promise<Octokit>;
  /** Number of our App, by which its check runs are known; null with a token. */
  appId: number | null;
  /** The account that our comments and commits are made by. */
  self(): Promise<GitHubSelf>;
  /** The address that GitHub shows as this account without telling a private one. */
  noreply(account: GitHubSelf): string;
  /** A token for git alone, for this purpose and this repository alone where GitHub can narrow it. `id` is null when it is not known. */
  gitToken(place: RepositoryPlace, id: number | null, purpose: GitTokenPurpose): Promise<GitToken>;
  /** Where the API is, for whoever has no client. */
  api: { restUrl: string; graphqlUrl: string };
  /** What GitHub told our App, and whether it got through. Null with a token: then each repository's webhook is its owner's. */
  deliveries: GitHubDeliveries | null;
}

/** What every client is made with. */
interface Shared extends GitHubAccessOptions {
  pace: Pace;
}

export function githubAccess(given: GitHubAccessOptions): GitHubAccess {
  const { credentials, clock } = given;
  const options = { ...given, pace: createPace(given) };
  const url = options.url.replace(/\/+$/, "");
  const host = new URL(url).hostname;
  const way = "token" in credentials ? tokenWay(options, credentials.token) : appWay(options, credentials);
  let self: Promise<GitHubSelf> | null = null;
  return {
    url,
    clock,
    api: apiOf(options.apiUrl),
    ...way,
    self() {
      self ??= way.self().catch((thrown) => {
        self = null; // asked again next time
        throw githubFailure(thrown, "ask who we are", clock);
      });
      return self;
    },
    noreply: ({ id, login }) => `${id}+${login}@users.noreply.${host}`,
  };
}

/** GitHub Enterprise Server has its REST API in `/api/v3` and the other one beside it. */
function apiOf(apiUrl: string): GitHubAccess["api"] {
  const restUrl = apiUrl.replace(/\/+$/, "");
  return { restUrl, graphqlUrl: `${restUrl.replace(/\/v3$/, "")}/graphql` };
}

type Way = Pick<GitHubAccess, "appId" | "client" | "self" | "gitToken" | "deliveries">;

const Account = z.object({ id: z.number(), login: z.string() });

function tokenWay(options: Shared, token: string): Way {
  const client = octokit(options, "token", { auth: token });
  return {
    appId: null,
    client: async () => client,
    self: async () => Account.parse((await client.rest.users.getAuthenticated()).data),
    gitToken: async () => ({ token }),
    deliveries: null,
  };
}

/** GitHub's own limit for a narrowed token: an hour. The daemon is told when to ask again, so it gets one with most of it left. */
const MIN_TOKEN_LIFE_MS = 30 * 60_000;
/** An App that is taken off a repository and put on again gets another number. */
const INSTALLATION_KNOWN_MS = 10 * 60_000;
/** Each holds a token and a queue; an App has rarely more, and a forgotten one is made anew. */
const MAX_CLIENTS = 500;
const MAX_INSTALLATIONS_KNOWN = 2_000;

function appWay(options: Shared, app: { appId: string; privateKey: string }): Way {
  const { clock } = options;
  const auth = { appId: app.appId, privateKey: checkedKey(app.privateKey) };
  const jwt = octokit(options, "app", { authStrategy: createAppAuth, auth });
  const clients = bounded<number, Octokit>(MAX_CLIENTS);
  const findOnce = remembered(
    { clock, forMs: INSTALLATION_KNOWN_MS, maxEntries: MAX_INSTALLATIONS_KNOWN },
    (place: RepositoryPlace) => findInstallation(jwt, place, clock),
    ({ owner, name }) => `${owner}/${name}`.toLowerCase(),
  );
  const installationOf = async (place: RepositoryPlace): Promise<number> => place.installation ?? findOnce(place);

  async function client(place: RepositoryPlace): Promise<Octokit> {
    const installationId = await installationOf(place);
    const known = clients.get(installationId);
    if (known) return known;
    const made = octokit(options, `installation-${installationId}`, {
      authStrategy: createAppAuth,
      auth: { ...auth, installationId },
    });
    clients.set(installationId, made);
    return made;
  }

  return {
    appId: Number(app.appId),
    client,
    async self() {
      const { slug } = z.object({ slug: z.string() }).parse((await jwt.rest.apps.getAuthenticated()).data);
      const ask = async (): Promise<GitHubSelf> => {
        // The bot's account is public, and an App's own key opens nothing but /app. An installation has the larger allowance.
        const asker = clients.newest() ?? octokit(options, "anonymous", {});
        return Account.parse((await asker.rest.users.getByUsername({ username: `${slug}[bot]` })).data);
      };
      // Strangers may ask 60 times an hour, together with everybody behind the same address: a bot that is restarted often must not have to.
      const { kept = (_name, make) => make() } = options;
      return Account.parse(await kept(`github-account ${options.apiUrl} ${slug}`, ask));
    },
    async gitToken(place, id, purpose) {
      const wanted = {
        type: "installation",
        installationId: await installationOf(place),
        permissions: PERMISSIONS[purpose],
        ...(id === null ? { repositoryNames: [place.name] } : { repositoryIds: [id] }),
      };
      const cached = InstallationToken.parse(await jwt.auth(wanted));
      if (cached.expiresAt - clock.now() >= MIN_TOKEN_LIFE_MS) return cached;
      return InstallationToken.parse(await jwt.auth({ ...wanted, refresh: true }));
    },
    deliveries: githubDeliveries(jwt, clock),
  };
}

const InstallationToken = z.object({ token: z.string(), expiresAt: z.string().transform((text) => Date.parse(text)) });

async function findInstallation(jwt: Octokit, { owner, name }: RepositoryPlace, clock: Clock): Promise<number> {
  try {
    const { data } = await jwt.rest.apps.getRepoInstallation({ owner, repo: name });
    return data.id;
  } catch (thrown) {
    if (statusOf(thrown) !== 404) throw githubFailure(thrown, `look for the App on ${owner}/${name}`, clock);
    const detail = `The GitHub App is not installed on ${owner}/${name}`;
    throw new ThreadboxError("git.unauthorized", detail, { cause: thrown });
  }
}

/** Fails at the start and not at the first mention. */
function checkedKey(pem: string): string {
  try {
    createPrivateKey(pem);
    return pem;
  } catch (cause) {
    throw new ThreadboxError("config.invalid", "GITHUB_PRIVATE_KEY is not a private key in PEM form", { cause });
  }
}

/** Longer than GitHub itself works on a request (it gives up after ten seconds), shorter than a person's patience. */
const REQUEST_TIMEOUT_MS = 20_000;

function octokit(options: Shared, id: string, auth: Record<string, unknown>): Octokit {
  const { log } = options;
  const client = new Octokit({
    ...auth,
    baseUrl: options.apiUrl.replace(/\/+$/, ""),
    userAgent: "threadbox",
    request: { fetch: fetchWithTimeout },
    retry: { enabled: false },
    // It stands behind our own pace and has nothing to do but for the ten requests at once. Without an id of its own every client
    // of the process would wait for every other.
    throttle: {
      enabled: options.paced ?? true,
      id,
      onRateLimit: () => false,
      onSecondaryRateLimit: () => false,
    },
    log: {
      debug: () => {},
      info: () => {},
      warn: (message: string) => log.debug({ message }, "github.client-warned"),
      error: (message: string) => log.debug({ message }, "github.client-failed"),
    },
  });
  inItsTurn(client, id, options);
  return client;
}

/** Octokit's own queue knows no bound and nothing that may be left out, so a request passes here before it gets there. */
function inItsTurn(client: Octokit, id: string, { pace, clock }: Shared): void {
  client.hook.wrap("request", async (request, options) => {
    const gate = githubGate(id, options.method, options.url);
    if (!gate) return request(options);
    await (options.request && "isProgress" in options.request ? pace.drop(gate) : pace.wait(gate));
    try {
      return await request(options);
    } catch (thrown) {
      const forMs = limitedForMs(thrown, clock);
      if (forMs !== null) pace.close(gate, forMs);
      throw thrown;
    }
  });
}

/** Goes with a request that may be left out when there is much to say. */
export const AS_PROGRESS = { request: { isProgress: true } };

/** The time starts with the request itself and not while it waits for its turn. */
export function fetchWithTimeout(url: string, init: RequestInit = {}): Promise<Response> {
  const timeout = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
  return fetch(url, { ...init, signal: init.signal ? AbortSignal.any([init.signal, timeout]) : timeout });
}
