/**
 * GitHub at its network boundary: the REST API for octokit, git over HTTP for git, signed webhooks for the bot, and people who act and look.
 * It keeps state, enforces tokens, permissions and limits, and fails on order. Written from GitHub's documentation and octokit's types.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, systemClock } from "../../src/clock.ts";
import { addRun, completeSuite, setStatus, suiteFor, tellRunBegun } from "./github/actions/checks.ts";
import { type AppHandle, type AppWish, appHandle, createAppHandle } from "./github/app-handle.ts";
import { actionsApp, type FailingChecks, failingChecks } from "./github/ci.ts";
import { createFaults, type Faults } from "./github/faults.ts";
import { refs } from "./github/git.ts";
import { gitTemplates } from "./github/git-http.ts";
import { asUser, fullName, type Hub, idCounter } from "./github/hub.ts";
import { createLimits, type LimitOptions } from "./github/limits.ts";
import { type Done, type Person, personAt } from "./github/people.ts";
import { htmlUrl } from "./github/render/shared.ts";
import { restRoutes } from "./github/rest.ts";
import { listen, type RequestRecord } from "./github/server.ts";
import {
  accountNamed,
  createAccount,
  createPersonalToken,
  createRepository,
  forkRepository,
  type RepositoryDraft,
  renameAccount,
  renameRepository,
  repositoryNamed,
  writeHooks,
} from "./github/setup.ts";
import { newSignIns, signedIn } from "./github/sign-in.ts";
import type { App, Conclusion, Delivery, Repository, Role } from "./github/state.ts";
import {
  type CheckRunView,
  type IssueView,
  type PullView,
  viewBranches,
  viewCheckRuns,
  viewCommits,
  viewFiles,
  viewIssue,
  viewPulls,
} from "./github/views.ts";
import { createWebhooks } from "./github/webhooks.ts";

export interface GitHubOptions extends LimitOptions {
  /** Times, token lifetimes and limits go by it. */
  clock?: Pick<Clock, "now">;
  /** App JWTs are made against the wall clock by the libraries that make them, so they are checked against it too. */
  jwtNow?: () => number;
  /** How long a webhook may take to be answered. GitHub waits ten seconds. */
  webhookTimeoutMs?: number;
}

export interface RepositoryHandle {
  id: number;
  fullName: string;
  htmlUrl: string;
  cloneUrl: string;
  defaultBranch: string;
}

export interface GitHubEmulator extends FailingChecks {
  /** For git (`${url}/owner/name.git`) and for people. */
  url: string;
  /** For octokit's `baseUrl`. */
  apiUrl: string;

  createUser(login: string): { id: number; login: string };
  renameUser(login: string, to: string): void;
  /** The cookie of a browser in which somebody is signed in. */
  signedIn(login: string): string;
  /** Tokens of people for Apps that work now. */
  userTokens(): number;
  createOrganization(
    login: string,
    people?: { owners?: string[]; members?: string[]; publicMembers?: string[] },
  ): { id: number; login: string };
  createRepository(fullName: string, draft?: RepositoryDraft): Promise<RepositoryHandle>;
  fork(fullName: string, owner: string): Promise<RepositoryHandle>;
  rename(fullName: string, name: string): void;
  /** Pushes to the branch are refused from now on. */
  protect(fullName: string, branch: string): void;
  /** Its plan has no draft pull requests. */
  refuseDrafts(fullName: string): void;
  /** A check of that name has to pass before anything is merged into the branch. */
  requireCheck(fullName: string, branch: string, context: string, by: "protection" | "ruleset"): void;
  collaborator(fullName: string, login: string, role: Role | null): void;
  createApp(wish: AppWish): Promise<AppHandle>;
  /** One that somebody made from a manifest. */
  app(slug: string): AppHandle;
  personalToken(login: string, scopes?: string[]): string;
  /** A webhook on one repository, without any app. */
  repositoryHook(fullName: string, hook: { url: string; secret: string; events: string[] }): void;

  as(login: string): Person;
  /** CI finishes on the tip of a branch: one check run, and the suite's event. */
  checksComplete(fullName: string, branch: string, conclusion: Conclusion): Promise<Done<{ sha: string }>>;

  /** CI begins on the tip of a branch: one check run of that name, and its event. */
  checkBegins(fullName: string, branch: string, name: string): Promise<Done<{ sha: string }>>;
  /** A CI that is no App says something of the tip of a branch. */
  statusIs(
    fullName: string,
    branch: string,
    context: string,
    state: "error" | "failure" | "pending" | "success",
  ): Promise<Done<{ sha: string }>>;

