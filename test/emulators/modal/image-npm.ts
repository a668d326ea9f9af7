#!/usr/local/bin/node
/**
 * Stands in for npm while an image is built, where there is no internet: a package that this host has installed, in the very
 * version asked for, is linked to where npm would put it. Others fail as they do when the registry does not know them.
 */
import { existsSync, readFileSync, symlinkSync, unlinkSync } from "node:fs";
import { join } from "node:path";

// Both are fixed, because this file is run alone, inside.
const PACKAGES = "/usr/local/lib/emulated/node_modules";
const PROGRAMS = "/usr/local/bin";

const [command = "", ...rest] = process.argv.slice(2);
const isGlobal = rest.includes("-g") || rest.includes("--global");
if (["install", "i", "add"].includes(command) && isGlobal) {
  for (const wanted of rest.filter((argument) => !argument.startsWith("-"))) install(wanted);
} else if (command === "root" && isGlobal) {
  console.log(PACKAGES);
} else if (command !== "cache") {
  fail(
    1,
    `npm ERR! npm is emulated here and knows only \`npm install -g NAME@VERSION\` and \`npm root -g\`, not \`npm ${command}\``,
  );
}

function install(wanted: string): void {
  const [, name = "", version] = wanted.match(/^(@?[^@]+)(?:@(.+))?$/) ?? [];
  const file = join(PACKAGES, name, "package.json");
  const found = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
  if (!found) fail(1, `npm ERR! code E404\nnpm ERR! 404 Not Found: '${wanted}' is not in this registry.`);
  if (version && version !== "latest" && version !== found.version)
    fail(1, `npm ERR! code ETARGET\nnpm ERR! notarget No matching version found for ${wanted}.`);
  const own = name.split("/").at(-1) ?? name;
  const programs: Record<string, string> = typeof found.bin === "string" ? { [own]: found.bin } : (found.bin ?? {});
  for (const [program, path] of Object.entries(programs)) link(join(PACKAGES, name, path), join(PROGRAMS, program));
  console.log(`npm is emulated here: ${name}@${found.version} comes from this host`);
}

function link(to: string, at: string): void {
  try {
    unlinkSync(at);
  } catch {
    // there was none
  }
  symlinkSync(to, at);
}

function fail(exitCode: number, text: string): never {
  console.error(text);
  process.exit(exitCode);
}
