/** Real repositories for the tests of git: bare remotes, people with clones of their own, and a host that asks for a password. */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Checkout, CheckoutReport, CheckoutSpec } from "../../src/daemon/checkout.ts";
import { createGitCheckout, type GitOptions } from "../../src/daemon/git.ts";

export const PATH = "/usr/local/bin:/usr/bin:/bin";
const ENV = {
  PATH,
  HOME: "/nonexistent",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "Ada",
  GIT_AUTHOR_EMAIL: "ada@example.com",
  GIT_COMMITTER_NAME: "Ada",
  GIT_COMMITTER_EMAIL: "ada@example.com",
};
/** The agent's git: whatever the clone's config says, and nothing of the test's own identity. */
export const AGENT_ENV = { PATH, HOME: "/nonexistent", GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" };

export function git(dir: string, args: string[], env: Record<string, string> = ENV): string {
  return execFileSync("git", args, { cwd: dir, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
}

export interface GitBench {
  root: string;
  stateDir: string;
  /** The bare repository that everybody pushes to; has one commit on `main`. */
  bare: string;
  url: string;
  reports: CheckoutReport[];
  checkout(spec?: Partial<CheckoutSpec>, options?: Partial<GitOptions>): Checkout;
  /** Somebody's own clone on `branch`: writes the files, commits, pushes. */
  personPushes(branch: string, files: Record<string, string>, subject?: string): string;
  /** What the remote's branch has in a file; null when there is no such branch or file. */
  onRemote(branch: string, file: string): string | null;
  close(): void;
}

export function makeGitBench(): GitBench {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "git-")));
  const bare = join(root, "remote.git");
  const reports: CheckoutReport[] = [];
  const stateDir = join(root, "state");
  mkdirSync(stateDir);
  git(root, ["init", "--quiet", "--bare", "--initial-branch=main", bare]);
  const bench: GitBench = {
    root,
    stateDir,
    bare,
    url: `file://${bare}`,
    reports,
    checkout: (spec, options) =>
      createGitCheckout(
        {
          id: "app",
          source: `file://${bare}`,
          dir: join(root, "work", "app"),
          branch: "threadbox/fix",
          base: undefined,
          setup: undefined,
          identity: { name: "Threadbox", email: "bot@example.com" },
          ...spec,
        },
        { credentials: { find: () => null }, stateDir, env: { PATH, HOME: root }, ...options },
      ),
    personPushes(branch, files, subject = "A person's commit") {
      const dir = mkdtempSync(join(root, "person-"));
      git(dir, ["clone", "--quiet", bare, "."]);
      const exists = git(dir, ["ls-remote", "--heads", "origin", branch]) !== "";
      if (exists) git(dir, ["checkout", "--quiet", "-B", branch, `origin/${branch}`]);
      else git(dir, ["checkout", "--quiet", "-B", branch]);
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(dirname(join(dir, name)), { recursive: true });
        writeFileSync(join(dir, name), text);
      }
      git(dir, ["add", "--all"]);
      git(dir, ["commit", "--quiet", "-m", subject]);
      git(dir, ["push", "--quiet", "origin", `HEAD:refs/heads/${branch}`]);
      return git(dir, ["rev-parse", "HEAD"]);
    },
    onRemote(branch, file) {
      try {
        return git(bare, ["show", `refs/heads/${branch}:${file}`]);
      } catch {
        return null;
      }
    },
    close: () => rmSync(root, { recursive: true, force: true }),
  };
  bench.personPushes("main", { "a.txt": "one\n" }, "First");
  return bench;
}

export interface GitHost {
  origin: string;
  /** Of every request that came with one. */
  logins: string[];
  close(): Promise<void>;
}

/** `git http-backend` behind Basic auth, as hosts have it: 401 without a login, 404 for what one may not see. */
export async function startGitHost(root: string, allows: (login: string) => boolean): Promise<GitHost> {
  const logins: string[] = [];
  const server = createServer((request, response) => {
    const login = Buffer.from(request.headers.authorization?.replace("Basic ", "") ?? "", "base64").toString();
    if (login) logins.push(login);
    if (allows(login)) return serve(root, request, response);
    response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end("no");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    logins,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** CGI: headers as variables and back as lines, bodies as streams. */
function serve(root: string, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? "/", "http://host");
  const child = spawn("git", ["http-backend"], {
    env: {
      ...ENV,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      REMOTE_USER: "somebody",
      REQUEST_METHOD: request.method ?? "GET",
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
    },
    stdio: ["pipe", "pipe", "ignore"],
  });
  request.pipe(child.stdin).on("error", () => {});
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.on("close", () => {
    const answer = Buffer.concat(chunks);
    const end = answer.indexOf("\r\n\r\n");
    const headers = answer
      .subarray(0, end)
      .toString()
      .split("\r\n")
      .map((line) => line.split(": ") as [string, string]);
    const status = Number(headers.find(([name]) => name === "Status")?.[1].slice(0, 3) ?? 200);
    response.writeHead(status, Object.fromEntries(headers.filter(([name]) => name !== "Status")));
    response.end(answer.subarray(end + 4));
  });
}
