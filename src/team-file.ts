/** Where the settings of the team lie: beside whoever starts the bot or a command. */
import { existsSync } from "node:fs";
import { join } from "node:path";

/** `threadbox.yml`; `threadbox.yaml` is found as well, because half of the world ends its files so. */
export const teamFile = (folder = process.cwd()): string => {
  const yaml = join(folder, "threadbox.yaml");
  return existsSync(yaml) ? yaml : join(folder, "threadbox.yml");
};
