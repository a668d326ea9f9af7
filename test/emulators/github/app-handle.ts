/** An app as its maker and the owners of repositories hold it: keys, hook, and where it is installed. */
import { changeSelection, createApp, installApp, mintToken, uninstallApp } from "./apps.ts";
import { asUser, type Hub, timestamp } from "./hub.ts";
import { accountNamed, repositoryNamed } from "./setup.ts";
import type { Account, App, Delivery, Installation, Permissions, Repository } from "./state.ts";

export interface AppWish {
  slug: string;
  /** The account that made it. Without one, an organization named after the app. */
  owner?: string;
  permissions?: Permissions;
  events?: string[];
  webhookUrl?: string;
  webhookSecret?: string;
  /** Where people are sent back to who sign in through it. */
  callbackUrl?: string;
}

export interface AppHandle {
  id: number;
  slug: string;
  isPublic: boolean;
  clientId: string;
  clientSecret: string;
  /** PEM, PKCS#1. */
  privateKey: string;
  webhookSecret: string;
  /** What a bot needs to be this App. */
  environment: Record<
    "GITHUB_APP_ID" | "GITHUB_PRIVATE_KEY" | "GITHUB_WEBHOOK_SECRET" | "GITHUB_API_URL" | "GITHUB_URL",
    string
  >;
  /** The account that its comments and commits are put down to. Its id is not the app's. */
  bot: { id: number; login: string };
  webhookTo(url: string): void;
  /** Its maker changes it on its page. Permissions of installations stay until their owners accept. */
  change(to: {
    permissions?: Permissions;
    events?: string[];
    contentType?: "json" | "form";
    insecureSsl?: "0" | "1";
  }): void;
  /** What GitHub sends when a hook is set up. */
  ping(): Promise<Delivery[]>;
  install(owner: string, wish?: { repositories?: string[]; permissions?: Permissions }): Promise<InstallationHandle>;
}

export interface InstallationHandle {
  id: number;
  /** A token without the detour over a JWT, for tests of what tokens may do. */
  token(scope?: { permissions?: Permissions; repositories?: string[] }): string;
  add(repository: string): Promise<Delivery[]>;
  remove(repository: string): Promise<Delivery[]>;
  suspend(): void;
  uninstall(): Promise<Delivery[]>;
}

export async function createAppHandle(hub: Hub, wish: AppWish): Promise<AppHandle> {
  const owner = accountNamed(hub, wish.owner ?? wish.slug, "Organization");
  return handleOf(hub, await createApp(hub, { ...wish, owner }));
}

export function appHandle(hub: Hub, slug: string): AppHandle {
  const app = hub.apps.find((one) => one.slug === slug);
  if (!app) throw new Error(`there is no App ${slug}`);
  return handleOf(hub, app);
}

function handleOf(hub: Hub, app: App): AppHandle {
  return {
    id: app.id,
    slug: app.slug,
    isPublic: app.isPublic,
    clientId: app.clientId,
    clientSecret: app.clientSecret,
    privateKey: app.privateKeyPem,
    webhookSecret: app.hook.secret,
    environment: {
      GITHUB_APP_ID: String(app.id),
      GITHUB_PRIVATE_KEY: app.privateKeyPem,
      GITHUB_WEBHOOK_SECRET: app.hook.secret,
      GITHUB_API_URL: hub.apiUrl,
      GITHUB_URL: hub.url,
    },
    bot: { id: app.bot.id, login: app.bot.login },
    webhookTo(url) {
      app.hook.url = url;
    },
    change({ permissions, events, contentType, insecureSsl }) {
      if (permissions) app.permissions = permissions;
      if (events) app.hook.events = events;
      if (contentType) app.hook.contentType = contentType;
      if (insecureSsl) app.hook.insecureSsl = insecureSsl;
    },
    ping: async () => {
      const { deliveries } = await hub.webhooks.during(() =>
        hub.webhooks.send(app.hook, "ping", pingOf(hub, app), null),
      );
      return deliveries;
    },
    async install(login, { repositories, permissions } = {}) {
      const account = accountNamed(hub, login, "Organization");
      const selected = repositories?.map((name) => repositoryNamed(hub, name)) ?? "all";
      const by = asUser(account);
      const { result } = await hub.webhooks.during(() =>
        installApp(hub, app, account, { repositories: selected, by, ...(permissions ? { permissions } : {}) }),
      );
      return installationHandle(hub, result, account);
    },
  };
}

function installationHandle(hub: Hub, installation: Installation, owner: Account): InstallationHandle {
  const by = asUser(owner);
  const telling = async (work: () => void) => (await hub.webhooks.during(work)).deliveries;
  const idsOf = (names: string[]) => new Set(names.map((name) => repositoryNamed(hub, name).id));
  const changing = (change: { add?: Repository; remove?: Repository }) =>
    telling(() => changeSelection(hub, installation, { ...change, by }));
  return {
    id: installation.id,
    token: ({ permissions, repositories } = {}) =>
      mintToken(hub, installation, {
        permissions: permissions ?? installation.permissions,
        repositories: repositories ? idsOf(repositories) : null,
      }).secret,
    add: (name) => changing({ add: repositoryNamed(hub, name) }),
    remove: (name) => changing({ remove: repositoryNamed(hub, name) }),
    suspend() {
      installation.suspendedAt = timestamp(hub);
    },
    uninstall: () => telling(() => uninstallApp(hub, installation, by)),
  };
}

function pingOf(hub: Hub, app: Installation["app"]): Record<string, unknown> {
  const { hook } = app;
  return {
    zen: "Keep it logically awesome.",
    hook_id: hook.id,
    hook: {
      type: "App",
      id: hook.id,
      name: "web",
      active: true,
      app_id: app.id,
      events: hook.events,
      config: { content_type: "json", insecure_ssl: "0", secret: "********", url: hook.url },
      created_at: app.createdAt,
      updated_at: app.createdAt,
      deliveries_url: `${hub.apiUrl}/app/hook/deliveries`,
    },
  };
}
