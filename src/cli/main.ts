#!/usr/bin/env node
/** The command line: the table of commands. */
import { Command } from "commander";
import about from "../../package.json" with { type: "json" };
import { demoCommand } from "./demo.ts";
import { doctorCommand } from "./doctor.ts";
import { logsCommand } from "./logs.ts";
import { sayCommand } from "./say.ts";
import { sessionsCommand } from "./sessions.ts";
import { startCommand } from "./start.ts";
import { stopCommand } from "./stop.ts";

const COMMANDS = [startCommand, demoCommand, sayCommand, sessionsCommand, logsCommand, stopCommand, doctorCommand];

/** Whoever reads us may have read enough (`| head`); that is no failure. */
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

const program = new Command("threadbox")
  .description(about.description)
  .version(about.version)
  .showHelpAfterError("Run it with --help to see what it takes.")
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));
for (const make of COMMANDS) program.addCommand(make().copyInheritedSettings(program));

if (process.argv.length <= 2) program.outputHelp();
else await program.parseAsync();
