/** What the tests of the emulated GitHub start from: a repository, a bot that hears everything, and octokits without waiting. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { promisify } from "node:util";
import { App, Octokit } from "octokit";
import { type HandWoundClock, handWoundClock } from "../../clock.ts";
import { type GitHubEmulator, type GitHubOptions, startGitHub } from "../github.ts";
import { GIT_ENV } from "./git.ts";

const run = promisify(execFile);

/** One webhook as the bot's door received it. */
export interface Heard {
  event: string;
  guid: string;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  payload: {
    action?: string;
    sender: { login: string; type: string };
    installation?: { id: number };
    [part: string]: unknown;
  };
}

export interface Door {
  url: string;
  heard: Heard[];
  /** What the door answers from now on. */
  answer: number;
}

/** The bot's end of the webhooks: writes down, answers 202. */
export async function openDoor(t: TestContext): Promise<Door> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString("utf8");
      const { headers } = request;
      door.heard.push({
        event: String(headers["x-github-event"]),
        guid: String(headers["x-github-delivery"]),
        headers,
        text,
        payload: JSON.parse(text),
      });
      response.writeHead(door.answer).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const door: Door = { url: `http://127.0.0.1:${port}/github/webhooks`, heard: [], answer: 202 };
  return door;
}

/** An octokit that neither waits between writes nor repeats. */
export function quick(github: GitHubEmulator, token: string): Octokit {
  return new Octokit({
    auth: token,
    baseUrl: github.apiUrl,
    throttle: { enabled: false },
    retry: { enabled: false },
    log: SILENT,
  });
}

export const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

/** The status of the error that a call ends in; the call has to fail. */
export async function statusOf(call: Promise<unknown>): Promise<number> {
  return (await failureOf(call)).status;
}

export async function failureOf(call: Promise<unknown>): Promise<{ status: number; message: string }> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Error && "status" in error && typeof error.status === "number") {
      return { status: error.status, message: error.message };
    }
    throw error;
  }
  throw new Error("the call went through, though it should have been refused");
}

export interface Stage {
  github: GitHubEmulator;
  clock: HandWoundClock;
  door: Door;
  app: Awaited<ReturnType<GitHubEmulator["createApp"]>>;
  installation: Awaited<ReturnType<Stage["app"]["install"]>>;
  /** The installation's octokit, with every permission that the app has. */
  bot: Octokit;
  repositoryId: number;
}

/** `acme/api`, private, with alice (write), and `threadbox[bot]` installed on all of acme. */
export async function setStage(t: TestContext, options: GitHubOptions = {}): Promise<Stage> {
  const clock = handWoundClock();
  const github = await startGitHub({ clock, ...options });
  t.after(() => github.close());
  const door = await openDoor(t);
  const files = {
    "README.md": "# api\n",
    "src/login.ts": "export const a = 1;\nexport const b = 2;\nexport const c = 3;\n",
  };
  const { id } = await github.createRepository("acme/api", {
    isPrivate: true,
    files,
    collaborators: { alice: "write" },
  });
  const app = await github.createApp({ slug: "threadbox" });
  const installation = await app.install("acme");
  // Set last, so that the door has heard nothing when the test begins.
  app.webhookTo(door.url);
  const bot = quick(github, installation.token());
  return { github, clock, door, app, installation, bot, repositoryId: id };
}

export function appOctokit(stage: Pick<Stage, "github" | "app">): App {
  const { github, app } = stage;
  const Quick = Octokit.defaults({
    baseUrl: github.apiUrl,
    throttle: { enabled: false },
    retry: { enabled: false },
    log: SILENT,
  });
  return new App({
    appId: app.id,
    privateKey: app.privateKey,
    Octokit: Quick,
    webhooks: { secret: app.webhookSecret },
  });
}

export interface Clone {
  folder: string;
  git(...args: string[]): Promise<string>;
  /** What git says when it is refused. */
  refused(...args: string[]): Promise<string>;
}

/** A folder for real git, with an identity and nothing of the machine's settings. */
export async function workFolder(t: TestContext): Promise<Clone> {
  const folder = await mkdtemp(join(tmpdir(), "github-clone-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const identity = ["-c", "user.name=alice", "-c", "user.email=alice@example.test", "-c", "advice.detachedHead=false"];
  const git = async (...args: string[]) => {
    const { stdout, stderr } = await run("git", [...identity, ...args], { cwd: folder, env: GIT_ENV });
    return `${stdout}${stderr}`;
  };
  return {
    folder,
    git,
    async refused(...args) {
      try {
        await git(...args);
      } catch (error) {
        if (error instanceof Error && "stderr" in error) return String(error.stderr);
      }
      throw new Error(`git ${args.join(" ")} went through, though it should have been refused`);
    },
  };
}

/** The address with the token in it: fit for a test that throws its folder away. */
export function withToken(github: GitHubEmulator, name: string, token: string): string {
  const { host } = new URL(github.url);
  return `http://x-access-token:${token}@${host}/${name}.git`;
}
