/**
 * The image of every sandbox, in layers that Modal keeps by their content: what seldom changes comes first, then the agents, a layer each,
 * and the daemon last. So another list of agents rebuilds nothing of the team's own, and a new daemon nothing else at all. A layer that
 * is there already costs one question.
 */
import { gzipSync } from "node:zlib";
import type { App, Image } from "modal";
import type { Installation } from "../agent-packages.ts";
import { ThreadboxError } from "../errors.ts";
import type { Log } from "../log.ts";
import { type BuildLog, hearLayer } from "./modal-build-log.ts";
import type { Connection } from "./modal-client.ts";
import { isClassified } from "./modal-failure.ts";
import { SUPERVISOR, SUPERVISOR_SCRIPT } from "./modal-supervise.ts";
import type { StartProgress } from "./provider.ts";
import type { ImageSettings } from "./settings.ts";
import { quoted } from "./shell.ts";

/** Folders inside. The daemon's own is passable for the agent's user and readable for nobody but root. */
export const WORKSPACE = "/workspace";
export const STATE = "/threadbox/state";
export const AGENT = "agent";
export const AGENT_HOME = "/home/agent";

export interface ImageParts {
  settings: ImageSettings;
  daemon: () => Promise<{ bytes: Uint8Array; sha256: string }>;
  /** What the agents are installed from, in exact versions. */
  agents: Installation[];
}

/** Built when it is first needed, and once; a failure is forgotten, as the next one who asks may have better luck. */
export function imageBuilder(
  connection: Connection,
  parts: ImageParts,
  log: Log,
): (progress?: StartProgress) => Promise<Image> {
  /** Everybody who waits for it. */
  const watching = new Set<StartProgress>();
  let built: Promise<Image> | null = null;
  return async (progress) => {
    if (progress) watching.add(progress);
    built ??= build(connection, parts, { log, watching }).catch((error: unknown) => {
      built = null;
      throw error;
    });
    try {
      return await built;
    } finally {
      if (progress) watching.delete(progress);
    }
  };
}

async function build(connection: Connection, parts: ImageParts, told: BuildLog): Promise<Image> {
  const { client, call, deadlines } = connection;
  const { base } = parts.settings;
  const app = await connection.app();
  const daemon = await parts.daemon();
  const layers = layersOf(parts, daemon);
  told.log.info({ base, daemon: daemon.sha256 }, "image.building");
  // One deadline for all of them. Each is built by itself, as that tells which one fails; the questions to Modal are the same.
  const image = await call({ doing: "build the image", deadlineMs: deadlines.build }, async () => {
    let below = client.images.fromRegistry(base);
    for (const [at, layer] of layers.entries())
      below = await buildLayer(connection, app, { below, layer, of: `${at + 1} of ${layers.length}` }, told);
    return below;
  });
  told.log.info({ image: image.imageId }, "image.built");
  return image;
}

interface Building {
  below: Image;
  layer: Layer;
  /** "2 of 7". */
  of: string;
}

async function buildLayer(
  connection: Connection,
  app: App,
  { below, layer, of }: Building,
  told: BuildLog,
): Promise<Image> {
  const heard = hearLayer(`${of}: ${layer.called}`, told);
  const stopListening = connection.onBuildLog(heard.add);
  try {
    return await below.dockerfileCommands(layer.lines).build(app);
  } catch (cause) {
    throw explained(cause, layer, heard.last());
  } finally {
    stopListening();
  }
}

const MAX_REASON_CHARS = 500;

/** The SDK throws an error without a class when a build fails; everything else has one, or a gRPC status. */
function explained(cause: unknown, { called }: Layer, lines: string[]): unknown {
  if (isClassified(cause) || !(cause instanceof Error)) return cause;
  const reason = cause.message.replaceAll("\n", " ").slice(0, MAX_REASON_CHARS);
  const detail = [`The image fails at ${called}`, reason, ...lines].join("\n");
  return new ThreadboxError("sandbox.image-failed", detail, { cause });
}

type Daemon = Awaited<ReturnType<ImageParts["daemon"]>>;

export interface Layer {
  /** For people, in the words of threadbox.yml: "packages: jq", "commands 2 of 3: `npm i -g x`". */
  called: string;
  /** Of a Dockerfile. */
  lines: string[];
}

/** The user stays root, which the daemon and every setting-up needs. */
export function layersOf({ settings, agents }: Pick<ImageParts, "settings" | "agents">, daemon: Daemon): Layer[] {
  const { base, packages, env, commands } = settings;
  const lines = Object.entries(env).map(([name, value]) => `ENV ${name}=${inDockerfile(value)}`);
  return [
    {
      called: `base: ${base}, with what Threadbox needs there`,
      lines: ["USER root", `RUN node -e ${quoted(CHECK_NODE)}`, install(SYSTEM_PACKAGES)],
    },
    { called: `packages: ${short(packages.join(", "))}`, lines: packages.length > 0 ? [install(packages)] : [] },
    { called: "the agent's user", lines: [`RUN ${MAKE_USER}`, `RUN ${MAKE_FOLDERS}`, `WORKDIR ${WORKSPACE}`] },
    { called: "env", lines },
    ...commands.map((command, at) => ({
      called: `commands ${at + 1} of ${commands.length}: \`${short(command)}\``,
      lines: [`RUN ${command}`],
    })),
    ...agents.map(agentLayer),
    { called: "Threadbox's daemon", lines: daemonLayer(daemon) },
  ].filter((layer) => layer.lines.length > 0);
}

