/** `threadbox logs`: what happened in a session, as it was stored; of a person's sandbox, what its daemon logged. */
import { randomUUID } from "node:crypto";
import { Transform, type Writable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { type Command, InvalidArgumentError } from "commander";
import type { Session } from "../core/types.ts";
import type { OpenStore } from "../store/open.ts";
import { noteText } from "../surfaces/terminal-render.ts";
import { command, run } from "./command.ts";
import { INTERRUPTED, Refused } from "./failure.ts";
import type { Output } from "./output.ts";
import { type Found, lookInStore, runningOne } from "./sandbox-find.ts";
import { interrupt, MARK } from "./sandbox-interrupt.ts";
import { shortName } from "./sandbox-names.ts";
import { type OpenSandboxes, openSandboxes } from "./sandbox-open.ts";
import { daemonLog } from "./sandbox-prepare.ts";
import { connect } from "./sandbox-streams.ts";
import { onInterrupt } from "./signals.ts";
import { findSession, isAtRest } from "./stored.ts";
import { readTranscript, turnsOf } from "./transcript-read.ts";
import { until } from "./watch.ts";

interface Options {
  json?: boolean;
  follow?: boolean;
  raw?: boolean;
  from?: number;
}

export function logsCommand(): Command {
  return command({
    name: "logs",
    summary: "Print what a session was asked, what the agent did, and how it ended; or the log of your own sandbox.",
    examples: [
      ["logs s1a2", "the session whose id begins with s1a2"],
      ["logs s1a2 --follow", "go on until it has nothing more to do"],
      ["logs s1a2 --json", "every stored event, as one JSON document"],
      ["logs s1a2 --raw | jq .type", "what the agent itself told, one JSON line each"],
      ["logs s1a2 --follow --from 4711", "go on behind where an earlier look ended"],
      ["logs calm-otter", "the end of the daemon's log in a sandbox of that name"],
    ],
  })
    .argument("<session>", "its id or its sandbox's name, or the beginning of one; or a sandbox of your own")
    .option("-f, --follow", "go on while the session works")
    .option("--raw", "what the agent itself told, as it came; with --json it is among the other entries")
    .option(
      "--from <cursor>",
      "only what was stored behind that cursor; looks with --follow, --raw or --from end with one",
      cursorOf,
    )
    .action((id: string, options: Options) => run(options, (output) => logs(id, options, output)));
}

function cursorOf(text: string): number {
  const cursor = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(cursor)) return cursor;
  throw new InvalidArgumentError("It has to be the cursor that an earlier look ended with, a whole number.");
}

async function logs(id: string, { follow = false, raw = false, from }: Options, output: Output): Promise<number> {
  await using closing = new AsyncDisposableStack();
  const sandboxes = closing.adopt(await openSandboxes(), ({ close }) => close());
  const left = new AbortController();
  closing.defer(onInterrupt(() => left.abort()));

  const found = await lookInStore(sandboxes, id);
  if (found && !found.session && (raw || from !== undefined))
    throw new Refused(`${id} is no session's sandbox and has no transcript.`, "Leave --raw and --from out.");
  if (found && !found.session) return await sandboxLog(sandboxes, found, { follow, left: left.signal }, output);
  const session = found?.session ?? (await findSession(sandboxes.open, id));
  return await transcript(sandboxes.open, session, { follow, left: left.signal, raw, from }, output);
}

interface Following {
  follow: boolean;
  left: AbortSignal;
}

interface Wanted extends Following {
  raw: boolean;
  from: number | undefined;
}

async function transcript(
  store: OpenStore,
  session: Session,
  { follow, left, raw, from }: Wanted,
  output: Output,
): Promise<number> {
  const reader = readTranscript(store, session.id, { raw, from: from ?? 0 }, output);
  await reader.read();
  if (follow) {
    // Asked before it is read: what is stored in between is read by the next look, or by this one.
    const over = async (): Promise<true | null> => {
      const rest = await isAtRest(store, session.id);
      await reader.read();
      return rest && true;
    };
    await until(store, over, left);
  }
  reader.end();
  output.result({
    id: session.id,
    title: session.title,
    turns: await turnsOf(store, session.id),
    cursor: reader.cursor(),
    entries: reader.entries,
  });
  if (!output.json && (follow || raw || from !== undefined))
    output.warn(`To go on from here: --from ${reader.cursor()}`);
  return left.aborted ? INTERRUPTED : 0;
}

/** Of a sandbox that is no session's there is no transcript, only what its daemon logged. */
async function sandboxLog(
  sandboxes: OpenSandboxes,
  found: Found,
  { follow, left }: Following,
  output: Output,
): Promise<number> {
  const sandbox = await runningOne(sandboxes, found);
  if (!follow) {
    const log = await sandbox.tail(daemonLog(sandbox), LOG_BYTES);
    output.say(noteText(log, false) || "The daemon has logged nothing.");
    output.result({ sandbox: shortName(found.name), log });
    return 0;
  }
  if (output.json) throw new Refused("A log that goes on is no JSON document.", "Leave --follow or --json out.");
  const mark = randomUUID();
  const options = { root: true, env: { [MARK]: mark } };
  const tail = await sandbox.exec(["tail", "-c", `${LOG_BYTES}`, "-F", daemonLog(sandbox)], options);
  left.addEventListener("abort", async () => {
    if (!(await interrupt(sandbox, mark, true))) process.exit(INTERRUPTED);
  });
  const [stdout, stderr] = [plainLines(process.stdout), plainLines(process.stderr)];
  await connect(tail, { stdin: null, stdout, stderr });
  for (const stream of [stdout, stderr]) stream.end();
  return left.aborted ? INTERRUPTED : 0;
}

/** A line that has no end passes in pieces of this size. */
const MAX_LINE_CHARS = 1_000_000;

/** Whole lines, without what could steer the terminal: the log has words of others in it. */
function plainLines(to: Writable): Transform {
  const decoder = new StringDecoder("utf8");
  let unfinished = "";
  const lines = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const whole = (unfinished + decoder.write(chunk)).split("\n");
      const last = whole.at(-1) ?? "";
      unfinished = last.length > MAX_LINE_CHARS ? "" : (whole.pop() ?? "");
      done(null, whole.map((line) => `${noteText(line, false)}\n`).join(""));
    },
    flush: (done) => done(null, noteText(unfinished, false)),
  });
  lines.pipe(to, { end: false });
  return lines;
}

/** A few hundred lines. */
const LOG_BYTES = 64_000;
