/**
 * Reads the files that people attach. The bot's token goes out with each request, so it goes to Slack's own hosts alone and follows nobody
 * elsewhere; what comes back is counted while it comes, because the announced size is only a claim.
 */
import type { WebClient } from "@slack/web-api";
import type { Attachment } from "../core/types.ts";
import { ThreadboxError } from "../errors.ts";
import { attachmentOf, SlackFile, whyNot } from "./slack-attached.ts";
import { call, type SlackAccess, tokenOf } from "./slack-calls.ts";
import type { FetchedFile } from "./surface.ts";

/** A screenshot has one or two megabytes, a long log ten. It is held in memory on its way. */
export const MAX_FILE_BYTES = 25 * 1024 * 1024;
const WITHIN_MS = 30_000;

export async function fetchSlackFile(access: SlackAccess, reads: WebClient, file: Attachment): Promise<FetchedFile> {
  const known = file.ref.url === null ? await lookedUp(reads, file) : file;
  if ((known.bytes ?? 0) > MAX_FILE_BYTES) throw tooLarge();
  const address = atSlack(known.ref.url ?? "", access.apiUrl);
  if (!address) throw new ThreadboxError("surface.refused", "its address is not one of Slack's");
  const signal = AbortSignal.timeout(WITHIN_MS);
  const token = await tokenOf(access);
  const read = () => readFile(address, { token, signal, file: known });
  const content = await read().catch((thrown) => {
    // Reading doubles nothing, so a lost connection is tried again at once.
    if (signal.aborted || !(thrown instanceof ThreadboxError) || thrown.code !== "surface.unavailable") throw thrown;
    return read();
  });
  return { name: known.name, mime: known.mime, content };
}

/** Of files from other workspaces the message tells only the id. */
async function lookedUp(reads: WebClient, { ref }: Attachment): Promise<Attachment> {
  const { file } = await call(() => reads.files.info({ file: ref.id }));
  const found = SlackFile.catch(NOTHING).parse(file);
  const why = whyNot(found);
  if (why !== null) throw new ThreadboxError("surface.refused", why);
  return attachmentOf(found);
}

const NOTHING: SlackFile = {};

const SLACK = new URL("https://slack.com");

/** Where Slack keeps files, and previews of them. Its Web API is on the same hosts, and would do with our token whatever an address says. */
const OF_FILES = /^\/files-(?:pri|tmb)\//;

/** The address, when it is a file's at Slack or, where the Web API has another address, at that very host. Null for everything else. */
export function atSlack(text: string, apiUrl: string | undefined): URL | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || url.username || url.password || !OF_FILES.test(url.pathname)) return null;
  const homes = apiUrl ? [SLACK, new URL(apiUrl)] : [SLACK];
  const isOurs = homes.some(
    ({ protocol, hostname, port }) =>
      url.protocol === protocol &&
      url.port === port &&
      (url.hostname === hostname || url.hostname.endsWith(`.${hostname}`)),
  );
  return isOurs ? url : null;
}

interface Reading {
  token: string;
  signal: AbortSignal;
  file: Attachment;
}

async function readFile(address: URL, { token, signal, file }: Reading): Promise<Uint8Array> {
  try {
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(address, { headers, signal, redirect: "manual" });
    const refusal = refusalOf(response, file);
    if (!refusal) return await readBody(response);
    await response.body?.cancel();
    throw refusal;
  } catch (thrown) {
    if (thrown instanceof ThreadboxError) throw thrown;
    const why = signal.aborted ? `Slack did not hand it over within ${WITHIN_MS / 1_000} s` : "Slack did not answer";
    throw new ThreadboxError("surface.unavailable", why, { cause: thrown });
  }
}

/** Slack sends whom it does not know to its login page, which is a page like any other to those who follow. */
function refusalOf({ status, headers }: Response, { mime, name }: Attachment): ThreadboxError | null {
  if (status >= 300 && status < 400) return new ThreadboxError("surface.unauthorized", LOGIN);
  if (status === 429) return new ThreadboxError("surface.rate-limited", "Slack's rate limit is reached");
  if (status >= 500) return new ThreadboxError("surface.unavailable", `Slack answered with status ${status}`);
  if (status !== 200) return new ThreadboxError("surface.refused", `Slack answered with status ${status}`);
  const isPage = headers.get("content-type")?.toLowerCase().startsWith("text/html") ?? false;
  const isMeant = mime === "text/html" || /\.html?$/i.test(name);
  if (isPage && !isMeant) return new ThreadboxError("surface.unauthorized", LOGIN);
  return Number(headers.get("content-length")) > MAX_FILE_BYTES ? tooLarge() : null;
}

const LOGIN = "Slack sent a web page instead: the app lacks the scope files:read (install it again), or may not see it";

const tooLarge = () => new ThreadboxError("surface.refused", `it is larger than ${MAX_FILE_BYTES / (1024 * 1024)} MB`);

async function readBody({ body }: Response): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop early ends the connection as well.
  for await (const piece of body ?? []) {
    bytes += piece.byteLength;
    if (bytes > MAX_FILE_BYTES) throw tooLarge();
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
