/**
 * Which repository a session works on: said, then known from the place, then the asker's own default, then the only one, then the one that
 * is linked to. Never a guess.
 */
import { isBranchName } from "../wire/branch.ts";
import { agentNamed, goneText, unknownAgentText } from "./agent-choice.ts";
import type { TeamAgent } from "./agents.ts";
import type { Options } from "./command.ts";
import { canonicalGitUrl } from "./correlation.ts";
import { forkOf } from "./head.ts";
import { branchName } from "./naming.ts";
import type { Mention, Repository, Work } from "./types.ts";

/** What a session would work on, or why nobody can tell. */
export type Choice = { is: "chosen"; work: Work } | ({ is: "problem" } & Problem);

export interface Wish {
  options: Options;
  /** What the branch is named after. */
  text: string;
  sessionId: string;
  /** The asker's default, by name. One that is not there any more says nothing. */
  preferred?: string | null;
  /** What was said in the thread before, by people who may ask. */
  said?: string[];
  /** All that are set up. */
  agents: readonly TeamAgent[];
  /** Said in the thread before. */
  agent?: string | null;
}

/** `repositories` are those of threadbox.yml; a mention on GitHub brings its own. */
export function chooseWork(mention: Mention, repositories: Repository[], wish: Wish): Choice {
  const { options, text, sessionId, preferred } = wish;
  const detail = agentProblem(wish);
  if (detail) return { is: "problem", code: "agent.unknown", detail };
  const malformed = (["branch", "base"] as const).find((name) => !isBranchName(options[name] ?? "main"));
  if (malformed) {
    const why = `\`${malformed}=${options[malformed]}\`: git takes no such name for a branch.`;
    return { is: "problem", code: "branch.invalid", detail: why };
  }
  const found = options.repo
    ? named(options.repo, mention, repositories)
    : (ofMention(mention, repositories) ??
      ofChannel(mention, repositories) ??
      repositories.find(({ name }) => name === preferred) ??
      only(mention, repositories, wish.said));
  if ("code" in found) return { is: "problem", ...found };
  const onBase = refusedBranch(options.branch, found);
  if (onBase) return onBase;
  const repository = options.base ? { ...found, base: options.base } : found;
  const head = options.branch ?? mention.repository?.head;
  if (head) return { is: "chosen", work: { repository, branch: head, own: false } };
  const fork = forkOf(mention.repository?.tip);
  const work: Work = { repository, branch: branchName(text, sessionId), own: true, ...(fork && { fork }) };
  return { is: "chosen", work };
}

/** Null where it is there, or nobody has named one. */
function agentProblem({ options, agents, agent: before }: Wish): string | null {
  const { agent = before } = options;
  if (!agent || agentNamed(agents, agent)) return null;
  return agent === before ? goneText(agent, agents) : unknownAgentText(agent, agents);
}

/** Where pull requests go to, nobody could review the work before it is there. Asked again when a base that was left out is known. */
export function refusedBranch(wished: string | undefined, { base }: Repository): Choice | null {
  if (wished === undefined || wished !== base) return null;
  return {
    is: "problem",
    code: "branch.is-base",
    detail: `I do not push to \`${base}\` itself. Leave out \`branch=\`, or name another one.`,
  };
}

type Problem = {
  code: "repository.unknown" | "repository.ambiguous" | "agent.unknown" | "branch.is-base" | "branch.invalid";
  detail: string;
  /** Names of repositories that would do. */
  choices?: string[];
};

function named(name: string, mention: Mention, repositories: Repository[]): Repository | Problem {
  const here = ofMention(mention, repositories);
  // Who may ask was checked for the repository that the mention stands on, and for no other.
  const all = here ? [here] : repositories;
  const wanted = name.toLowerCase();
  const exact = all.find(
    (repository) => repository.name.toLowerCase() === wanted || repository.url.toLowerCase() === wanted,
  );
  if (exact) return exact;
  const short = all.filter((repository) => repository.name.toLowerCase().split("/").at(-1) === wanted);
  if (short.length === 1 && short[0]) return short[0];
  if (here) {
    return {
      code: "repository.unknown",
      detail: `From here I work on \`${here.name}\` only. Ask there for "${name}".`,
    };
  }
  return {
    code: "repository.unknown",
    detail: `I do not know the repository "${name}". I know: ${names(repositories)}.`,
  };
}

/** The repository that the mention stands on, with the settings that threadbox.yml has for it. */
function ofMention(mention: Mention, repositories: Repository[]): Repository | null {
  const hint = mention.repository;
  if (!hint || mention.thread.surface !== "github") return null;
  const { repo, installation } = mention.thread;
  const listed = repositories.find((one) => one.id === hint.id || one.name.toLowerCase() === hint.name.toLowerCase());
  const github = { owner: repo.owner, name: repo.name, installation };
  return { ...listed, id: hint.id, name: hint.name, url: hint.url, base: hint.base || (listed?.base ?? ""), github };
}

/** The one whose threads stand in that channel; where two claim it, that says nothing. */
function ofChannel({ thread }: Mention, repositories: Repository[]): Repository | null {
  if (thread.surface !== "slack") return null;
  const [first, ...others] = repositories.filter(({ channels }) => channels?.includes(thread.channel));
  return first && others.length === 0 ? first : null;
}

function only(mention: Mention, repositories: Repository[], said: string[] = []): Repository | Problem {
  const [first, ...others] = repositories;
  if (!first)
    return {
      code: "repository.unknown",
      detail: "No repository is set up. Say `repo=owner/name`, or have it listed in threadbox.yml.",
    };
  if (others.length === 0) return first;
  return (
    linkedTo(`${mention.text}\n${mention.about ?? ""}`, repositories) ??
    linkedTo(said.join("\n"), repositories) ?? {
      code: "repository.ambiguous",
      detail: `Which repository? Say \`repo=\` with one of: ${names(repositories)}.`,
      choices: repositories.map(({ name }) => name),
    }
  );
}

/** Links to its pages: to a file, an issue, a pull request. To those of two, and nobody can tell. */
function linkedTo(text: string, repositories: Repository[]): Repository | null {
  const said = text.toLowerCase();
  const [first, ...others] = repositories.filter(({ url }) => isLinked(said, canonicalGitUrl(url).toLowerCase()));
  return first && others.length === 0 ? first : null;
}

/** `acme/api-docs` is not `acme/api`. */
function isLinked(said: string, page: string): boolean {
  if (!/^https?:/.test(page)) return false;
  for (let at = said.indexOf(page); at >= 0; at = said.indexOf(page, at + 1))
    if (!/[\w.-]/.test(said[at + page.length] ?? "") || /^\.git\b/.test(said.slice(at + page.length))) return true;
  return false;
}

const names = (repositories: Repository[]): string => repositories.map((one) => `\`${one.name}\``).join(", ") || "none";
