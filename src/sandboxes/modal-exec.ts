/** Commands inside a sandbox at Modal: short ones of our own, and those whose streams somebody holds. */
import type { Sandbox as AtModal, ContainerProcess } from "modal";
import { pause } from "../clock.ts";
import { ThreadboxError } from "../errors.ts";
import { wholeSeconds } from "./modal-client.ts";
import { toFailure } from "./modal-failure.ts";
import { type Ground, type Handle, hasEnded, inSandbox, lost } from "./modal-handle.ts";
import { AGENT, AGENT_HOME, WORKSPACE } from "./modal-image.ts";
import type { ExecOptions, Execution } from "./provider.ts";
import { ROOT_PATH } from "./shell.ts";

export interface Short {
  argv: string[];
  /** Finishes the sentence "Modal could not ...". */
  doing: string;
  deadlineMs: number;
  input?: Uint8Array;
  /** Its output is wanted. Left out, that costs nothing. */
  output?: boolean;
}

export interface Ended {
  code: number;
  output: string;
  /** What it complained of; asked for when something went wrong, as it costs another call. */
  complaints(): Promise<string>;
}

export function runShort(ground: Ground, handle: Handle, { input, output, argv, ...what }: Short): Promise<Ended> {
  return inSandbox(ground, handle, what, async (atModal) => {
    const running = await atModal.exec(argv, { mode: "binary", timeoutMs: wholeSeconds(what.deadlineMs) });
    const said = output ? textOf(running.stdout) : Promise.resolve("");
    said.catch(() => {}); // told by `wait` as well
    if (input) await feed(running.stdin, input);
    const code = await running.wait();
    return { code, output: await said, complaints: () => textOf(running.stderr).catch(() => "") };
  });
}

/** As `runShort`, for commands that have to succeed. */
export async function mustRun(ground: Ground, handle: Handle, short: Short): Promise<string> {
  const { code, output, complaints } = await runShort(ground, handle, short);
  if (code === 0) return output;
  const why = await whyOf({ code, complaints });
  throw new ThreadboxError("sandbox.unavailable", `The sandbox ${handle.name} could not ${short.doing}: ${why}`);
}

/** The last line that a failed command complained with. */
export const whyOf = async ({ code, complaints }: { code: number; complaints(): Promise<string> }): Promise<string> =>
  (await complaints()).trim().split("\n").at(-1) || `exit code ${code}`;

/** One write is one message, which servers of gRPC cut off at 4 MiB where nobody says otherwise. */
const PIECE_BYTES = 1024 * 1024;

function inPieces(stdin: WritableStream<Uint8Array>): WritableStream<Uint8Array> {
  const writer = stdin.getWriter();
  return new WritableStream({
    async write(bytes) {
      for (let at = 0; at < bytes.length; at += PIECE_BYTES) await writer.write(bytes.subarray(at, at + PIECE_BYTES));
    },
    close: () => writer.close(),
    abort: (reason) => writer.abort(reason),
  });
}

async function feed(stdin: WritableStream<Uint8Array>, input: Uint8Array): Promise<void> {
  const writer = inPieces(stdin).getWriter();
  try {
    await writer.write(input);
    await writer.close();
  } catch {
    // It ended before it had read everything; its exit code tells.
  }
}

const textOf = async (stream: ReadableStream<Uint8Array>): Promise<string> => new Response(stream).text();

/**
 * The words in front of a command that runs as the agent. There is no sudo: the kernel forbids processes there to gain rights. By its
 * path, which every Debian has: it is root that looks for it.
 */
export const asAgent = (command: string[]): string[] => ["/sbin/runuser", "-u", AGENT, "--", ...command];

const AGENT_ENV = { HOME: AGENT_HOME, USER: AGENT, LOGNAME: AGENT };
const ROOT_ENV = { HOME: "/root", USER: "root", LOGNAME: "root" };

const SIZED = 'stty iutf8 rows "$1" cols "$2"; shift 2; exec "$@"';

/** The outputs that Modal gives belong to root, so a command of the agent's could not open them by name (`tee /dev/stderr`). */
const PIPED = `
pipes=$(mktemp -d /tmp/exec-XXXXXXXXXX) && mkfifo "$pipes/1" "$pipes/2" || exit 126
cat <"$pipes/1" & cat <"$pipes/2" >&2 &
"$@" >"$pipes/1" 2>"$pipes/2"
code=$?
rm -r "$pipes"
wait
exit $code`;

function withStreams(command: string[], root: boolean, terminal: ExecOptions["terminal"]): string[] {
  const script = [...(root ? [ROOT_PATH] : []), terminal ? SIZED : PIPED].join("\n");
  const size = terminal ? [`${terminal.rows}`, `${terminal.columns}`] : [];
  return ["/bin/sh", "-c", script, "sh", ...size, ...command];
}

export async function execute(
  ground: Ground,
  handle: Handle,
  command: string[],
  { env = {}, cwd = WORKSPACE, root = false, terminal }: ExecOptions,
): Promise<Execution> {
  const argv = withStreams(command, root, terminal);
  const what = { doing: "start the command", deadlineMs: ground.connection.deadlines.command };
  const running = await inSandbox(ground, handle, what, (atModal: AtModal) =>
    atModal.exec(root ? argv : asAgent(argv), {
      mode: "binary",
      workdir: cwd,
      env: { ...(root ? ROOT_ENV : AGENT_ENV), ...env },
      pty: terminal !== undefined,
    }),
  );
  const exitCode = exitCodeOf(ground, handle, running);
  exitCode.catch(() => {}); // whoever reads the streams may hear of it there first
  return {
    stdin: inPieces(running.stdin),
    stdout: withOurErrors(running.stdout, exitCode),
    stderr: withOurErrors(running.stderr, exitCode),
    exitCode,
  };
}

/** The SDK asks for ever for the end of a command whose sandbox is gone and whose router does not answer, so somebody has to look. */
const LOOK_EVERY_MS = 15_000;
/** Of what Modal kills with the sandbox; also of what was killed inside, which the sandbox survives. */
const KILLED = 137;

async function exitCodeOf(ground: Ground, handle: Handle, running: ContainerProcess): Promise<number> {
  // `wait`, but for the signal: without it the process would not end before a sandbox that does not answer any more.
  const over = new AbortController();
  try {
    const code = await Promise.race([running._wait(over.signal), untilLost(ground, handle, over.signal)]);
    if (code !== KILLED || !(await hasEnded(ground, handle).catch(() => false))) return code;
  } catch (error) {
    if (!(await hasEnded(ground, handle).catch(() => false))) throw toFailure(error, "tell how the command ended");
  } finally {
    over.abort();
  }
  throw lost(handle.name);
}

async function untilLost(ground: Ground, handle: Handle, over: AbortSignal): Promise<never> {
  for (;;) {
    await pause(ground.clock, LOOK_EVERY_MS, over);
    if (over.aborted) return new Promise<never>(() => {});
    if (await hasEnded(ground, handle).catch(() => false)) throw lost(handle.name);
  }
}

/** A stream that breaks does so because the command has ended, or its sandbox: `exitCode` knows which. */
function withOurErrors(stream: ReadableStream<Uint8Array>, exitCode: Promise<number>): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  return new ReadableStream<Uint8Array>({
    start(controller) {
      // The SDK would go on asking a sandbox that is gone for ten seconds.
      exitCode.catch((error: unknown) => {
        controller.error(error);
        reader.cancel().catch(() => {});
      });
    },
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch {
        // Where it is an error, `start` has told it.
        await exitCode.then(
          () => controller.close(),
          () => {},
        );
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
