/** `threadbox github create-app`: GitHub makes an App with the right permissions, and its credentials come to where the bot reads them. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import { getRequestListener } from "@hono/node-server";
import { type Command, InvalidArgumentError } from "commander";
import { pause, systemClock } from "../clock.ts";
import { type Config, environment, readConfig, type Variables } from "../config.ts";
import { exchangeManifest, MANIFEST_LASTS_MS, MAX_APP_NAME_CHARS, type MadeApp } from "../surfaces/github-manifest.ts";
import { command, run } from "./command.ts";
import { readEnvFile, writeEnvFile } from "./env-file.ts";
import { Interrupted, Refused } from "./failure.ts";
import { type AppFlow, githubAppFlow, notKept, secret } from "./github-app-flow.ts";
import { type Output, paint } from "./output.ts";
import { onInterrupt } from "./signals.ts";

interface Options {
  organisation?: string;
  name?: string;
  url?: string;
  port: number;
  print?: boolean;
  force?: boolean;
  json?: boolean;
}

export function createAppCommand(): Command {
  return command({
    name: "create-app",
    summary: "Make a GitHub App for this bot, and put its credentials into .env. Opens a page on this machine alone.",
    examples: [
      ["github create-app --url https://bot.acme.com", "an App of your own account"],
      ["github create-app --organisation acme", "an App of an organisation; PUBLIC_URL is set already"],
      ["github create-app --print > app.env", "write no .env: print the variables on stdout"],
      ["github create-app --port 8123", "from another machine: ssh -L 8123:127.0.0.1:8123 first"],
      ["github create-app --json", "what was made as one JSON document; secrets only with --print"],
    ],
  })
    .option("--organisation <login>", "the organisation that it belongs to; your own account without it", login)
    .option("--name <name>", "what it is called; THREADBOX_NAME without it. GitHub wants one that nobody has", appName)
    .option("--url <url>", "where GitHub reaches this bot; PUBLIC_URL without it", address)
    .option("--port <port>", "where its page listens on 127.0.0.1; a free one without it", port, 0)
    .option("--print", "print the credentials, and write no .env")
    .option("--force", "replace what .env has of another App")
    .action((_options: Options, self: Command) => {
      // `--json` is an option of the command above it too, which takes it wherever it stands.
      const options: Options = self.optsWithGlobals();
      return run(options, (output) => createApp(options, output));
    });
}

async function createApp(options: Options, output: Output): Promise<number> {
  // With --print stdout is for the variables, so that it can be sent into a file.
  const tell = options.print ? output.warn : output.say;
  const wish = await wishOf(options);
  await using opened = new AsyncDisposableStack();
  const { flow, url } = await open(wish, opened);
  tell(`Open this in a browser that is signed in at ${wish.githubUrl}:\n\n  ${paint(["bold"], url, output.colour)}\n`);
  tell("It shows what the App may do, and leads to GitHub. Waiting for you to come back; ctrl-c ends it.");
  if (isLocal(wish.publicUrl)) output.warn(`GitHub cannot reach ${wish.publicUrl} from the internet: ${TUNNEL}`);
  const made = await withinAnHour(flow);
  report({ made, wish, options }, output, tell);
  return 0;
}

const TUNNEL = "use the address of a tunnel or a proxy (docs/security.md has how).";

interface Wish {
  name: string;
  organisation: string | null;
  publicUrl: string;
  githubUrl: string;
  apiUrl: string;
  port: number;
  /** Absolute; null where nothing is written. */
  file: string | null;
  /** To be written beside the App's: the bot cannot start without it. */
  extra: Record<string, string>;
}

/** All that can go wrong here goes wrong before GitHub makes anything. */
async function wishOf({ organisation, name, url, port, print, force }: Options): Promise<Wish> {
  const variables = environment();
  const config = configOf(variables);
  const publicUrl = url ?? config.publicUrl;
  if (!publicUrl)
    throw new Refused(
      "GitHub has to know where it reaches this bot, and PUBLIC_URL is not set.",
      `Give --url https://...; on a laptop ${TUNNEL}`,
    );
  const wished = name ?? config.name;
  if (wished.length > MAX_APP_NAME_CHARS)
    throw new Refused(`${wished} is longer than GitHub allows (${MAX_APP_NAME_CHARS}).`, "Give another --name.");
  const extra: Record<string, string> = config.publicUrl === publicUrl ? {} : { PUBLIC_URL: publicUrl };
  const file = print ? null : resolve(".env");
  if (file) await refuseToReplace(file, { variables, names: [...NAMES, ...Object.keys(extra)], force: force === true });
  const { apiUrl, url: githubUrl } = config.github ?? { apiUrl: "", url: "" };
  return { name: wished, organisation: organisation ?? null, publicUrl, githubUrl, apiUrl, port, file, extra };
}

/** Of these alone: what else is wrong in .env is not in the way of this. The token stands for the App that is not there yet. */
function configOf(variables: Variables): Config {
  const names = ["PUBLIC_URL", "THREADBOX_NAME", "GITHUB_URL", "GITHUB_API_URL"];
  const read = Object.fromEntries(names.map((name) => [name, variables[name]]));
  return readConfig({ ...read, GITHUB_TOKEN: "none" });
}

const NAMES = [
  "GITHUB_APP_ID",
  "GITHUB_PRIVATE_KEY",
  "GITHUB_WEBHOOK_SECRET",
  "GITHUB_CLIENT_ID",
  "GITHUB_CLIENT_SECRET",
];