  issue(fullName: string, number: number): IssueView;
  pulls(fullName: string): PullView[];
  checkRuns(fullName: string): CheckRunView[];
  branches(fullName: string): Promise<Record<string, string>>;
  /** Every ref, `refs/pull/1/head` among them. */
  refs(fullName: string): Promise<Record<string, string>>;
  files(fullName: string, branch?: string): Promise<Record<string, string>>;
  commits(fullName: string, branch?: string): Promise<{ sha: string; author: string; message: string }[]>;

  /** Attempts that are over, oldest first. */
  deliveries: readonly Delivery[];
  redeliver(delivery: Delivery): Promise<Delivery>;
  /** When no webhook is under way. */
  settled(): Promise<void>;
  /** Looks again after everything that happens here, until there is something to see. */
  until<T>(look: () => T | null | undefined | false): Promise<T>;

  faults: Faults;
  requests: readonly RequestRecord[];
  /** How often each route was called. */
  calls(): Record<string, number>;
  /** Everything that is emulated. */
  routes: readonly string[];
  /** Calls to what is not. */
  unknownCalls(): string[];
  close(): Promise<void>;
}

export async function startGitHub(options: GitHubOptions = {}): Promise<GitHubEmulator> {
  const clock = options.clock ?? systemClock;
  const directory = await mkdtemp(join(tmpdir(), "github-emulator-"));
  await writeHooks(directory);
  const watchers = createWatchers();
  const faults = createFaults();
  const hubOf = (): Hub => hub;
  const timeoutMs = options.webhookTimeoutMs ?? 10_000;
  const webhooks = createWebhooks(hubOf, { timeoutMs });
  const listener = await listen(hubOf);
  const hub: Hub = {
    url: listener.url,
    apiUrl: listener.apiUrl,
    clock,
    jwtNow: options.jwtNow ?? Date.now,
    directory,
    accounts: new Map(),
    repositories: [],
    apps: [],
    repositoryHooks: [],
    tokens: new Map(),
    signIns: newSignIns(),
    manifestCodes: new Map(),
    webhooks,
    faults,
    limits: createLimits(() => clock.now(), options),
    nextId: idCounter(),
    changed: watchers.look,
  };
  const close = async () => {
    watchers.close();
    faults.releaseAll();
    await listener.close();
    await webhooks.close();
    await rm(directory, { recursive: true, force: true });
  };
  return {
    url: listener.url,
    apiUrl: listener.apiUrl,
    ...settingUp(hub),
    as: (login) => personAt(hub, accountNamed(hub, login, "User")),
    ...ciFor(hub),
    ...failingChecks(hub),
    ...looking(hub),
    deliveries: webhooks.deliveries,
    redeliver: webhooks.redeliver,
    settled: webhooks.settled,
    until: watchers.until,
    faults,
    requests: listener.requests,
    calls: () => countBy(listener.requests.flatMap(({ route }) => route ?? [])),
    routes: [...restRoutes.map((route) => route.template), ...gitTemplates],
    unknownCalls: () =>
      listener.requests
        .filter(({ route, status }) => route === null && status === 404)
        .map(({ method, path }) => `${method} ${path}`),
    close,
  };
}

function settingUp(hub: Hub) {
  const named = (name: string) => repositoryNamed(hub, name);
  return {
    createUser: (login: string) => createAccount(hub, login, "User"),
    renameUser: (login: string, to: string) => renameAccount(hub, accountNamed(hub, login, "User"), to),
    signedIn: (login: string) => signedIn(hub, accountNamed(hub, login, "User")),
    userTokens: () => [...hub.tokens.values()].filter((token) => token.is === "user").length,
    createOrganization(
      login: string,
      people: { owners?: string[]; members?: string[]; publicMembers?: string[] } = {},
    ) {
      const organization = accountNamed(hub, login, "Organization");
      const join = (logins: string[] = [], membership: { role: "owner" | "member"; isPublic: boolean }) => {
        for (const one of logins)
          organization.members.set(accountNamed(hub, one, "User").login.toLowerCase(), membership);
      };
      join(people.owners, { role: "owner", isPublic: true });
      join(people.members, { role: "member", isPublic: false });
      join(people.publicMembers, { role: "member", isPublic: true });
      return organization;
    },
    createRepository: async (name: string, draft: RepositoryDraft = {}) =>
      handleOf(hub, await createRepository(hub, name, draft)),
    fork: async (name: string, owner: string) =>
      handleOf(hub, await forkRepository(hub, named(name), accountNamed(hub, owner, "User"))),
    rename: (name: string, to: string) => renameRepository(named(name), to),
    protect(name: string, branch: string) {
      named(name).protectedBranches.add(branch);
    },
    refuseDrafts(name: string) {
      named(name).refusesDrafts = true;
    },
    requireCheck(name: string, branch: string, context: string, by: "protection" | "ruleset") {
      named(name).requiredChecks.push({ branch, context, by });
    },
    collaborator(name: string, login: string, role: Role | null) {
      accountNamed(hub, login, "User");
      if (role) named(name).collaborators.set(login.toLowerCase(), role);
      else named(name).collaborators.delete(login.toLowerCase());
    },
    createApp: (wish: AppWish) => createAppHandle(hub, wish),
    app: (slug: string) => appHandle(hub, slug),
    personalToken: (login: string, scopes = ["repo", "workflow"]) =>
      createPersonalToken(hub, accountNamed(hub, login, "User"), scopes),
    repositoryHook(name: string, hook: { url: string; secret: string; events: string[] }) {
      hub.repositoryHooks.push({
        id: hub.nextId("hook"),
        target: { type: "repository", repository: named(name) },
        ...hook,
      });
    },
  };
}

