/** A part of the composition root: who people of a workspace are on GitHub, where they have to say. */
import { randomBytes } from "node:crypto";
import type { Hono } from "hono";
import type { Clock } from "./clock.ts";
import type { Config } from "./config.ts";
import type { Engine } from "./engine/engine.ts";
import type { EngineDeps } from "./engine/ports.ts";
import { ThreadboxError } from "./errors.ts";
import type { Log } from "./log.ts";
import type { TeamSettings } from "./repositories.ts";
import { isFromSandbox } from "./sandboxes/local-peer.ts";
import type { Store } from "./store/store.ts";
import type { GitHubAccess } from "./surfaces/github-access.ts";
import { githubRights } from "./surfaces/github-rights.ts";
import { githubSignIn } from "./surfaces/github-sign-in.ts";
import { connectUrl } from "./web/connect-link.ts";
import { connectRoutes } from "./web/connect-routes.ts";
import { createSeal } from "./web/seal.ts";

interface IdentitiesOptions {
  config: Config;
  team: Pick<TeamSettings, "slack">;
  store: Store;
  github: GitHubAccess | null;
  clock: Clock;
  log: Log;
}

export interface OpenIdentities {
  /** For the engine, and for whoever shows people what is known of them. */
  book: NonNullable<EngineDeps["identities"]>;
  /** The pages that the links lead to. */
  routes(connect: Engine["connect"]): Hono;
}

export function isIdentityRequired({ github, slack }: Config, team: Pick<TeamSettings, "slack">): boolean {
  const { identity = github?.oauth ? "required" : "off" } = team.slack;
  return identity !== "off" && slack !== null;
}

/** Throws `config.invalid` where people have to say and cannot. */
export function checkIdentities(config: Config, team: Pick<TeamSettings, "slack">): void {
  const { github, publicUrl } = config;
  if (isIdentityRequired(config, team) && !(github?.oauth && publicUrl))
    throw new ThreadboxError("config.invalid", NOT_SET_UP);
}

/** Null where nobody has to say. */
export async function openIdentities(options: IdentitiesOptions): Promise<OpenIdentities | null> {
  const { config, team, store, github, clock, log } = options;
  const { publicUrl, name, home } = config;
  const oauth = config.github?.oauth;
  checkIdentities(config, team);
  if (!isIdentityRequired(config, team) || !config.github || !oauth || !github || !publicUrl) return null;
  const key = await store.setting("connect-key", async () => randomBytes(32).toString("base64"));
  const seal = createSeal(Buffer.from(key, "base64"), clock);
  const { rights, noreply } = githubRights(github);
  const { apiUrl, url } = config.github;
  const signIn = githubSignIn({ ...oauth, apiUrl, url, clock, log });
  return {
    book: {
      of: (member) => store.identityOf(member),
      connectUrl: (member) => connectUrl(seal, publicUrl, member),
      disconnect: (member) => store.forgetIdentity(member),
      noreply,
      async rights(account, repository) {
        const found = await rights(account, repository);
        if (found && found.login !== account.login) await store.renameIdentity({ id: account.id, login: found.login });
        return found;
      },
    },
    routes: (connect) =>
      connectRoutes({
        ...{ publicUrl, name, seal, signIn, connect, log },
        isUsed: (link) => store.isLinkUsed(link),
        isFromSandbox: (connection) => isFromSandbox(home, connection),
      }),
  };
}

const NOT_SET_UP =
  "`slack.identity: required` in threadbox.yml needs GITHUB_CLIENT_ID and GITHUB_CLIENT_SECRET of the GitHub App, and PUBLIC_URL.";
