/** What a new sandbox at Modal is made with. */
import type { CloudBucketMount, SandboxCreateParams, Volume } from "modal";
import { wholeSeconds } from "./modal-client.ts";
import { mustRun } from "./modal-exec.ts";
import type { Ground, Handle } from "./modal-handle.ts";
import { AGENT, WORKSPACE } from "./modal-image.ts";
import { outboundPolicy } from "./modal-outside.ts";
import { PORT, SUPERVISOR } from "./modal-supervise.ts";
import { type Tags, tagsFor } from "./modal-tags.ts";
import type { NetworkSettings, RepositorySandbox } from "./settings.ts";
import { ROOT_PATH } from "./shell.ts";

export interface Wanted {
  name: string;
  tags: Tags;
  repository: RepositorySandbox | undefined;
}

export async function createParams(ground: Ground, wanted: Wanted): Promise<SandboxCreateParams> {
  const { modal } = ground.settings;
  const { name, tags, repository } = wanted;
  const [secrets, volumes, cloudBucketMounts, experimentalOutboundPolicy] = await Promise.all([
    Promise.all(modal.secrets.map((secret) => ground.things.secret(secret))),
    volumesOf(ground, repository),
    bucketsOf(ground, repository),
    outboundPolicy(ground),
  ]);
  return {
    name,
    tags: tagsFor(ground.instance, name, tags),
    command: [SUPERVISOR, `${tags.since}`],
    workdir: WORKSPACE,
    timeoutMs: wholeSeconds(modal.lifetimeMs),
    // A connection over a tunnel counts as activity there, what processes inside do does not. A quiet turn of hours stays alive because
    // the bot holds the daemon's stream open as long as it follows the turn. While no bot runs, nothing holds it, and after this time the
    // sandbox ends with all that was not kept. Whether a connection by connect token counts is nowhere said: see `reachWarning`.
    idleTimeoutMs: wholeSeconds(modal.idleTimeoutMs),
    ...(modal.reach === "tunnel" ? { encryptedPorts: [PORT] } : {}),
    ...networkParams(modal.network),
    ...(modal.cpu === null ? {} : { cpu: modal.cpu }),
    ...(modal.memoryMiB === null ? {} : { memoryMiB: modal.memoryMiB }),
    ...(modal.regions.length === 0 ? {} : { regions: modal.regions }),
    ...{ secrets, volumes, cloudBucketMounts },
    ...(experimentalOutboundPolicy ? { experimentalOutboundPolicy } : {}),
  };
}

/** Blocking is an empty list of what can be reached: Modal's `blockNetwork` would close the way in as well, by which we speak to the daemon. */
function networkParams({ block, cidrs, domains }: NetworkSettings): Partial<SandboxCreateParams> {
  if (block) return { outboundCidrAllowlist: [] };
  return {
    ...(cidrs ? { outboundCidrAllowlist: cidrs } : {}),
    ...(domains ? { outboundDomainAllowlist: domains } : {}),
  };
}

async function volumesOf(ground: Ground, repository: RepositorySandbox | undefined): Promise<Record<string, Volume>> {
  const mounts = (repository?.volumes ?? []).map(async ({ name, path, readOnly }) => {
    const volume = await ground.things.volume(name);
    return [path, readOnly ? volume.withMountOptions({ readOnly }) : volume] as const;
  });
  return Object.fromEntries(await Promise.all(mounts));
}

async function bucketsOf(
  { things, connection }: Ground,
  repository: RepositorySandbox | undefined,
): Promise<Record<string, CloudBucketMount>> {
  const mounts = (repository?.buckets ?? []).map(async ({ bucket, path, secret, prefix, readOnly, endpoint }) => {
    const params = {
      readOnly,
      ...(secret === null ? {} : { secret: await things.secret(secret) }),
      ...(prefix === null ? {} : { keyPrefix: prefix }),
      ...(endpoint === null ? {} : { bucketEndpointUrl: endpoint }),
    };
    return [path, connection.client.cloudBucketMounts.create(bucket, params)] as const;
  });
  return Object.fromEntries(await Promise.all(mounts));
}

/**
 * A volume is a link at its path into a folder of Modal's that belongs to root, whatever the image had there; or it is mounted there. Where
 * the path is in a folder of the agent's, it may be another link by now, and whatever is given away is the agent's for good.
 */
const GIVE = `${ROOT_PATH}
for path; do
  target=$(readlink -f -- "$path")
  case $target in
    /__modal/volumes/*/*) target= ;;
    /__modal/volumes/*) ;;
    "$path") mountpoint -q -- "$path" || target= ;;
    *) target= ;;
  esac
  if [ -z "$target" ]; then echo "$path is no volume any more" >&2; exit 1; fi
  chown -h ${AGENT}:${AGENT} -- "$target" || exit 1
done`;

/** Gives the volumes to the agent's user; what is in them keeps its owner. Safe to repeat. */
export async function giveVolumes(ground: Ground, handle: Handle, repository: RepositorySandbox | undefined) {
  const paths = (repository?.volumes ?? []).filter(({ readOnly }) => !readOnly).map(({ path }) => path);
  if (paths.length === 0) return;
  await mustRun(ground, handle, {
    argv: ["/bin/sh", "-c", GIVE, "give", ...paths],
    doing: `give ${paths.join(", ")} to the agent`,
    deadlineMs: ground.connection.deadlines.command,
  });
}
