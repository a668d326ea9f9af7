/** An emulated GitHub with our App on it, the real way in listening to its webhooks, and the real surface and forge on its API. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { pino } from "pino";
import { findMention } from "../../handlers/github/mention.ts";
import { githubWebhooks } from "../../handlers/github/webhooks.ts";
import type { KeyLink } from "../../src/core/incoming.ts";
import type { Mention, NewMention, Person, Thread } from "../../src/core/types.ts";
import type { Forge } from "../../src/surfaces/forge.ts";
import { githubSurface } from "../../src/surfaces/github.ts";
import {
  type GitHubAccess,
  type GitHubCredentials,
  githubAccess,
  type Kept,
} from "../../src/surfaces/github-access.ts";
import { githubForge } from "../../src/surfaces/github-forge.ts";
import type { Surface } from "../../src/surfaces/surface.ts";
import { type HandWoundClock, handWoundClock } from "../clock.ts";
import type { AppHandle } from "../emulators/github/app-handle.ts";
import { type GitHubEmulator, type RepositoryHandle, startGitHub } from "../emulators/github.ts";

export const REPO = "acme/api";

export interface WorldOptions {
  /** Whether we are an App, or use the token of the account `threadbox-user`. */
  as?: "app" | "token";
  isPrivate?: boolean;
  allowedBots?: readonly string[];
}

export interface World {
  github: GitHubEmulator;
  app: AppHandle;
  /** Null with a token. */
  installation: number | null;
  repo: RepositoryHandle;
  people: Record<string, Person>;
  clock: HandWoundClock;
  access: GitHubAccess;
  /** Another one, that knows nothing yet. */
  freshAccess(paced?: boolean, kept?: Kept): GitHubAccess;
  surface: Surface;
  forge: Forge;
  /** What came through the webhooks, oldest first. */
  heard: NewMention[];
  links: KeyLink[];
  lines: Record<string, unknown>[];
  url: string;
  close(): Promise<void>;
}

const EVENTS = ["issue_comment", "issues", "pull_request", "pull_request_review", "pull_request_review_comment"];

const LOGINS = ["alice", "bob", "mallory", "trudy", "stan", "threadbox-user"];

const personOf = ({ id, login }: { id: number; login: string }): Person => ({
  surface: "github",
  id: String(id),
  name: login,
});

/** alice and bob may write, trudy may triage, mallory may read, stan is a stranger; acme/api has the issue #1 and main.ts. */
export async function startWorld({
  as = "app",
  isPrivate = false,
  allowedBots = [],
}: WorldOptions = {}): Promise<World> {
  const clock = handWoundClock();
  const github = await startGitHub({ clock, contentPerMinute: 1_000 });
  const people = Object.fromEntries(LOGINS.map((login) => [login, personOf(github.createUser(login))]));
  const collaborators = {
    alice: "write",
    bob: "maintain",
    mallory: "read",
    trudy: "triage",
    "threadbox-user": "admin",
  } as const;
  const repo = await github.createRepository(REPO, {
    isPrivate,
    collaborators,
    files: { "main.ts": "one\ntwo\nthree\n" },
  });
  const lines: Record<string, unknown>[] = [];
  const log = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const heard: NewMention[] = [];
  const links: KeyLink[] = [];
  const app = await github.createApp({ slug: "acme-coder", webhookSecret: "hush" });
  const installation = as === "app" ? (await app.install("acme")).id : null;

  const credentials: GitHubCredentials =
    as === "app"
      ? { appId: String(app.id), privateKey: app.privateKey }
      : { token: github.personalToken("threadbox-user") };
  const freshAccess = (paced = false, kept?: Kept) =>
    githubAccess({ credentials, apiUrl: github.apiUrl, url: github.url, log, clock, paced, ...(kept ? { kept } : {}) });
  const access = freshAccess();
  const handle = githubWebhooks({
    inbox: {
      receive: async (mention) => {
        heard.push(mention);
        return { is: "accepted", session: "s1", mention: `m${heard.length}` };
      },
      link: async (link) => {
        links.push(link);
        return { is: "ignored", reason: "nobody-follows" };
      },
    },
    ...{ secret: "hush", name: "threadbox", self: access.self, allowedBots, log, clock },
  });
  const server = createServer(getRequestListener(handle));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/`;
  app.webhookTo(url);
  if (as === "token") github.repositoryHook(REPO, { url, secret: "hush", events: EVENTS });
  clock.advance(1_000);
  await github.as("alice").opensIssue(REPO, { title: "Login fails", body: "It says 401." });
  clock.advance(1_000);
  return {
    ...{ github, app, installation, repo, people, clock, access, freshAccess, heard, links, lines, url },
    surface: githubSurface({ access, name: "threadbox", allowedBots, findMention, log }),
    forge: githubForge({ access, log }),
    async close() {
      await github.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** One test with a world of its own. */
export async function inWorld(options: WorldOptions, check: (world: World) => Promise<void>): Promise<void> {
  const world = await startWorld(options);
  try {
    await check(world);
  } finally {
    await world.close();
  }
}

/** What somebody does becomes the mention that the handler made of it; a second passes before and after. */
export async function mentionFrom(world: World, deed: () => Promise<unknown>): Promise<Mention> {
  world.clock.advance(1_000);
  const before = world.heard.length;
  await deed();
  world.clock.advance(1_000);
  const made = world.heard.slice(before).at(-1);
  if (!made) throw new Error("the deed made no mention");
  return { ...made, id: `m${world.heard.length}` };
}

export const issueThread = (world: World): Extract<Thread, { surface: "github" }> => ({
  surface: "github",
  repo: { id: world.repo.id, owner: "acme", name: "api" },
  number: 1,
  is: "issue",
  installation: world.installation,
});
