/** Where the settings of the team lie. */
import { existsSync } from "node:fs";
import { join } from "node:path";

/** `threadbox.yml` lies where the bot or the command is started. */
export const teamFile = (folder = process.cwd()): string => {
  const yaml = join(folder, "threadbox.yaml");
  return existsSync(yaml) ? yaml : join(folder, "threadbox.yml");
};
