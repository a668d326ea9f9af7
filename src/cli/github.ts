/** `threadbox github ...`: what there is to set up at GitHub. */
import type { Command } from "commander";
import { command } from "./command.ts";
import { createAppCommand } from "./github-create-app.ts";

export function githubCommand(): Command {
  return command({
    name: "github",
    summary: "Set up GitHub: `create-app` makes a GitHub App for this bot.",
    examples: [
      ["github create-app --help", "what it takes"],
      ["github create-app --url https://bot.acme.com", "an App of your own account"],
    ],
  }).addCommand(createAppCommand());
}
