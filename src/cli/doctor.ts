/** `threadbox doctor`: tries everything that a bot of this folder would need, each by itself, and says what to do about what fails. */
import type { Command } from "commander";
import { command, run } from "./command.ts";
import { checkDisk } from "./doctor-disk.ts";
import type { Finding } from "./doctor-finding.ts";
import { checkAgent, checkDatabase, checkGit, checkNode, checkPort, checkWalls } from "./doctor-machine.ts";
import { checkModalProvider } from "./doctor-modal.ts";
import { checkModel } from "./doctor-model.ts";
import { checkRepositories } from "./doctor-repositories.ts";
import { type Checked, checkSettings } from "./doctor-settings.ts";
import { checkGitHub, checkSlack } from "./doctor-surfaces.ts";
import { type Output, paint } from "./output.ts";

/** In the order in which they are shown; they are tried at the same time. */
const CHECKS: ((settings: Checked) => Promise<Finding[]>)[] = [
  checkNode,
  checkGit,
  checkWalls,
  checkModalProvider,
  checkAgent,
  checkDatabase,
  checkDisk,
  checkPort,
  checkModel,
  checkSlack,
  checkGitHub,
  checkRepositories,
];

export function doctorCommand(): Command {
  return command({
    name: "doctor",
    summary: "Check the settings, this machine, and every service that the settings name.",
    examples: [
      ["doctor", "what is fine, what is not, and what to do about it"],
      ["doctor --json", "the same as JSON; exit code 1 when something fails"],
    ],
  }).action((options: { json?: boolean }) => run(options, doctor));
}

async function doctor(output: Output): Promise<number> {
  const { settings, findings } = checkSettings();
  const all = [...findings];
  print(findings, output);
  for (const pending of CHECKS.map((check) => check(settings))) {
    const found = await pending;
    all.push(...found);
    print(found, output);
  }
  const count = (state: Finding["state"]): number => all.filter((finding) => finding.state === state).length;
  output.say(`\n${count("ok")} ok, ${count("warn")} to know, ${count("fail")} to fix`);
  output.result({ ok: count("fail") === 0, checks: all });
  return count("fail") === 0 ? 0 : 1;
}

/** The longest name of a variable is one less. */
const WIDTH = 22;

const SIGNS = { ok: ["green", "✓ ok  "], warn: ["yellow", "! warn"], fail: ["red", "✗ fail"] } as const;

function print(findings: Finding[], output: Output): void {
  for (const { state, what, detail, remedy } of findings) {
    const [style, sign] = SIGNS[state];
    output.say(`${paint([style], sign, output.colour)}  ${what.padEnd(WIDTH)}  ${detail}`);
    if (remedy) output.say(`${" ".repeat(WIDTH + 10)}→ ${remedy}`);
  }
}
