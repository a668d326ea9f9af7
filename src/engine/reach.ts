/** Finds what an effect speaks to, or says in our own words that there is none. */
import { sandboxName } from "../core/naming.ts";
import type { Session, SurfaceName } from "../core/types.ts";
import { ThreadboxError } from "../errors.ts";
import type { DaemonClient } from "../sandboxes/daemon-client.ts";
import type { Surface } from "../surfaces/surface.ts";
import type { EngineDeps, EngineSettings } from "./ports.ts";

/** Throws `surface.refused` where it is not set up. */
export function surfaceOf(deps: Pick<EngineDeps, "surfaces">, name: SurfaceName): Surface {
  const surface = deps.surfaces[name];
  if (!surface) throw new ThreadboxError("surface.refused", `The surface "${name}" is not set up (any more).`);
  return surface;
}

/** The name of the machine that the session uses, or would be given. */
export const sandboxOf = ({ id, sandbox }: Session): string => ("name" in sandbox ? sandbox.name : sandboxName(id));

/** Throws `daemon.unreachable` where no sandbox runs. */
export function daemonOf(deps: Pick<EngineDeps, "connect">, session: Session): DaemonClient {
  if (session.sandbox.is !== "ready")
    throw new ThreadboxError("daemon.unreachable", "The session has no running sandbox.");
  return deps.connect(session.sandbox);
}

/**
 * The page of a session, for a surface that may show it. A pull request can be public, and the transcript holds what was said
 * in Slack: where a session has heard such words, GitHub gets no link to it, nor after the thread was unlinked in which it began.
 */
export function pageFor(settings: Pick<EngineSettings, "page">, session: Session, on: SurfaceName): string | null {
  return on === "github" && isHeardElsewhere(session) ? null : settings.page(session.id);
}

/** It was spoken to in places that those who read the repository need not be able to read. */
export const isHeardElsewhere = ({ thread, threads }: Pick<Session, "thread" | "threads">): boolean =>
  [thread, ...threads].some(({ surface }) => surface !== "github");
