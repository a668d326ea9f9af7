/** `threadbox open`: where a sandbox's daemon answers, and a token to look at it, or to drive it by hand. */
import { type Command, InvalidArgumentError } from "commander";
import type { Sandbox } from "../sandboxes/provider.ts";
import { quoted } from "../sandboxes/shell.ts";
import { command, run } from "./command.ts";
import { Refused } from "./failure.ts";
import { type Output, paint } from "./output.ts";
import { findSandbox, runningOne } from "./sandbox-find.ts";
import { shortName } from "./sandbox-names.ts";
import { openSandboxes } from "./sandbox-open.ts";
import { left, timeOf } from "./sandbox-words.ts";

interface Options {
  json?: boolean;
  ttl?: number;
  control?: boolean;
}

const MINUTE_MS = 60_000;
const OBSERVER_MINUTES = 60;
/** As long as the signer makes them, whoever asks. */
const CONTROL_MINUTES = 10;

export function openCommand(): Command {
  return command({
    name: "open",
    summary: "Print where a sandbox's daemon answers, with a token that may look for an hour.",
    examples: [
      ["open calm-otter", "the URL, an observer's token and a curl line that follows what happens"],
      ["open calm-otter --ttl 5", "a token for five minutes"],
      ["open calm-otter --control", "a token for ten minutes that may do everything, and a curl line that prompts"],
    ],
  })
    .argument("<sandbox>", "its name, its session's id, or the beginning of one")
    .option("--ttl <minutes>", "how long the observer's token lives", minutes)
    .option("--control", "a token that may do everything in this sandbox")
    .action((id: string, options: Options) => run(options, (output) => open(id, options, output)));
}

function minutes(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0 && number <= 1_440) return number;
  throw new InvalidArgumentError("It has to be a number of minutes from 1 to 1440.");
}

async function open(id: string, { ttl, control = false }: Options, output: Output): Promise<number> {
  if (control && ttl !== undefined)
    throw new Refused(`A control token always lives ${CONTROL_MINUTES} minutes.`, "Leave --ttl out.");
  await using closing = new AsyncDisposableStack();
  const sandboxes = closing.adopt(await openSandboxes(), ({ close }) => close());
  const { signer, provider, boot } = sandboxes;
  const found = await findSandbox(sandboxes, id);
  const running = await runningOne(sandboxes, found);
  // One of a person's may have been made without a daemon. Into others the bot puts it, and knows best when.
  const sandbox = found.is === "person" ? await boot(running) : running;
  const ttlMs = (control ? CONTROL_MINUTES : (ttl ?? OBSERVER_MINUTES)) * MINUTE_MS;
  const opened: Opened = {
    sandbox,
    scope: control ? "control" : "observer",
    token: control ? await signer.control(sandbox.name) : await signer.observer(sandbox.name, ttlMs),
    headers: await provider.headers(sandbox.name),
    expiresAt: Date.now() + ttlMs,
  };
  tell(opened, output);
  return 0;
}

interface Opened {
  sandbox: Sandbox;
  scope: "observer" | "control";
  token: string;
  /** For whoever stands in front of the daemon. */
  headers: Record<string, string>;
  expiresAt: number;
}

function tell(opened: Opened, output: Output): void {
  const { sandbox, scope, token, headers, expiresAt } = opened;
  const may = scope === "control" ? "may do everything" : "may look";
  const curl = curlLines(opened);
  const lines = [
    `${shortName(sandbox.name)} answers at ${sandbox.url}`,
    "",
    paint(["dim"], `This token ${may} for ${left(expiresAt - Date.now())}:`, output.colour),
    token,
    ...Object.entries(curl).flatMap(([does, line]) => [
      "",
      paint(["dim"], `${WORDS[does] ?? does}:`, output.colour),
      line,
    ]),
  ];
  output.say(lines.join("\n"));
  output.result({
    ...{ ok: true, name: shortName(sandbox.name), url: sandbox.url, scope, token, headers },
    ...{ expiresAt: timeOf(expiresAt), curl },
  });
}

const WORDS: Record<string, string> = { stream: "Follow what happens", prompt: "Say something to the agent" };

function curlLines({ sandbox, scope, token, headers }: Opened): Record<string, string> {
  const all = { Authorization: `Bearer ${token}`, ...headers };
  const given = Object.entries(all).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`);
  const at = (path: string): string => quoted(new URL(path, sandbox.url).href);
  const stream = ["curl -N", ...given, at("/stream?cursor=0&follow=1")].join(" ");
  if (scope === "observer") return { stream };
  const body = ["-H 'content-type: application/json'", `-d ${quoted(JSON.stringify({ message: "hello" }))}`];
  return { stream, prompt: ["curl -s -X POST", ...given, ...body, at("/prompt")].join(" ") };
}
