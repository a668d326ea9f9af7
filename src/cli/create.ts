/** `threadbox create`: a sandbox of one's own, with the daemon in it, from nothing, a snapshot or a repository. */
import type { Command } from "commander";
import type { Repository } from "../core/types.ts";
import { ThreadboxError } from "../errors.ts";
import { isForTrial } from "../repositories.ts";
import { command, run } from "./command.ts";
import { Refused } from "./failure.ts";
import type { Output } from "./output.ts";
import { makeSandbox } from "./sandbox-create.ts";
import { fullName } from "./sandbox-names.ts";
import { type OpenSandboxes, openSandboxes } from "./sandbox-open.ts";
import { preparation } from "./sandbox-prepare.ts";
import { goldenSource, type Source, snapshotSource } from "./sandbox-source.ts";
import { tellMade } from "./sandbox-words.ts";

interface Options {
  json?: boolean;
  name?: string;
  repo?: string;
  fromSnapshot?: string;
  daemon: boolean;
}

export function createCommand(): Command {
  return command({
    name: "create",
    summary: "Start a sandbox of your own, with the daemon in it.",
    examples: [
      ["create", "with a name that is made up"],
      ["create --name issue-123 --repo acme/api", "with a clone on a branch of its own, prepared as for a session"],
      ["create --from-snapshot golden", "with the files of a snapshot"],
      ["create --json", "print what there is then as JSON"],
    ],
  })
    .option("--name <name>", "what it is called: small letters, digits and -")
    .option("--repo <name>", "a repository of threadbox.yml; begins with its prepared snapshot where there is one")
    .option("--from-snapshot <label>", "begin with these files")
    .option("--no-daemon", "the bare machine")
    .action((options: Options) => run(options, (output) => create(options, output)));
}

async function create(options: Options, output: Output): Promise<number> {
  const { name = null, repo, fromSnapshot, daemon } = options;
  if (repo && !daemon)
    throw new Refused("It is the daemon that clones the repository.", "Leave --no-daemon or --repo out.");
  if (name !== null) fullName(name);
  await using closing = new AsyncDisposableStack();
  const sandboxes = closing.adopt(await openSandboxes(), ({ close }) => close());
  const repository = repo ? await repositoryCalled(sandboxes, repo, closing) : null;
  const source = await sourceOf(sandboxes, fromSnapshot, repository);
  const wanted = {
    ...{ name, daemon, from: source?.from ?? null, repository: repository?.name ?? source?.repository ?? null },
    prepare: preparation(sandboxes, { repository, fresh: source === null }),
  };
  tellMade(await makeSandbox(sandboxes, wanted), { provider: sandboxes.provider.kind, wanted }, output);
  if (repository && isForTrial(sandboxes.team, sandboxes.config))
    output.warn(`${repository.name} is for trying out. ${SERVED}`);
  return 0;
}

const SERVED =
  "It is served while a bot runs (threadbox start); without one, git cannot fetch or push in this sandbox.";

async function sourceOf(
  sandboxes: OpenSandboxes,
  label: string | undefined,
  repository: Repository | null,
): Promise<Source | null> {
  if (label !== undefined) return snapshotSource(sandboxes, label);
  return repository ? goldenSource(sandboxes, repository.name) : null;
}

/** By its whole name, or by the part behind the last slash where only one is called so. Throws `repository.unknown`. */
async function repositoryCalled(
  sandboxes: OpenSandboxes,
  wanted: string,
  closing: AsyncDisposableStack,
): Promise<Repository> {
  const all = await repositories(sandboxes, closing);
  const exact = all.filter(({ name }) => name === wanted);
  const [found, another] = exact.length > 0 ? exact : all.filter(({ name }) => name.endsWith(`/${wanted}`));
  if (found && !another) return found;
  const names = all.map(({ name }) => name).join(", ") || "none";
  throw found
    ? new ThreadboxError("repository.ambiguous", `Several repositories are called ${wanted}: ${names}.`)
    : new ThreadboxError("repository.unknown", `No repository is called ${wanted}; there are: ${names}.`);
}

/** Where threadbox.yml lists none there is the small one for trying out, which is served by this machine and only while somebody serves it. */
async function repositories(
  { team, config, provider }: OpenSandboxes,
  closing: AsyncDisposableStack,
): Promise<Repository[]> {
  if (!isForTrial(team, config)) return team.repositories;
  if (provider.kind !== "local")
    throw new Refused(
      "No repository is listed in threadbox.yml, and the one for trying out lies on this machine, where no other machine reaches it.",
      "List one of yours there; threadbox.example.yml shows how.",
    );
  const { openTeam } = await import("./team.ts");
  const { settings } = closing.adopt(await openTeam(config), ({ close }) => close());
  return settings.repositories;
}
