/**
 * The sections of `threadbox.yml` that say what sandboxes are made of, as they may be written. Checked here as far as a file can be
 * checked, so that a mistake is told at the start with its remedy and not by a provider in the middle of somebody's turn.
 */
import { posix } from "node:path";
import { z } from "zod";

/** Modal ends every sandbox after 24 hours, whatever it was asked for. */
const MAX_LIFETIME_MINUTES = 1_440;
/** Ten minutes before the end a session is moved to another sandbox, so less than this would be mostly moving. */
const MIN_LIFETIME_MINUTES = 30;
/** Two bots beside each other leave what is younger alone. */
const MIN_GOLDEN_MINUTES = 10;
/** Beyond the time after which the bot puts a sandbox to sleep by itself, so that Modal does not end it before its files are kept. */
export const IDLE_MARGIN_MINUTES = 10;

/** What holds where the file says nothing. */
export const DEFAULTS = {
  base: "node:22-bookworm-slim",
  app: "threadbox",
  lifetimeMinutes: MAX_LIFETIME_MINUTES,
  idleMinutes: 60,
  snapshotDays: 30,
  /** A sandbox sleeps after that long without a turn. */
  idleAfterMinutes: 10,
} as const;

export const EnvName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: "a variable's name has letters, digits and _, and no digit first" })
  .refine((name) => !name.startsWith("SANDBOX_DAEMON_"), { error: "SANDBOX_DAEMON_ variables are the bot's own" });
/** A line break would begin another instruction of the Dockerfile that the image is made from. */
export const OneLine = /^[^\r\n]*$/;
const ModalName = z.string().regex(/^[\w.-]{1,64}$/, { error: "letters, digits, dots, - and _, at most 64" });

export const Image = z.strictObject({
  base: z
    .string()
    .regex(/^\S+$/, { error: `an image's name without spaces, such as ${DEFAULTS.base}` })
    .optional()
    .describe(`Public image to start from, with Node 22.19 or newer and apt-get; ${DEFAULTS.base}.`),
  packages: z
    .array(
      z.string().regex(/^[a-z0-9][a-z0-9+.-]+(?::[a-z0-9]+)?(?:=[\w.+:~-]+)?$/, {
        error: "a Debian package's name, such as postgresql-client, with =version if you like",
      }),
    )
    .optional()
    .describe("Debian packages that are installed in the image."),
  commands: z
    .array(
      z
        .string()
        .trim()
        .regex(/^[^\r\n]*[^\r\n\\]$/, { error: "has to be one line; join several commands with &&" }),
    )
    .optional()
    .describe("Shell commands, run as root while the image is built; each is a layer of its own."),
  env: z
    .record(EnvName, z.string().regex(OneLine, { error: "has to be one line" }), {
      error: (issue) => (issue.code === "invalid_key" ? issue.issues[0]?.message : undefined),
    })
    .optional()
    .describe("Environment of every process. It becomes part of the image: no secrets here."),
});

