/** `threadbox doctor`: tries everything that a bot of this folder would need, each by itself, and says what to do about what fails. */
import type { Command } from "commander";
import { command, run } from "./command.ts";
import { checkAgents } from "./doctor-agents.ts";
import { checkDisk } from "./doctor-disk.ts";
import { type Finding, skip } from "./doctor-finding.ts";
import { checkGitHub } from "./doctor-github.ts";
import { checkDatabase, checkGit, checkNode, checkPort, checkWalls } from "./doctor-machine.ts";
import { checkModalProvider } from "./doctor-modal.ts";
import { checkModel } from "./doctor-model.ts";
import { checkRepositories } from "./doctor-repositories.ts";
import { type Checked, checkSettings } from "./doctor-settings.ts";
import { checkSlack } from "./doctor-surfaces.ts";
import { type Output, paint } from "./output.ts";

interface Check {
  what: string;
  check: (settings: Checked) => Promise<Finding[]>;
  /** Variables without which it would look at something else than what was meant. */
  needs?: RegExp;
}

/** In the order in which they are shown; they are tried at the same time. */
const CHECKS: Check[] = [
  { what: "Node", check: checkNode },
  { what: "git", check: checkGit },
  { what: "sandboxes", check: checkWalls, needs: /^THREADBOX_PROVIDER$/ },
  { what: "Modal", check: checkModalProvider, needs: /^(?:MODAL_.+|THREADBOX_PROVIDER)$/ },
  { what: "agents", check: checkAgents, needs: /^THREADBOX_(?:AGENT|PROVIDER)$/ },
  { what: "database", check: checkDatabase, needs: /^DATABASE_URL$/ },
  { what: "disk", check: checkDisk },
  { what: "port", check: checkPort, needs: /^(?:HOST|PORT)$/ },
  { what: "model", check: checkModel, needs: /^(?:ANTHROPIC|OPENAI)_/ },
  { what: "Slack", check: checkSlack, needs: /^(?:SLACK_|THREADBOX_SECRET_KEYS$)/ },
  { what: "GitHub", check: checkGitHub, needs: /^(?:GITHUB_|PUBLIC_URL$)/ },
  // Without GitHub's credential those that are private there cannot be read.
  { what: "repositories", check: checkRepositories, needs: /^GITHUB_/ },
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
  const { settings, lost, findings } = checkSettings();
  const all = [...findings];
  print(findings, output);
  const isLost = (needs: RegExp): boolean => lost.some((name) => needs.test(name));
  const begin = ({ what, check, needs }: Check): Promise<Finding[]> =>
    needs && isLost(needs) ? Promise.resolve([skip(what, NOT_ASKED)]) : check(settings);
  for (const pending of CHECKS.map(begin)) {
    const found = await pending;
    all.push(...found);
    print(found, output);
  }
  const count = (state: Finding["state"]): number => all.filter((finding) => finding.state === state).length;
  const notAsked = count("skip") > 0 ? `, ${count("skip")} not asked` : "";
  output.say(`\n${count("ok")} ok, ${count("warn")} to know, ${count("fail")} to fix${notAsked}`);
  output.result({ ok: count("fail") === 0, checks: all });
  return count("fail") === 0 ? 0 : 1;
}

const NOT_ASKED = "not asked: its variables are wrong";

/** The longest name of a variable is one less. */
const WIDTH = 22;

const SIGNS = {
  ok: ["green", "✓ ok  "],
  warn: ["yellow", "! warn"],
  fail: ["red", "✗ fail"],
  skip: ["dim", "- skip"],
} as const;
/** What stands before a detail. */
const INDENT = " ".repeat(WIDTH + 10);

function print(findings: Finding[], output: Output): void {
  for (const { state, what, detail, remedy } of findings) {
    const [style, sign] = SIGNS[state];
    output.say(`${paint([style], sign, output.colour)}  ${what.padEnd(WIDTH)}  ${indented(detail)}`);
    if (remedy) output.say(`${INDENT}→ ${indented(remedy)}`);
  }
}

/** A list of problems stays in its column. */
const indented = (text: string): string => text.trimEnd().replaceAll("\n", `\n${INDENT}`);
