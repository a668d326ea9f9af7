/** Logs of jobs, as a store of files that is not GitHub's API: on another host, for whoever has the address, and for nobody with a token of the API. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Hub } from "./hub.ts";
import type { CheckRun } from "./state.ts";

const ROOT = "/actions-results/";

export const isLogPath = (path: string): boolean => path.startsWith(ROOT);

/** The same listener by another name: whoever sends a token along on the redirect is found out. */
export function logAddress(hub: Hub, { id }: CheckRun): string {
  const { port } = new URL(hub.url);
  return `http://localhost:${port}${ROOT}${id}.txt?sig=${Buffer.from(String(id)).toString("base64url")}`;
}

export function serveLog(
  hub: Hub,
  record: { route: string | null; status: number },
  url: URL,
  { headers }: IncomingMessage,
  response: ServerResponse,
): void {
  const id = Number(/(\d+)\.txt$/.exec(url.pathname)?.[1]);
  const run = hub.repositories.flatMap(({ checkRuns }) => checkRuns).find((one) => one.id === id);
  record.route = `GET ${ROOT}{job}`;
  record.status = headers.authorization ? 400 : run?.log === undefined ? 404 : 200;
  // Azure's store takes a foreign `Authorization` for its own and refuses it.
  const text = record.status === 200 ? (run?.log ?? "") : "InvalidAuthenticationInfo";
  response.writeHead(record.status, { "content-type": "text/plain; charset=utf-8" }).end(text);
}