const Network = z
  .strictObject({
    block: z
      .boolean()
      .optional()
      .describe("Nothing can be reached from inside, the model included. No, when it is left out."),
    cidrs: z
      .array(z.cidrv4({ error: "an IPv4 range, such as 140.82.112.0/20" }))
      .nonempty({ error: "an empty list would block everything; say `block: true` if you mean that" })
      .optional()
      .describe("Addresses that can be reached; all, when it is left out."),
    domains: z
      .array(
        z.string().regex(/^(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i, {
          error: "a domain without https:// or path, such as github.com or *.github.com",
        }),
      )
      .nonempty({ error: "an empty list would block everything; say `block: true` if you mean that" })
      .optional()
      .describe("Domains that can be reached; all, when it is left out. The model's and git's have to be among them."),
  })
  .refine(({ block, cidrs, domains }) => !block || (!cidrs && !domains), {
    error: "`block` shuts everything off, so `cidrs` and `domains` cannot stand beside it; leave one of them out",
  });

export const Modal = z
  .strictObject({
    app: ModalName.optional().describe(
      `Modal App that the sandboxes belong to, made when it is missing; ${DEFAULTS.app}.`,
    ),
    environment: ModalName.optional().describe("Modal environment; the workspace's default when it is left out."),
    reach: z
      .enum(["tunnel", "connect-token"], { error: "tunnel or connect-token" })
      .optional()
      .describe(
        "How the bot reaches the daemon: Modal's tunnel, public and guarded by our tokens, or with Modal's connect token in front; tunnel.",
      ),
    lifetimeMinutes: z
      .number()
      .min(MIN_LIFETIME_MINUTES, {
        error: `at least ${MIN_LIFETIME_MINUTES}: work is carried over ten minutes before the end`,
      })
      .max(MAX_LIFETIME_MINUTES, { error: `at most ${MAX_LIFETIME_MINUTES} (24 hours), which is Modal's own limit` })
      .optional()
      .describe(
        `Modal ends a sandbox after that long; the session goes on in another one. ${MAX_LIFETIME_MINUTES}, which is the most.`,
      ),
    idleMinutes: z
      .number()
      .positive()
      .optional()
      .describe(
        `Modal ends a sandbox after that long without a connection or a command: a net below limits.idleAfterMinutes. ${DEFAULTS.idleMinutes}, or ${IDLE_MARGIN_MINUTES} more than limits.idleAfterMinutes.`,
      ),
    snapshotDays: z
      .union([z.number().positive(), z.literal("never")], { error: "a number of days, or never" })
      .optional()
      .describe(
        `Modal deletes the files of a sleeping sandbox after that many days; \`never\` keeps them for ever. ${DEFAULTS.snapshotDays}.`,
      ),
    cpu: z.number().positive().optional().describe("Physical cores that are reserved; 0.125 is Modal's default."),
    memoryMiB: z.number().int().positive().optional().describe("Memory that is reserved; 128 is Modal's default."),
    regions: z
      .array(z.string().min(1))
      .nonempty({ error: "name one, or leave it out for any" })
      .optional()
      .describe("Modal's regions, such as eu or us-east; any, when it is left out. Regions cost more."),
    secrets: z
      .array(ModalName)
      .optional()
      .describe("Modal secrets by name; every process of every sandbox sees their variables."),
    network: Network.optional().describe("What a sandbox can reach; everything, when it is left out."),
    keepTokensOutside: z
      .boolean()
      .optional()
      .describe(
        "Modal puts the model's key into requests outside of the sandbox, which never holds it. Experimental at Modal. No, when it is left out.",
      ),
  })
  .refine(({ keepTokensOutside, network }) => !keepTokensOutside || (!network?.block && !network?.domains), {
    error:
      "keepTokensOutside cannot go together with network.block or network.domains; leave one out (network.cidrs is fine)",
    path: ["keepTokensOutside"],
  });

/** Places that the image, Modal or the bot need as they are. A folder inside the workspace or the agent's home is fine. */
const RESERVED =
  /^\/(?:|workspace|home(?:\/agent)?|(?:threadbox|__modal|proc|sys|dev|etc|usr|bin|sbin|lib|boot|run)(?:\/.*)?)$/;

const MountPath = z
  .string()
  .refine((path) => path.startsWith("/") && posix.normalize(path) === path && !path.endsWith("/"), {
    error: "an absolute path without .. or a / at the end, such as /data",
  })
  .refine((path) => !RESERVED.test(path), { error: "that place is taken; choose another one, such as /data" })
  .describe("Absolute path in the sandbox.");

const Volume = z.strictObject({
  name: ModalName.describe("Modal volume, made when it is missing."),
  path: MountPath,
  readOnly: z.boolean().optional().describe("No, when it is left out."),
});

const Bucket = z.strictObject({
  bucket: z.string().min(1).describe("Name of the bucket."),
  path: MountPath,
  secret: ModalName.optional().describe("Modal secret with the bucket's keys; none for a public one."),
  prefix: z
    .string()
    .regex(/^.+\/$/, { error: "has to end with /" })
    .optional()
    .describe("Only what lies below it, such as `fixtures/`; everything, when it is left out."),
  readOnly: z.boolean().optional().describe("No, when it is left out."),
  endpoint: z
    .url({ error: "an address, such as https://<account>.r2.cloudflarestorage.com" })
    .optional()
    .describe("Where the bucket is, if not at Amazon."),
});

/** What an entry of `repositories` can say of its sandboxes. */
export const ofRepository = {
  goldenMinutes: z
    .number()
    .min(MIN_GOLDEN_MINUTES, { error: `at least ${MIN_GOLDEN_MINUTES}` })
    .optional()
    .describe(
      "A sandbox is prepared that often (clone and setup), for sessions to start from; never, when it is left out.",
    ),
  warm: z
    .number()
    .int({ error: "has to be a whole number" })
    .nonnegative()
    .optional()
    .describe("That many sandboxes are kept running for the next mention. Each costs as much as one in use. 0."),
  volumes: z.array(Volume).optional().describe("Modal volumes that its sandboxes share."),
  buckets: z.array(Bucket).optional().describe("Buckets of S3 and its like, as folders of its sandboxes."),
};

const OfRepository = z.object({ name: z.string(), ...ofRepository });
export type OfRepository = z.infer<typeof OfRepository>;

/** The sections as they were read. */
export interface SandboxSections {
  image: z.infer<typeof Image>;
  modal: z.infer<typeof Modal>;
  limits: { idleAfterMinutes?: number | undefined };
  repositories: OfRepository[];
}

/** What the sections cannot say about themselves alone: where, and what to do about it. */
export function sandboxProblems({
  modal,
  limits,
  repositories,
}: SandboxSections): { path: PropertyKey[]; message: string }[] {
  const { idleMinutes, lifetimeMinutes = DEFAULTS.lifetimeMinutes } = modal;
  const problems: { path: PropertyKey[]; message: string }[] = [];
  const idle = (message: string) => problems.push({ path: ["modal", "idleMinutes"], message });
  if (idleMinutes !== undefined && idleMinutes > lifetimeMinutes)
    idle(`at most the ${lifetimeMinutes} minutes of modal.lifetimeMinutes`);
  const sleepsAfter = limits.idleAfterMinutes ?? DEFAULTS.idleAfterMinutes;
  if (idleMinutes !== undefined && idleMinutes <= sleepsAfter)
    idle(
      `more than the ${sleepsAfter} minutes of limits.idleAfterMinutes, or Modal ends a sandbox before its files are kept`,
    );
  repositories.forEach(({ volumes = [], buckets = [] }, at) => {
    const paths = [...volumes, ...buckets].map(({ path }) => path);
    const twice = paths.find((path, index) => paths.indexOf(path) !== index);
    if (twice) problems.push({ path: ["repositories", at], message: `two volumes or buckets have the path ${twice}` });
  });
  return problems;
}
