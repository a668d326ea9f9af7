/** Before and after a run of tests: one Postgres for all files, and what many of them start is made once. */
import { makeTemplate, removeTemplate, testPostgres } from "./database.ts";
import { compiledFolder, makePrograms, removePrograms } from "./programs.ts";

export async function globalSetup(): Promise<void> {
  process.env.NODE_COMPILE_CACHE ??= compiledFolder();
  // esbuild, which makes the daemon for every bot that starts, is done before collecting its memory pays.
  process.env.GOGC ??= "off";
  await Promise.all([makeTemplate(), makePrograms()]);
}

export async function globalTeardown(): Promise<void> {
  await removePrograms();
  await removeTemplate();
  await (await testPostgres()).stop();
}