/**
 * Without npm's cache, which would keep a second copy of some hundred megabytes. In the end it has to be there: an agent that is missing
 * would be found out in the middle of somebody's turn. One that a repository has in its own folder cannot be looked for yet.
 */
function agentLayer({ agent, packages, program, version, file }: Installation): Layer {
  const own = quoted(program);
  const look =
    version === null
      ? `command -v ${own} || { echo ${quoted(`There is no ${program}.`)}; exit 1; }`
      : `${own} --version`;
  const steps = [
    ...(packages.length > 0 ? [`npm install -g --ignore-scripts ${packages.map(quoted).join(" ")}`] : []),
    ...(packages.length > 0 ? ["npm cache clean --force"] : []),
    ...(file ? [`ln -sf "$(npm root -g)"/${quoted(file)} ${quoted(`/usr/local/bin/${program}`)}`] : []),
    ...(/^[^/]+\//.test(program) ? [] : [look]),
  ];
  const lines = steps.length > 0 ? [`RUN ${steps.join(" && ")}`] : [];
  return { called: `the agent ${agent}: ${packages.join(", ") || program}`, lines };
}

/** Enough to see which one is meant. */
const SHORT_CHARS = 100;
const short = (text: string): string => (text.length <= SHORT_CHARS ? text : `${text.slice(0, SHORT_CHARS - 1)}…`);

/** What pi asks for, which is more than the daemon does. An older one would fail at the first turn with words that help nobody. */
const CHECK_NODE = [
  'const [major, minor] = process.versions.node.split(".").map(Number);',
  "if (major > 22 || (major === 22 && minor >= 19)) process.exit(0);",
  'console.error("Threadbox needs Node 22.19 or newer in the base image; this one has " + process.version);',
  "process.exit(1);",
].join(" ");

/** procps and util-linux have what ends, watches and changes users of processes; the others are what every agent reaches for. */
const SYSTEM_PACKAGES = ["ca-certificates", "curl", "git", "openssh-client", "procps", "ripgrep", "util-linux"];

function install(packages: string[]): string {
  const names = packages.map(quoted).join(" ");
  return `RUN apt-get update && apt-get install -y --no-install-recommends ${names} && rm -rf /var/lib/apt/lists/*`;
}

/** Volumes keep the numbers of users, so the agent has 1000 everywhere; images of Node have a user of their own with it. */
const MAKE_USER = [
  'other="$(getent passwd 1000 | cut -d: -f1)"',
  `if [ -n "$other" ] && [ "$other" != ${AGENT} ]; then userdel "$other" || exit 1; fi`,
  `if ! id ${AGENT} >/dev/null 2>&1; then useradd --uid 1000 --user-group --create-home --home-dir ${AGENT_HOME} --shell /bin/bash ${AGENT} || exit 1; fi`,
  `test "$(id -u ${AGENT})" = 1000`,
].join("; ");

const MAKE_FOLDERS = [
  `mkdir -p ${WORKSPACE} /threadbox/bin`,
  `mkdir -p -m 711 ${STATE}`,
  `chown ${AGENT}:${AGENT} ${WORKSPACE}`,
].join(" && ");

/** Dockerfiles expand variables within double quotes. */
const inDockerfile = (value: string): string => `"${value.replaceAll(/["\\$]/g, "\\$&")}"`;

/** The kernel takes no argument beyond 128 KiB, and every RUN is one. */
const CHUNK_CHARS = 96_000;
export const DAEMON_FILE = `${STATE}/daemon.mjs`;
const DRAFT = "/threadbox/daemon.base64";

function daemonLayer({ bytes, sha256 }: Daemon): string[] {
  const encoded = gzipSync(bytes, { level: 9 }).toString("base64");
  const chunks = encoded.match(new RegExp(`.{1,${CHUNK_CHARS}}`, "g")) ?? [];
  const supervisor = Buffer.from(SUPERVISOR_SCRIPT).toString("base64");
  return [
    `RUN printf %s ${supervisor} | base64 -d >${SUPERVISOR} && chmod 755 ${SUPERVISOR}`,
    ...chunks.map((chunk) => `RUN printf %s ${chunk} >>${DRAFT}`),
    `RUN base64 -d ${DRAFT} | gunzip >${DAEMON_FILE} && rm ${DRAFT} && echo "${sha256}  ${DAEMON_FILE}" | sha256sum --check --status`,
  ];
}
