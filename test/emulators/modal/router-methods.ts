/** The command router: commands in a running sandbox, their streams, and snapshots. It knows a sandbox by its task. */
import { type Cloud, mergedEnv } from "./cloud.ts";
import { type Exec, type Exit, followProcess, limitTime } from "./exec.ts";
import type { Call, Handlers } from "./grpc-server.ts";
import { keepSnapshot } from "./images.ts";
import { Refusal } from "./refusal.ts";
import type { Sandbox } from "./sandbox.ts";
import type { RequestOf } from "./wire.ts";

/** Wire values of "throw it away", and of the second output. */
export const DEVNULL = 0;
export const STDERR = 1;

export function routerMethods(cloud: Cloud) {
  const task = (call: Call, taskId: string): Sandbox => runningTask(cloud, call, taskId);
  const exec = (call: Call, { taskId, execId }: { taskId: string; execId: string }): [Sandbox, Exec] => {
    const sandbox = task(call, taskId);
    const known = sandbox.execs.get(execId);
    if (!known) throw new Refusal("NOT_FOUND", `Exec ${execId} not found`);
    return [sandbox, known];
  };
  return {
    TaskExecStart(request, call) {
      const sandbox = task(call, request.taskId);
      if (!sandbox.execs.has(request.execId)) sandbox.execs.set(request.execId, startExec(cloud, sandbox, request));
      return {};
    },
    async *TaskExecStdioRead(request, call) {
      const [sandbox, { stdout, stderr }] = exec(call, request);
      const log = request.fileDescriptor === STDERR ? stderr : stdout;
      for await (const data of log.from(request.offset, { caller: call.signal, gone: sandbox.over.signal }))
        yield { data };
    },
    async TaskExecStdinWrite(request, call) {
      const [sandbox, { stdin }] = exec(call, request);
      sandbox.idle.touch();
      await stdin.write(request.offset, request.data, request.eof);
      return {};
    },
    async TaskExecStdinWriteStream(requests, call) {
      let into: { stdin: Exec["stdin"]; offset: number } | undefined;
      for await (const { start, data, end } of requests) {
        if (start) into = { stdin: exec(call, start)[1].stdin, offset: start.offset };
        if (!into) throw new Refusal("INVALID_ARGUMENT", "a stream of input has to begin with its start");
        await into.stdin.write(into.offset, data ?? new Uint8Array(), end !== null);
        into.offset += data?.length ?? 0;
      }
      return {};
    },
    TaskExecStdinStatus(request, call) {
      const [, { stdin }] = exec(call, request);
      return { numBytesWritten: stdin.written(), closed: stdin.closed() };
    },
    async TaskExecWait(request, call) {
      const [sandbox, { exited }] = exec(call, request);
      return await Promise.race([exited, refusedWhenOver(sandbox, call)]);
    },
    TaskExecPoll: (request, call): Partial<Record<"code" | "signal", number>> => exec(call, request)[1].exit ?? {},
    async TaskSnapshotFilesystem(request, call) {
      return { imageId: await snapshotOnce(cloud, task(call, request.taskId), request) };
    },
    async *SandboxStdioReadV2({ taskId, offset, fileDescriptor }, call) {
      const { entrypoint, over } = task(call, taskId);
      const log = fileDescriptor === STDERR ? entrypoint.stderr : entrypoint.stdout;
      let startingOffset = offset;
      for await (const data of log.from(offset, { caller: call.signal, gone: over.signal })) {
        yield { data, startingOffset };
        startingOffset += data.length;
      }
    },
    async SandboxStdinWriteV2({ taskId, offset, data, eof }, call) {
      const sandbox = task(call, taskId);
      sandbox.idle.touch();
      await sandbox.entrypoint.stdin.write(offset, data, eof);
      return {};
    },
  } satisfies Partial<Handlers>;
}

/** The token names the task, so one sandbox's token is of no use for another. A finished sandbox has no router any more. */
function runningTask(cloud: Cloud, call: Call, taskId: string): Sandbox {
  if (cloud.credentials.routerTask(call.header("authorization")) !== taskId)
    throw new Refusal("PERMISSION_DENIED", `the token is not for task ${taskId}`);
  const sandbox = cloud.sandboxes.find((one) => one.taskId === taskId);
  if (!sandbox || sandbox.result) throw new Refusal("NOT_FOUND", `Task ${taskId} has finished`);
  return sandbox;
}

function startExec(cloud: Cloud, sandbox: Sandbox, request: RequestOf<"TaskExecStart">): Exec {
  if (request.commandArgs.length === 0) throw new Refusal("INVALID_ARGUMENT", "there is no command");
  const { ptyInfo } = request;
  const terminal = ptyInfo?.enabled ? { rows: ptyInfo.winszRows, columns: ptyInfo.winszCols } : null;
  const named = request.secretIds.map((secretId) => ({ secretId, env: null }));
  const sent = mergedEnv(cloud, [
    ...named,
    { secretId: undefined, env: { contents: request.env } },
    ...request.secretSources,
  ]);
  const process = sandbox.machine.exec({
    argv: request.commandArgs,
    env: { ...sandbox.env, ...(terminal && { TERM: ptyInfo?.envTerm || "xterm" }), ...sent },
    cwd: request.workdir || sandbox.workdir,
    terminal,
  });
  const exec = followProcess(process, {
    stdout: request.stdoutConfig !== DEVNULL,
    stderr: request.stderrConfig !== DEVNULL,
  });
  limitTime(cloud.clock, process, exec, request.timeoutSecs);
  void exec.exited.then(sandbox.idle.begin());
  return exec;
}

/** How a wait ends when the sandbox does: there is nobody left who could tell. */
function refusedWhenOver({ over }: Sandbox, call: Call): Promise<Exit> {
  return new Promise((_resolve, reject) => {
    const refuse = (): void => reject(new Refusal("NOT_FOUND", "the sandbox has finished"));
    over.signal.addEventListener("abort", refuse, { once: true, signal: call.signal });
    call.signal.addEventListener("abort", () => reject(new Refusal("CANCELLED", "the caller went away")));
  });
}

/** An image that is kept for ever is asked for with -1; Modal's own default is thirty days. */
const FOR_EVER = -1;
const DEFAULT_TTL_SECONDS = 30 * 24 * 3600;

function snapshotOnce(cloud: Cloud, sandbox: Sandbox, request: RequestOf<"TaskSnapshotFilesystem">): Promise<string> {
  const known = sandbox.snapshots.get(request.snapshotId);
  if (known) return known;
  const { ttlSeconds = DEFAULT_TTL_SECONDS } = request;
  const made = sandbox.machine.snapshot().then((files) => {
    // What an image says beside its files comes from the image, not from the secrets that the sandbox was given.
    const { env, workdir } = sandbox.image;
    const kept = { ...files, env, workdir };
    return keepSnapshot(cloud, sandbox.id, kept, ttlSeconds === FOR_EVER ? null : ttlSeconds).id;
  });
  sandbox.snapshots.set(request.snapshotId, made);
  made.catch(() => sandbox.snapshots.delete(request.snapshotId));
  return made;
}
