/** The control plane's sandboxes. */
import { pause } from "../../../src/clock.ts";
import { type Cloud, environmentOf, sandboxById } from "./cloud.ts";
import type { Call, Handlers } from "./grpc-server.ts";
import { Refusal } from "./refusal.ts";
import { createSandbox, finish, type Sandbox, TERMINATED, tagsOf } from "./sandbox.ts";
import type { Draft, RequestOf } from "./wire.ts";

export function sandboxMethods(cloud: Cloud) {
  const access = (sandbox: Sandbox) => ({ jwt: cloud.credentials.routerToken(sandbox.taskId), url: cloud.routerUrl });
  return {
    async SandboxCreateV2(request, call) {
      const sandbox = await createOnce(cloud, request, call);
      return {
        sandboxId: sandbox.id,
        taskId: sandbox.taskId,
        tunnels: sandbox.tunnels.map((tunnel) => tunnel.data),
        metadata: { appId: sandbox.app.id },
        commandRouterAccess: access(sandbox),
      };
    },
    SandboxGetFromNameV2(request) {
      const sandbox = named(cloud, request);
      return { sandboxId: sandbox.id, metadata: metadataOf(sandbox) };
    },
    // Only the older kind of sandbox has its name here, and there are none. The SDK asks when the newer lookup found nothing.
    SandboxGetFromName: ({ sandboxName }) => {
      throw new Refusal("NOT_FOUND", `Sandbox with name '${sandboxName}' not found`);
    },
    SandboxListV2: (request) => ({ sandboxes: page(cloud, request).map(infoOf) }),
    SandboxTagsSetV2({ sandboxId, tags }) {
      sandboxById(cloud, sandboxId).tags = tagsOf(tags);
      return {};
    },
    SandboxTagsGetV2: ({ sandboxId }) => ({ tags: tagList(sandboxById(cloud, sandboxId)) }),
    async SandboxWaitV2({ sandboxId, timeout }, call) {
      const sandbox = sandboxById(cloud, sandboxId);
      const over = AbortSignal.any([call.signal, sandbox.over.signal]);
      if (timeout > 0) await pause(cloud.clock, timeout * 1000, over);
      return { result: sandbox.result ?? undefined, metadata: metadataOf(sandbox) };
    },
    async SandboxTerminateV2({ sandboxId }) {
      const sandbox = sandboxById(cloud, sandboxId);
      const existingResult = sandbox.result ?? undefined;
      await finish(sandbox, TERMINATED);
      return { existingResult };
    },
    SandboxGetTaskIdV2({ sandboxId }) {
      const { taskId, result } = sandboxById(cloud, sandboxId);
      return result ? { taskResult: result } : { taskId };
    },
    SandboxGetCommandRouterAccess: ({ sandboxId }) => access(running(cloud, sandboxId)),
    SandboxGetTunnelsV2({ sandboxId }) {
      const { result, tunnels } = sandboxById(cloud, sandboxId);
      return result ? { result } : { tunnels: tunnels.map((tunnel) => tunnel.data) };
    },
    SandboxCreateConnectTokenV2({ sandboxId, userMetadata, port }) {
      const { gate } = running(cloud, sandboxId);
      return { url: gate.url, token: gate.admit(port ?? 8080, userMetadata) };
    },
  } satisfies Partial<Handlers>;
}

/** A call that is repeated because its answer was lost carries the same key, and gets the same sandbox. */
function createOnce(cloud: Cloud, request: RequestOf<"SandboxCreateV2">, call: Call): Promise<Sandbox> {
  const key = call.header("x-idempotency-key");
  const known = key && cloud.creations.get(key);
  if (known) return known;
  const made = createSandbox(cloud, request);
  if (key) cloud.creations.set(key, made);
  made.catch(() => key && cloud.creations.delete(key));
  return made;
}

function named(cloud: Cloud, request: RequestOf<"SandboxGetFromNameV2">): Sandbox {
  const { appName, sandboxName, environmentName, includeTerminated } = request;
  const environment = environmentOf(environmentName);
  const all = cloud.sandboxes.filter(
    ({ app, name }) => name === sandboxName && app.name === appName && app.environment === environment,
  );
  const sandbox = all.find((one) => !one.result) ?? (includeTerminated ? all.at(-1) : undefined);
  if (!sandbox) throw new Refusal("NOT_FOUND", `Sandbox with name '${sandboxName}' not found in App '${appName}'`);
  return sandbox;
}

function running(cloud: Cloud, sandboxId: string | undefined): Sandbox {
  const sandbox = sandboxById(cloud, sandboxId);
  if (sandbox.result) throw new Refusal("NOT_FOUND", `Sandbox ${sandbox.id} has already finished`);
  return sandbox;
}

/** Newest first, those before a moment, with at least these tags. */
function page(cloud: Cloud, request: RequestOf<"SandboxListV2">): Sandbox[] {
  const { appId, environmentName, includeFinished, beforeTimestamp, tags } = request;
  return cloud.sandboxes
    .filter(({ app }) => (appId ? app.id === appId : app.environment === environmentOf(environmentName)))
    .filter((sandbox) => includeFinished || !sandbox.result)
    .filter((sandbox) => tags.every(({ tagName, tagValue }) => sandbox.tags[tagName] === tagValue))
    .filter((sandbox) => beforeTimestamp === 0 || sandbox.createdAtMs / 1000 < beforeTimestamp)
    .toSorted((a, b) => b.createdAtMs - a.createdAtMs)
    .slice(0, cloud.listPageSize);
}

function infoOf(sandbox: Sandbox): Draft<"SandboxInfo"> {
  const { id, app, name, definition, createdAtMs, taskId, result } = sandbox;
  return {
    id,
    createdAt: createdAtMs / 1000,
    taskInfo: { id: taskId, startedAt: createdAtMs / 1000, result: result ?? undefined, sandboxId: id },
    appId: app.id,
    tags: tagList(sandbox),
    name: name ?? "",
    imageId: definition.imageId,
    timeoutSecs: definition.timeoutSecs,
    idleTimeoutSecs: definition.idleTimeoutSecs,
    tunnels: sandbox.tunnels.map((tunnel) => tunnel.data),
  };
}

const metadataOf = ({ result, app }: Sandbox): Draft<"SandboxHandleMetadata"> => ({
  result: result ?? undefined,
  appId: app.id,
});

const tagList = ({ tags }: Sandbox) => Object.entries(tags).map(([tagName, tagValue]) => ({ tagName, tagValue }));
