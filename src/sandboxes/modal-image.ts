/**
 * The image of every sandbox, in layers that Modal keeps by their content: what seldom changes comes first, the daemon last, so that
 * a new daemon rebuilds nothing else. A layer that is there already costs one question.
 */
import { gzipSync } from "node:zlib";
import type { Image } from "modal";
import { ThreadboxError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Connection } from "./modal-client.ts";
import { isClassified } from "./modal-failure.ts";
import { SUPERVISOR, SUPERVISOR_SCRIPT } from "./modal-supervise.ts";
import type { ImageSettings } from "./settings.ts";
import { quoted } from "./shell.ts";

/** Folders inside. The daemon's own is passable for the agent's user and readable for nobody but root. */
export const WORKSPACE = "/workspace";
export const STATE = "/threadbox/state";
/** Where the daemon listens. */
export const PORT = 8787;
export const AGENT = "agent";
export const AGENT_HOME = "/home/agent";

export interface ImageParts {
  settings: ImageSettings;
  daemon: () => Promise<{ bytes: Uint8Array; sha256: string }>;
  /** npm packages with the agents' commands: name -> exact version. */
  agents: Record<string, string>;
}

/** Built when it is first needed, and once; a failure is forgotten, as the next one who asks may have better luck. */
export function imageBuilder(connection: Connection, parts: ImageParts, log: Log): () => Promise<Image> {
  let built: Promise<Image> | null = null;
  return () => {
    built ??= build(connection, parts, log).catch((error: unknown) => {
      built = null;
      throw error;
    });
    return built;
  };
}

async function build(connection: Connection, parts: ImageParts, log: Log): Promise<Image> {
  const { client, call, deadlines } = connection;
  const app = await connection.app();
  const daemon = await parts.daemon();
  const image = layersOf(parts, daemon).reduce(
    (below, commands) => below.dockerfileCommands(commands),
    client.images.fromRegistry(parts.settings.base),
  );
  const lines = tailOfLog(log);
  const stopListening = connection.onBuildLog(lines.add);
  log.info({ base: parts.settings.base, daemon: daemon.sha256 }, "image.building");
  try {
    const what = { doing: "build the image", deadlineMs: deadlines.build };
    await call(what, () => image.build(app).catch((cause: unknown) => explain(cause, lines.last())));
  } finally {
    stopListening();
  }
  log.info({ image: image.imageId }, "image.built");
  return image;
}

/** The SDK throws an error without a class when a build fails; everything else has one, or a gRPC status. */
function explain(cause: unknown, lines: string[]): never {
  if (isClassified(cause) || !(cause instanceof Error)) throw cause;
  const detail = ["The image does not build.", cause.message.replaceAll("\n", " "), ...lines].join("\n");
  throw new ThreadboxError("sandbox.image-failed", detail, { cause });
}

const SHOWN_LINES = 30;

/** What a build says comes in pieces that end anywhere. */
function tailOfLog(log: Log) {
  let unfinished = "";
  let lines: string[] = [];
  return {
    add(text: string): void {
      const whole = (unfinished + text).split(/\r?\n|\r/);
      unfinished = whole.pop() ?? "";
      for (const line of whole.filter((one) => one.trim() !== "")) log.info({ line }, "image.build-said");
      lines = [...lines, ...whole].slice(-SHOWN_LINES);
    },
    last: () => [...lines, unfinished].filter((line) => line.trim() !== "").slice(-SHOWN_LINES),
  };
}

type Daemon = Awaited<ReturnType<ImageParts["daemon"]>>;

/** The Dockerfile lines of each layer. The user stays root, which the daemon and every setting-up needs. */
export function layersOf({ settings, agents }: Pick<ImageParts, "settings" | "agents">, daemon: Daemon): string[][] {
  const { packages, env, commands } = settings;
  return [
    ["USER root", `RUN node -e ${quoted(CHECK_NODE)}`, install(SYSTEM_PACKAGES)],
    packages.length > 0 ? [install(packages)] : [],
    [`RUN ${MAKE_USER}`, `RUN ${MAKE_FOLDERS}`, `WORKDIR ${WORKSPACE}`],
    [
      `RUN npm install -g ${Object.entries(agents)
        .map(([name, version]) => `${name}@${version}`)
        .join(" ")}`,
    ],
    Object.entries(env).map(([name, value]) => `ENV ${name}=${inDockerfile(value)}`),
    ...commands.map((command) => [`RUN ${command}`]),
    daemonLayer(daemon),
  ].filter((layer) => layer.length > 0);
}

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
