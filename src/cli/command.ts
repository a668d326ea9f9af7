/** How every command of the table is built: one summary, examples in its help, `--json`, an exit code, and one way to fail. */
import { Command } from "commander";
import { environment } from "../config.ts";
import { exitCodeOf, printFailure } from "./failure.ts";
import { type Output, openOutput } from "./output.ts";

export interface About {
  name: string;
  summary: string;
  /** Command lines (without `threadbox`) and what each does. */
  examples: [line: string, does: string][];
}

export function command({ name, summary, examples }: About): Command {
  const width = Math.max(...examples.map(([line]) => line.length));
  const lines = examples.map(([line, does]) => `  threadbox ${line.padEnd(width)}  ${does}`);
  return new Command(name)
    .description(summary)
    .option("--json", "print one JSON document on stdout; messages go to stderr")
    .addHelpText("after", `\nExamples:\n${lines.join("\n")}`);
}

/** `work` gives the exit code; what it throws is told in one line, and the exit code is 1, or 130 after ctrl-c. */
export async function run(options: { json?: boolean }, work: (output: Output) => Promise<number>): Promise<void> {
  const output = openOutput(options.json === true);
  try {
    process.exitCode = await work(output);
  } catch (thrown) {
    printFailure(thrown, output, wantsStack());
    // Half of a bot may be open still (the port was taken, say): nothing of it is worth waiting for.
    process.exit(exitCodeOf(thrown));
  }
}

function wantsStack(): boolean {
  try {
    return environment().LOG_LEVEL === "debug";
  } catch {
    return false;
  }
}
