/** A git remote over HTTP for this machine alone: the real `git http-backend` behind a loopback port, open to whoever reaches it. */
import { execFileSync, spawn } from "node:child_process";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

export interface GitRemote {
  url: string;
  close(): Promise<void>;
}

/** Serves every bare repository below `root`, for reading and pushing. */
export async function serveGit(root: string, port = 0): Promise<GitRemote> {
  const backend = join(execFileSync("git", ["--exec-path"], { encoding: "utf8" }).trim(), "git-http-backend");
  const server = createServer((request, response) => answer(backend, root, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${bound}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** CGI: the request in the environment and on stdin, the answer's headers and body on stdout. */
function answer(backend: string, root: string, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, search } = new URL(request.url ?? "/", "http://localhost");
  const cgi = spawn(backend, [], {
    env: {
      PATH: "/usr/bin:/bin",
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      GIT_CONFIG_COUNT: "2",
      GIT_CONFIG_KEY_0: "http.receivepack",
      GIT_CONFIG_VALUE_0: "true",
      GIT_CONFIG_KEY_1: "safe.directory",
      GIT_CONFIG_VALUE_1: "*",
      PATH_INFO: decodeURIComponent(pathname),
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method ?? "GET",
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: String(request.headers["content-encoding"] ?? ""),
      GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
      REMOTE_ADDR: "127.0.0.1",
    },
    stdio: ["pipe", "pipe", "ignore"],
  });
  cgi.on("error", () => response.writeHead(500).end());
  // git ends its side early when it refuses; the rest of the body is nobody's then.
  cgi.stdin.on("error", () => undefined);
  request.pipe(cgi.stdin);
  relay(cgi.stdout, response);
}

function relay(stdout: NodeJS.ReadableStream, response: ServerResponse): void {
  let head = Buffer.alloc(0);
  const onHead = (chunk: Buffer): void => {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return;
    stdout.off("data", onHead);
    writeHead(head.subarray(0, end).toString("latin1"), response);
    response.write(head.subarray(end + 4));
    stdout.pipe(response);
  };
  stdout.on("data", onHead);
  stdout.on("end", () => {
    if (!response.headersSent) response.writeHead(500);
    response.end();
  });
}

function writeHead(head: string, response: ServerResponse): void {
  const headers = head
    .split("\r\n")
    .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()] as const);
  const status = headers.find(([name]) => name.toLowerCase() === "status")?.[1];
  for (const [name, value] of headers) if (name.toLowerCase() !== "status") response.setHeader(name, value);
  response.statusCode = status ? Number.parseInt(status, 10) : 200;
}
