/**
 * Files on their way from a surface into the sandbox, beside the clone: what lies in it would be committed. Done again they come to lie at
 * the same places. None that is missing keeps a turn from going out: the agent is told.
 */
import { BEFORE, type HandedFile, MAX_ATTACHMENTS, safeName } from "../core/attachments.ts";
import type { Ask, Attachment, Ms, Said, Session, Thread } from "../core/types.ts";
import { ThreadboxError, toThreadboxError } from "../errors.ts";
import type { Sandbox } from "../sandboxes/provider.ts";
import { createSemaphore } from "../semaphore.ts";
import type { EngineDeps } from "./ports.ts";
import { sandboxOf, surfaceOf } from "./reach.ts";

type Deps = Pick<EngineDeps, "provider" | "surfaces" | "clock" | "log">;

/** All files of one turn together. A stop stands behind this. */
const WITHIN_MS: Ms = 60_000;

/** As a prompt wants them. Throws `sandbox.lost` when there is nothing to put them into. */
export async function handOver(
  deps: Deps,
  session: Session,
  asks: Ask[],
  context: Said[] = [],
): Promise<Map<string, HandedFile[]>> {
  const handed = new Map<string, HandedFile[]>();
  const lots = lotsOf(asks, context);
  if (lots.length === 0) return handed;
  const sandbox = await deps.provider.find(sandboxOf(session));
  if (!sandbox) throw new ThreadboxError("sandbox.lost", "The sandbox does not run any more.");
  const until = deps.clock.now() + WITHIN_MS;
  for (const { key, folder, from, files } of lots) {
    const into = `${folderBeside(session)}/${folder}`;
    const all: HandedFile[] = [];
    for (const file of files)
      all.push(await handOne(deps, { sandbox, from, into, place: all.length + 1, until }, file));
    handed.set(key, all);
  }
  return handed;
}

/** A file is held in memory on its way, twice for a moment: so many of the largest are 400 MB, whatever all sessions together are given. */
const places = createSemaphore(8);

/** Files that belong together. */
interface Lot {
  key: string;
  folder: string;
  from: Thread;
  files: Attachment[];
}

/** What is asked goes first: of what was said before, the newest, and only while there is time. */
function lotsOf(asks: Ask[], context: Said[]): Lot[] {
  const lots = asks.map(({ id, thread, files = [] }) => ({ key: id, folder: id, from: thread, files }));
  const [first] = lots;
  const said = context.flatMap(({ files = [] }) => files).slice(-MAX_ATTACHMENTS);
  const before = first ? [{ ...first, key: BEFORE, folder: `${first.folder}-before`, files: said }] : [];
  return [...lots, ...before].filter(({ files }) => files.length > 0);
}

/** A repository can have that name, and its clone stands there then. */
const folderBeside = ({ work }: Session): string =>
  /(^|\/)attachments$/i.test(work?.repository.name ?? "") ? "attachments-of-asks" : "attachments";

interface Way {
  sandbox: Sandbox;
  from: Thread;
  into: string;
  place: number;
  until: Ms;
}

async function handOne(deps: Deps, way: Way, file: Attachment): Promise<HandedFile> {
  try {
    const forMs = way.until - deps.clock.now();
    const handed = forMs > 0 ? await places.take(() => carry(deps, way, file), { clock: deps.clock, forMs }) : null;
    if (!handed) throw new ThreadboxError("surface.unavailable", "the others took too long");
    return handed;
  } catch (thrown) {
    const { code, detail } = toThreadboxError(thrown);
    if (code === "sandbox.lost") throw thrown;
    deps.log.warn({ into: way.into, file: file.ref.id, code, detail }, "attachment.missing");
    return { name: file.name, mime: file.mime, bytes: file.bytes, problem: detail };
  }
}

async function carry(deps: Deps, way: Way, file: Attachment): Promise<HandedFile> {
  const { name, mime, content } = await surfaceOf(deps, way.from.surface).fetchFile(file, way.from);
  const path = `${way.into}/${safeName(name, way.place)}`;
  await put(way.sandbox, path, content);
  return { name, mime, bytes: content.byteLength, path: `../${path}` };
}

/** Why a disk did not take it says nothing to the agent that it could use; whether there is a disk is for the turn to know. */
async function put(sandbox: Sandbox, path: string, content: Uint8Array): Promise<void> {
  try {
    await sandbox.put(`${sandbox.workspace}/${path}`, content);
  } catch (cause) {
    const { code } = toThreadboxError(cause);
    if (code === "sandbox.lost") throw cause;
    throw new ThreadboxError(code, "it could not be written into the sandbox", { cause });
  }
}
