/** `threadbox start`: the bot, until it is told to stop. */
import type { Command } from "commander";
import type { Bot } from "../main.ts";
import { command, run } from "./command.ts";
import { DEMO_ASK } from "./demo-repository.ts";
import { type Output, paint, table } from "./output.ts";
import { readSettings } from "./settings.ts";
import { onInterrupt } from "./signals.ts";
import { openTeam } from "./team.ts";

export function startCommand(): Command {
  return command({
    name: "start",
    summary:
      "Start the bot. Reads .env and threadbox.yml of the working folder; without either it starts all the same.",
    examples: [
      ["start", "listen on http://127.0.0.1:3000"],
      ["start --json", "print where it listens and what it runs on as JSON"],
    ],
  }).action(async (options: { json?: boolean }) => {
    await run(options, start);
    // All is handed over and closed. What a vendor that hangs still owes us would keep the process for another twenty seconds.
    process.exit();
  });
}

async function start(output: Output): Promise<number> {
  // Somebody who looks at a terminal reads what is printed below; a log collector reads every line.
  const { config, log } = readSettings(process.stderr.isTTY ? "warn" : "info");
  const team = await openTeam(config);
  // Only here: what a bot is made of takes half a second, and a wrong setting or --help needs nothing of it.
  const { startBot } = await import("../main.ts");
  const bot = await startBot({ config, team: team.settings, log });
  const interrupted = Promise.withResolvers<void>();
  const giveBack = onInterrupt(interrupted.resolve);

  introduce(bot, output, { demo: team.forTrial });
  await interrupted.promise;
  output.warn("Stopping; a second signal ends it at once.");
  await bot.stop();
  await team.close();
  giveBack();
  return 0;
}

function introduce({ url, about, warning }: Bot, output: Output, { demo }: { demo: boolean }): void {
  const rows = about.map(({ what, is, change }) => [`  ${what}`, is, paint(["dim"], change, output.colour)]);
  const trial = `No repository is listed in threadbox.yml, so it works on a small repository made for trying it out. Say: ${DEMO_ASK}`;
  const lines = [
    paint(["bold"], `Threadbox answers at ${url}`, output.colour),
    "",
    table([["  what", "is", "change with"], ...rows]),
    ...(demo ? ["", trial] : []),
    "",
    "Ctrl-C stops it.",
  ];
  output.say(lines.join("\n"));
  if (warning) output.warn(paint(["red", "bold"], `\nWARNING: ${warning}\n`, output.colour));
  output.result({ url, about, warning });
}
