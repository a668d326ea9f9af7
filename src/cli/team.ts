/**
 * The repositories that a bot of this folder works on: those of threadbox.yml, or the demo repository where nothing is listed,
 * so that somebody who has just cloned Threadbox has something to speak to.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config.ts";
import { canonicalGitUrl } from "../core/correlation.ts";
import type { Repository } from "../core/types.ts";
import { isForTrial, readTeamSettings, type TeamSettings } from "../repositories.ts";
import { teamFile } from "../team-file.ts";
import { type GitRemote, serveGit } from "./demo-git.ts";
import { DEMO_NAME, makeDemoRepository } from "./demo-repository.ts";

export interface Team {
  settings: TeamSettings;
  /** It is the demo repository that is worked on. */
  forTrial: boolean;
  /** Stops serving the demo repository, where it is served. */
  close(): Promise<void>;
}

export async function openTeam(config: Config): Promise<Team> {
  const settings = readTeamSettings(teamFile(), config.github?.url);
  if (!isForTrial(settings, config)) return { settings, forTrial: false, close: async () => {} };
  const root = join(config.home, "demo");
  makeDemoRepository(root);
  const remote = await serveAgain(root);
  const repositories = [demoRepository(remote.url)];
  return { settings: { ...settings, repositories }, forTrial: true, close: remote.close };
}

/** The one repository of a demo, as `serveGit` serves it at `url`. */
export function demoRepository(url: string): Repository {
  const remote = `${url}/${DEMO_NAME}.git`;
  return { id: canonicalGitUrl(remote), name: DEMO_NAME, url: remote, base: "main" };
}

/** On the port of the last time: sessions know the repository by its URL, and go on after a restart. */
async function serveAgain(root: string): Promise<GitRemote> {
  const file = join(root, "port");
  const last = readPort(file);
  try {
    return await remember(file, await serveGit(root, last));
  } catch (thrown) {
    if (last === 0) throw thrown;
  }
  // Another bot of this folder serves it already, or somebody else has the port now.
  const url = `http://127.0.0.1:${last}`;
  return (await serves(url)) ? { url, close: async () => {} } : remember(file, await serveGit(root));
}

function readPort(file: string): number {
  try {
    return Number.parseInt(readFileSync(file, "utf8"), 10) || 0;
  } catch {
    return 0;
  }
}

async function remember(file: string, remote: GitRemote): Promise<GitRemote> {
  writeFileSync(file, `${new URL(remote.url).port}\n`);
  return remote;
}

async function serves(url: string): Promise<boolean> {
  const refs = new URL(`${DEMO_NAME}.git/info/refs?service=git-upload-pack`, `${url}/`);
  return fetch(refs, { signal: AbortSignal.timeout(2_000) }).then(
    (response) => response.ok,
    () => false,
  );
}