function handleOf(hub: Hub, repository: Repository): RepositoryHandle {
  const { id, defaultBranch } = repository;
  const page = htmlUrl(hub, repository);
  return { id, fullName: fullName(repository), htmlUrl: page, cloneUrl: `${page}.git`, defaultBranch };
}

function looking(hub: Hub) {
  return {
    issue: (name: string, number: number) => viewIssue(hub, name, number),
    pulls: (name: string) => viewPulls(hub, name),
    checkRuns: (name: string) => viewCheckRuns(hub, name),
    branches: (name: string) => viewBranches(hub, name),
    refs: async (name: string) => Object.fromEntries(await refs(repositoryNamed(hub, name).directory)),
    files: (name: string, branch?: string) => viewFiles(hub, name, branch),
    commits: (name: string, branch?: string) => viewCommits(hub, name, branch),
  };
}

/** CI is an app of its own, made when it is first needed. Its bot is the sender of what it tells. */
function ciFor(hub: Hub): Pick<GitHubEmulator, "checksComplete" | "checkBegins" | "statusIs"> {
  let made: Promise<App> | undefined;
  const at = async (name: string, branch: string) => {
    made ??= actionsApp(hub);
    const app = await made;
    const repository = repositoryNamed(hub, name);
    const sha = (await viewBranches(hub, name))[branch];
    if (!sha) throw new Error(`${name} has no branch ${branch}`);
    return { repository, sha, suite: suiteFor(hub, repository, app, { sha, branch }), by: asUser(app.bot) };
  };
  const output = (summary: string) => ({ title: "test", summary, text: null });
  return {
    async checksComplete(name, branch, conclusion) {
      const { repository, sha, suite, by } = await at(name, branch);
      const done = { status: "completed", conclusion, detailsUrl: null, output: output(conclusion) } as const;
      addRun(hub, repository, suite, { name: "test", ...done });
      const { deliveries } = await hub.webhooks.during(() => completeSuite(hub, repository, suite, conclusion, by));
      return { sha, deliveries };
    },
    async checkBegins(name, branch, check) {
      const { repository, sha, suite, by } = await at(name, branch);
      const begun = { status: "in_progress", conclusion: null, detailsUrl: null, output: output("") } as const;
      const run = addRun(hub, repository, suite, { name: check, ...begun });
      const { deliveries } = await hub.webhooks.during(() => tellRunBegun(hub, repository, run, by));
      return { sha, deliveries };
    },
    async statusIs(name, branch, context, state) {
      const { repository, sha, by } = await at(name, branch);
      const status = { sha, context, state, by };
      const { deliveries } = await hub.webhooks.during(() => setStatus(hub, repository, status, [branch]));
      return { sha, deliveries };
    },
  };
}

function createWatchers() {
  const waiting = new Set<{ look(): void; stop(): void }>();
  return {
    look() {
      for (const one of [...waiting]) one.look();
    },
    until<T>(look: () => T | null | undefined | false): Promise<T> {
      return new Promise((resolve, reject) => {
        const watcher = {
          look() {
            try {
              const seen = look();
              if (!seen) return;
              resolve(seen);
            } catch (error) {
              reject(error);
            }
            waiting.delete(watcher);
          },
          stop: () => reject(new Error("the emulated GitHub was closed while something was awaited")),
        };
        waiting.add(watcher);
        watcher.look();
      });
    },
    close() {
      for (const one of waiting) one.stop();
      waiting.clear();
    },
  };
}

function countBy(names: string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
