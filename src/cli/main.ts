#!/usr/bin/env node
/** The command line. */
import { Command } from "commander";
import about from "../../package.json" with { type: "json" };
import { COMMANDS } from "./commands.ts";

/** Whoever reads us may have read enough (`| head`); that is no failure. */
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

const program = new Command("threadbox")
  .description(about.description)
  .version(about.version)
  .showHelpAfterError("Run it with --help to see what it takes.")
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));

const [name = ""] = process.argv.slice(2);
const wanted = Object.hasOwn(COMMANDS, name) ? [COMMANDS[name]] : Object.values(COMMANDS);
for (const load of wanted) if (load) program.addCommand((await load()).copyInheritedSettings(program));

if (name === "") program.outputHelp();
else await program.parseAsync();