async function refuseToReplace(
  file: string,
  { variables, names, force }: { variables: Variables; names: string[]; force: boolean },
): Promise<void> {
  const written = await readEnvFile(file);
  const outside = names.filter((name) => variables[name] && variables[name] !== written[name]);
  if (outside.length > 0)
    throw new Refused(
      `${outside.join(", ")} ${outside.length === 1 ? "is" : "are"} set in the environment, which wins over .env.`,
      "Take them out there, or use --print.",
    );
  const there = names.filter((name) => written[name]);
  if (there.length > 0 && !force)
    throw new Refused(
      `${file} has ${there.join(", ")} already.`,
      "Use --force to replace them, or --print. GitHub tells no key twice: keep a copy of what is replaced.",
    );
}

const LAST_PAGE_WITHIN_MS = 2_000;

async function open(wish: Wish, opened: AsyncDisposableStack): Promise<{ flow: AppFlow; url: string }> {
  const key = secret();
  let origin = "http://127.0.0.1";
  const flow = githubAppFlow({
    ...wish,
    ...{ key, clock: systemClock, origin: () => origin },
    exchange: (code) => exchangeManifest({ apiUrl: wish.apiUrl, clock: systemClock }, code),
    keep: (made) => keep(wish, made),
  });
  // Awaited only when it listens; until then a failure has nobody to tell.
  flow.made.catch(() => undefined);
  const listener = getRequestListener(flow.pages.fetch);
  const underWay = new Set<Promise<unknown>>();
  const server = createServer((request, response) => {
    const sent = once(response, "close").finally(() => underWay.delete(sent));
    underWay.add(sent);
    void listener(request, response);
  });
  await new Promise<void>((done, failed) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      failed(new Refused(`It cannot listen on port ${wish.port} (${error.code}).`, "Give another --port, or none.")),
    );
    server.listen(wish.port, "127.0.0.1", done);
  });
  opened.defer(async () => {
    server.close();
    // The last page is on its way still. A browser that does not read it must not keep the command.
    await Promise.race([Promise.all(underWay), pause(systemClock, LAST_PAGE_WITHIN_MS)]);
    server.closeAllConnections();
  });
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { flow, url: `${origin}/?key=${key}` };
}

async function keep({ file, extra }: Wish, made: MadeApp): Promise<string> {
  if (!file) return "on the terminal";
  try {
    await writeEnvFile(file, { ...variablesOf(made), ...extra });
    return `in ${file}`;
  } catch (thrown) {
    throw notKept(made, thrown);
  }
}

const variablesOf = (made: MadeApp): Record<string, string> => ({
  GITHUB_APP_ID: String(made.id),
  GITHUB_PRIVATE_KEY: made.privateKey,
  GITHUB_WEBHOOK_SECRET: made.webhookSecret,
  GITHUB_CLIENT_ID: made.clientId,
  GITHUB_CLIENT_SECRET: made.clientSecret,
});

async function withinAnHour({ made }: AppFlow): Promise<MadeApp> {
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const giveBack = onInterrupt(() => reject(new Interrupted("Interrupted; nothing was written.")));
  // Not the clock's: what this waits for has to keep the process.
  const timer = setTimeout(
    () => reject(new Refused("Nobody came back within an hour; nothing was written.", "Run it again.")),
    MANIFEST_LASTS_MS,
  );
  try {
    return await Promise.race([made, ended]);
  } finally {
    clearTimeout(timer);
    giveBack();
  }
}

function report(
  { made, wish, options }: { made: MadeApp; wish: Wish; options: Options },
  output: Output,
  tell: (text: string) => void,
): void {
  const variables = { ...variablesOf(made), ...wish.extra };
  const install = `${made.htmlUrl}/installations/new`;
  tell(`${paint(["green"], "✓", output.colour)} GitHub has made ${made.name} (${made.htmlUrl}), of ${made.owner}.`);
  if (wish.file) tell(`  Written to ${wish.file}, which only you may read: ${Object.keys(variables).join(", ")}.`);
  // With --json they stand in the document.
  else if (!options.json) output.say(printed(variables));
  tell(
    [
      "\nWhat is left:",
      `  1. Install it on the repositories that it shall work on: ${install}`,
      "  2. Start the bot, or start it again: threadbox start",
      "  3. threadbox doctor says whether GitHub and it understand each other.",
    ].join("\n"),
  );
  const { id, slug, name, owner, htmlUrl } = made;
  output.result({
    ok: true,
    app: { id, slug, name, owner, url: htmlUrl },
    written: wish.file,
    variables: wish.file ? Object.keys(variables) : variables,
    install,
  });
}

/** As a line of .env has them. */
const printed = (variables: Record<string, string>): string =>
  Object.entries(variables)
    .map(([name, value]) => `${name}=${value.includes("\n") ? `"${value.replaceAll("\n", "\\n")}"` : value}`)
    .join("\n");

function login(text: string): string {
  if (/^[a-z\d](?:[a-z\d-]{0,37}[a-z\d])?$/i.test(text)) return text;
  throw new InvalidArgumentError("It has to be the login of an organisation, as in its address at GitHub.");
}

function appName(text: string): string {
  if (text.trim() !== "" && text.length <= MAX_APP_NAME_CHARS) return text;
  throw new InvalidArgumentError(`It has to have 1 to ${MAX_APP_NAME_CHARS} characters.`);
}

function address(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isPlain = url && /^https?:$/.test(url.protocol) && !url.search && !url.hash && !url.username;
  if (isPlain) return text.replace(/\/+$/, "");
  throw new InvalidArgumentError("It has to be an address such as https://bot.acme.com.");
}

function port(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 0 && number <= 65_535) return number;
  throw new InvalidArgumentError("It has to be a port number.");
}

const isLocal = (url: string): boolean =>
  /^(?:localhost|127\.[\d.]+|\[::1\]|10\.[\d.]+|192\.168\.[\d.]+)$/.test(new URL(url).hostname);
