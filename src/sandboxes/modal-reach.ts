/**
 * How a daemon at Modal is reached: over Modal's tunnel, which is public and guarded by our tokens alone, or over Modal's own gate,
 * which lets nobody in without a connect token.
 */
import { ThreadboxError } from "../errors.ts";
import { findRunning, type Ground, type Handle, lost, type Reach } from "./modal-handle.ts";
import { PORT } from "./modal-supervise.ts";

/** Modal does not say how long a connect token is good for. A new one costs one question. */
const TOKEN_GOOD_FOR_MS = 10 * 60_000;

export async function reachable(ground: Ground, handle: Handle): Promise<Reach> {
  const { reach } = handle;
  if (reach && (reach.renewAt === null || ground.clock.now() < reach.renewAt)) return reach;
  handle.reach = ground.settings.modal.reach === "tunnel" ? await tunnel(ground, handle) : await gate(ground, handle);
  return handle.reach;
}

/** For somebody who looks for a sandbox, perhaps because it did not let them in: Modal may have ended its token before its time. */
export async function reachAnew(ground: Ground, handle: Handle): Promise<Reach> {
  if (handle.reach?.renewAt !== null) handle.reach = null;
  return reachable(ground, handle);
}

export async function headersFor(ground: Ground, name: string): Promise<Record<string, string>> {
  if (ground.settings.modal.reach === "tunnel") return {};
  const handle = ground.handles.get(name) ?? (await findRunning(ground, name));
  if (!handle) throw lost(name);
  return (await reachable(ground, handle)).headers;
}

async function tunnel({ connection }: Ground, handle: Handle): Promise<Reach> {
  const { call, deadlines } = connection;
  const what = { doing: `open a tunnel to ${handle.name}`, deadlineMs: deadlines.create };
  const url = (await call(what, () => handle.atModal.tunnels()))[PORT]?.url;
  if (url) return { url, headers: {}, renewAt: null };
  // It was started while the configuration said otherwise.
  throw new ThreadboxError(
    "sandbox.unavailable",
    `The sandbox ${handle.name} has no tunnel; put it to sleep and wake it`,
  );
}

async function gate({ connection, clock }: Ground, handle: Handle): Promise<Reach> {
  const { call, deadlines } = connection;
  const renewAt = clock.now() + TOKEN_GOOD_FOR_MS;
  const what = { doing: `make a connect token for ${handle.name}`, deadlineMs: deadlines.question };
  const { url, token } = await call(what, () => handle.atModal.createConnectToken({ port: PORT }));
  // As a cookie: the daemon's own token needs the Authorization.
  return { url, headers: { cookie: `_modal_connect_token=${token}` }, renewAt };
}

/** What a person should know before trusting it. */
export function reachWarning({ settings: { modal } }: Ground): string | null {
  if (modal.reach === "tunnel") return null;
  const minutes = Math.round(modal.idleTimeoutMs / 60_000);
  return (
    "Modal does not say whether a connection by connect token keeps a sandbox alive. Keep modal.idleMinutes at least as long as the " +
    `longest turn: a sandbox that Modal takes for idle ends after ${minutes} minutes, in the middle of a turn and with what was not pushed.`
  );
}
