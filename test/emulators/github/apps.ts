/** Apps, their installations and their tokens, as the owner of the app and the owners of repositories set them up. */
import { generateKeyPair, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { coversRepository } from "./access.ts";
import { fullName, type Hub, timestamp } from "./hub.ts";
import { nodeId, renderUser } from "./render/shared.ts";
import type { Account, App, By, Installation, Permissions, Repository } from "./state.ts";

const generate = promisify(generateKeyPair);

// Finding primes takes up to a second on a busy machine, so the emulators of one process share keys: each one's first
// app has the first, its second app the second.
const keys: Promise<{ publicKey: string; privateKey: string }>[] = [];

function keyNumber(index: number) {
  // PKCS#1, because that is what GitHub's "Generate a private key" gives.
  keys[index] ??= generate("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
  });
  return keys[index];
}

/** What a bot like ours is given, when a test does not say. */
const DEFAULT_PERMISSIONS: Permissions = {
  metadata: "read",
  contents: "write",
  pull_requests: "write",
  issues: "write",
  checks: "write",
  statuses: "read",
  actions: "read",
};
const DEFAULT_EVENTS = [
  "issue_comment",
  "issues",
  "pull_request",
  "pull_request_review",
  "pull_request_review_comment",
  "check_suite",
  "push",
];

export interface AppDraft {
  slug: string;
  owner: Account;
  permissions?: Permissions;
  events?: string[];
  webhookUrl?: string;
  webhookSecret?: string;
  callbackUrl?: string;
  /** The slug, where it is left out. */
  name?: string;
  callbackUrls?: string[];
  isPublic?: boolean;
}

export async function createApp(hub: Hub, draft: AppDraft): Promise<App> {
  const { publicKey, privateKey } = await keyNumber(hub.apps.length);
  const now = timestamp(hub);
  const login = `${draft.slug}[bot]`;
  const bot: Account = {
    id: hub.nextId("account"),
    login,
    type: "Bot",
    name: draft.slug,
    createdAt: now,
    members: new Map(),
  };
  const id = hub.nextId("app");
  const app: App = {
    id,
    slug: draft.slug,
    name: draft.name ?? draft.slug,
    isPublic: draft.isPublic ?? false,
    clientId: `Iv23li${randomBytes(7).toString("hex")}`,
    clientSecret: randomBytes(20).toString("hex"),
    callbackUrls: draft.callbackUrls ?? (draft.callbackUrl ? [draft.callbackUrl] : []),
    owner: draft.owner,
    bot,
    permissions: draft.permissions ?? DEFAULT_PERMISSIONS,
    privateKeyPem: privateKey,
    publicKeyPem: publicKey,
    hook: {
      id: hub.nextId("hook"),
      url: draft.webhookUrl ?? null,
      secret: draft.webhookSecret ?? randomBytes(20).toString("hex"),
      events: draft.events ?? DEFAULT_EVENTS,
      target: { type: "integration", appId: id },
    },
    installations: [],
    createdAt: now,
  };
  hub.apps.push(app);
  hub.accounts.set(login.toLowerCase(), bot);
  return app;
}

export function installApp(
  hub: Hub,
  app: App,
  account: Account,
  wish: { repositories: Repository[] | "all"; permissions?: Permissions; by: By },
): Installation {
  const { repositories } = wish;
  const installation: Installation = {
    id: hub.nextId("installation"),
    app,
    account,
    repositories: repositories === "all" ? "all" : new Set(repositories.map((one) => one.id)),
    permissions: wish.permissions ?? app.permissions,
    suspendedAt: null,
    createdAt: timestamp(hub),
  };
  app.installations.push(installation);
  const payload = {
    action: "created",
    installation: renderInstallation(hub, installation),
    repositories: coveredBy(hub, installation).map(renderRepositoryName),
    requester: null,
    sender: renderUser(hub, wish.by.account),
  };
  hub.webhooks.send(app.hook, "installation", payload, installation);
  return installation;
}

/** The owner takes the app away: its tokens die with it. */
export function uninstallApp(hub: Hub, installation: Installation, by: By): void {
  const payload = {
    action: "deleted",
    installation: renderInstallation(hub, installation),
    repositories: coveredBy(hub, installation).map(renderRepositoryName),
    requester: null,
    sender: renderUser(hub, by.account),
  };
  installation.app.installations = installation.app.installations.filter((one) => one !== installation);
  for (const [secret, token] of hub.tokens) {
    if (token.is === "installation" && token.installation === installation) hub.tokens.delete(secret);
  }
  hub.webhooks.send(installation.app.hook, "installation", payload, installation);
}

/** The owner gives an installation one more repository, or takes one away. */
export function changeSelection(
  hub: Hub,
  installation: Installation,
  change: { add?: Repository; remove?: Repository; by: By },
): void {
  const selected = new Set(coveredBy(hub, installation).map((one) => one.id));
  if (change.add) selected.add(change.add.id);
  if (change.remove) selected.delete(change.remove.id);
  installation.repositories = selected;
  const payload = {
    action: change.add ? "added" : "removed",
    installation: renderInstallation(hub, installation),
    repository_selection: "selected",
    repositories_added: change.add ? [renderRepositoryName(change.add)] : [],
    repositories_removed: change.remove ? [renderRepositoryName(change.remove)] : [],
    requester: null,
    sender: renderUser(hub, change.by.account),
  };
  hub.webhooks.send(installation.app.hook, "installation_repositories", payload, installation);
}

export function coveredBy(hub: Hub, installation: Installation): Repository[] {
  return hub.repositories.filter((repository) => coversRepository(installation, repository));
}

export function renderRepositoryName(repository: Repository) {
  return {
    id: repository.id,
    node_id: nodeId("R", repository.id),
    name: repository.name,
    full_name: fullName(repository),
    private: repository.isPrivate,
  };
}

export function renderInstallation(hub: Hub, installation: Installation) {
  const url = `${hub.apiUrl}/app/installations/${installation.id}`;
  const { account, app } = installation;
  return {
    id: installation.id,
    client_id: app.clientId,
    account: renderUser(hub, account),
    repository_selection: installation.repositories === "all" ? "all" : "selected",
    access_tokens_url: `${url}/access_tokens`,
    repositories_url: `${hub.apiUrl}/installation/repositories`,
    html_url: `${hub.url}/organizations/${account.login}/settings/installations/${installation.id}`,
    app_id: app.id,
    app_slug: app.slug,
    target_id: account.id,
    target_type: account.type,
    permissions: installation.permissions,
    events: app.hook.events,
    created_at: installation.createdAt,
    updated_at: installation.createdAt,
    single_file_name: null,
    has_multiple_single_files: false,
    single_file_paths: [],
    suspended_by: null,
    suspended_at: installation.suspendedAt,
  };
}

const TOKEN_LIFETIME_MS = 3_600_000;

/** In today's long form, `ghs_<app>_<three parts with dots>`: whoever expects 40 characters finds out here. */
export function mintToken(
  hub: Hub,
  installation: Installation,
  scope: { permissions: Permissions; repositories: Set<number> | null },
): { secret: string; expiresAt: string } {
  const part = (bytes: number) => randomBytes(bytes).toString("base64url");
  const secret = `ghs_${installation.app.id}_${part(27)}.${part(90)}.${part(256)}`;
  const expiresAtMs = hub.clock.now() + TOKEN_LIFETIME_MS;
  hub.tokens.set(secret, { is: "installation", installation, ...scope, expiresAtMs });
  return { secret, expiresAt: new Date(expiresAtMs).toISOString().replace(/\.\d+Z$/, "Z") };
}
