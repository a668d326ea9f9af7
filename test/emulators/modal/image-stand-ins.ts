/** The programs that stand in, while an image is built, for those that need the internet. */
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { STAND_INS, type View } from "./machine-view.ts";

const NPM = fileURLToPath(new URL("./image-npm.ts", import.meta.url));

/** Writes them into a folder of this host. `missingPackages` are those that apt does not find. */
export async function writeStandIns(folder: string, missingPackages: string[]): Promise<View["readOnly"]> {
  await mkdir(folder);
  const scripts = { "apt-get": aptScript(missingPackages), apt: aptScript(missingPackages), npm: NPM_SCRIPT };
  for (const [name, script] of Object.entries(scripts)) {
    await writeFile(join(folder, name), script);
    await chmod(join(folder, name), 0o755);
  }
  await writeFile(join(folder, "npm.ts"), "");
  return [
    { from: folder, to: STAND_INS },
    { from: NPM, to: join(STAND_INS, "npm.ts") },
  ];
}

const NPM_SCRIPT = `#!/bin/sh\nexec /usr/local/bin/node ${join(STAND_INS, "npm.ts")} "$@"\n`;

const aptScript = (missingPackages: string[]) => `#!/bin/sh
for argument in "$@"; do
  case "$argument" in
    ${["' '", ...missingPackages].join("|")}) echo "E: Unable to locate package $argument" >&2; exit 100 ;;
  esac
done
echo "apt is emulated here: nothing is installed, the programs are this host's ($*)"
`;
