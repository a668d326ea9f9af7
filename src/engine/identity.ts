/**
 * Who asks for work on a repository on GitHub has to be somebody there who may write to it: when it begins, and again before anything is
 * pushed. What cannot be found out is thrown, and never taken for a yes.
 */
import { isChangeable } from "../core/change.ts";
import type { Choice } from "../core/choose.ts";
import type { Command } from "../core/command.ts";
import type { Effect, SessionEvent } from "../core/decision.ts";
import { type GitHubAccount, memberOf, membershipOf } from "../core/identity.ts";
import { commandOf, wishOf } from "../core/order.ts";
import type { Ask, Failure, Mention, Person, Repository, Session, Turn, Work } from "../core/types.ts";
import type { PostId } from "../surfaces/surface.ts";
import type { PublishRequest } from "../wire/routes.ts";
import type { EngineDeps } from "./ports.ts";
import { daemonOf, surfaceOf } from "./reach.ts";

type Deps = Pick<EngineDeps, "identities">;
type Book = NonNullable<EngineDeps["identities"]>;

/** What else can be said starts nothing, whatever there is. */
const BEGINNING: ReadonlySet<Command["verb"]> = new Set(["ask", "queue", "retry", "fork", "raise"]);

/** These say nothing of how something is to be done. */
const WITHOUT_WORDS: ReadonlySet<Command["verb"]> = new Set(["retry", "raise"]);

/** An answer to the agent is told to it, however it reads. */
export const beginsWork = (mention: Mention): boolean =>
  mention.answers !== undefined || BEGINNING.has(commandOf(mention).verb);

interface Asking {
  session: Session;
  mention: Mention;
  /** As the surface knows them. */
  author: Person;
  choice: Choice;
  /** What they want to hear from here, by `link`. */
  linked?: Repository | undefined;
}

/** Whoever asks, with the address that GitHub knows them by; or why they may not. */
export async function askerOf(
  { identities }: Deps,
  asking: Asking,
): Promise<{ author: Person } | Extract<SessionEvent, { type: "unconnected" | "turned-away" }>> {
  const { mention, author } = asking;
  const member = memberOf({ author, thread: mention.thread });
  const concerned = concernedBy(asking);
  const [first, ...others] = concerned.filter(({ github }) => github);
  if (!identities || !member || (concerned.length > 0 && !first)) return { author };
  const account = await identities.of(member);
  if (!first || !hasSay(asking)) return { author: account ? known(identities, author, account) : author };
  if (!account) return { type: "unconnected", mention: mention.id, author, text: unconnectedText(first) };
  let found = await writerOn(identities, asking, account, first);
  for (const other of others) if ("author" in found) found = await writerOn(identities, asking, account, other);
  return found;
}

/** Whoever links gets to know what is said there. */
const hasSay = ({ mention, linked }: Asking): boolean => linked !== undefined || beginsWork(mention);

/** What the session works on, and what they choose instead while that can be: what they say may count for either. */
function concernedBy({ session, mention, choice, linked }: Asking): Repository[] {
  if (linked) return [linked];
  const chosen = choice.is === "chosen" ? [choice.work.repository] : [];
  if (!session.work) return chosen;
  const { repository } = session.work;
  const isChoosing = isChangeable(session) && wishOf(session, mention).options.repo !== undefined;
  return [repository, ...(isChoosing ? chosen.filter(({ id }) => id !== repository.id) : [])];
}

async function writerOn(
  identities: Book,
  { session, mention, author }: Asking,
  account: GitHubAccount,
  repository: Repository,
): Promise<{ author: Person } | Extract<SessionEvent, { type: "turned-away" }>> {
  const refused = { type: "turned-away", mention: mention.id } as const;
  const rights = await identities.rights(account, repository);
  const login = rights?.login ?? account.login;
  // What nobody is shown may be there all the same, so it is not forgotten; the person can replace it.
  if (!rights) return { ...refused, text: goneText(login), connects: author };
  if (!rights.mayWrite) return { ...refused, text: mayNotText(login, repository), connects: author };
  const why = await whyNotForWhomever(identities, { session, mention }, repository);
  if (why) return { ...refused, text: `${why} Say in your own words what is to be done.` };
  return { author: known(identities, author, { id: account.id, login }) };
}

const known = (identities: Book, author: Person, account: GitHubAccount): Person => ({
  ...author,
  git: { name: account.login, email: identities.noreply(account) },
});

const unconnectedText = ({ name }: Repository): string =>
  `To work on \`${name}\` for you I have to know who you are on GitHub. Connect your account once: I keep what you asked for, and begin then.`;

const goneText = (login: string): string =>
  `GitHub does not show me @${login} any more, the account that you connected. Connect another one, and ask again.`;

const mayNotText = (login: string, { name }: Repository): string =>
  `You are @${login} on GitHub, and @${login} may not write to \`${name}\`. An admin of that repository can give you write access, or somebody who has it can ask here for you.`;

/** Whoever says how something is to be done that somebody else has asked for begins it in that person's name. */
async function whyNotForWhomever(
  identities: Book,
  { session, mention }: Pick<Asking, "session" | "mention">,
  repository: Repository,
): Promise<string | null> {
  const { undecided, ...decided } = session;
  const isAboutIt = undecided && !WITHOUT_WORDS.has(commandOf(mention).verb) && wishOf(decided, mention).text === "";
  return isAboutIt && undecided.ask.author.id !== mention.author.id
    ? whyMayNot(identities, undecided.ask, repository)
    : null;
}

/** Tells whoever it concerns alone; with `connect`, how to say who they are on GitHub. */
export async function refuse(
  deps: EngineDeps,
  session: Session,
  { mention, text, connect }: Extract<Effect, { do: "refuse" }>,
  post: PostId,
): Promise<SessionEvent | null> {
  const { identities } = deps;
  const surface = surfaceOf(deps, mention.thread.surface);
  const member = connect ? memberOf(mention) : null;
  if (!identities || !member) {
    await surface.refuse(mention, text, post);
    return null;
  }
  // They have connected while it was decided that they had not: nobody else would wake what they said.
  const waits = session.connecting?.some(({ id }) => id === mention.id);
  const account = waits ? await identities.of(member) : null;
  if (account) return { type: "connected", member, login: account.login };
  // Whoever is known already is offered the one thing that they can do about it themselves.
  const label = (await identities.of(member)) ? "Connect another account" : "Connect GitHub";
  await surface.refuse(mention, text, post, { label, url: await identities.connectUrl(member) });
  return null;
}

/** Nobody needs to be told of a turn that is over. */
export async function allowPush(
  deps: Pick<EngineDeps, "identities" | "connect"> & GrantDeps,
  session: Session,
  { turn: id, no }: Extract<Effect, { do: "allow-push" }>,
): Promise<void> {
  const { turn, work } = session;
  if (turn?.id !== id || !work) return;
  const failure = no ?? (await whyNotPush(deps, turn, work.repository));
  await daemonOf(deps, session).publish(
    failure ? { turn: id, allowed: false, ...failure } : { turn: id, allowed: true, ...(await grantFor(deps, work)) },
  );
}

type GrantDeps = { forge: Pick<EngineDeps["forge"], "credential" | "verified"> } & {
  settings: Pick<EngineDeps["settings"], "commits">;
};

/** The token that can push, for this one push; and where the commits are made instead, when GitHub is to sign them. */
async function grantFor(
  { forge, settings }: GrantDeps,
  { repository }: Pick<Work, "repository">,
): Promise<Pick<Extract<PublishRequest, { allowed: true }>, "git" | "verified">> {
  const credential = await forge.credential(repository, "write");
  const verified = settings.commits?.verified(repository) ? forge.verified(repository) : null;
  return { ...(credential ? { git: [credential] } : {}), ...(verified ? { verified } : {}) };
}

/** Each of them has a share in what is pushed. */
async function whyNotPush({ identities }: Deps, { asks }: Turn, repository: Repository): Promise<Failure | null> {
  if (!identities || !repository.github) return null;
  const asked = new Map(asks.map((ask) => [whose(ask), ask]));
  for (const ask of asked.values()) {
    const why = await whyMayNot(identities, ask, repository);
    if (why) return { code: "push.not-allowed", detail: `${why} So I pushed nothing.` };
  }
  return null;
}

/** One person once; in another workspace the same id is somebody else. */
function whose(ask: Ask): string {
  const { surface, team, id } = membershipOf(ask);
  return `${surface} ${team} ${id}`;
}

async function whyMayNot(
  identities: Book,
  { author, thread }: Pick<Ask, "author" | "thread">,
  repository: Repository,
): Promise<string | null> {
  const account = await accountOf(identities, { author, thread });
  if (account === "owner") return null;
  if (!account) return `${author.name} is not connected to GitHub.`;
  const rights = await identities.rights(account, repository);
  if (rights?.mayWrite) return null;
  return `${author.name} (@${rights?.login ?? account.login} on GitHub) may not write to \`${repository.name}\`.`;
}

/** `owner`: whoever has the machine, and bots that were allowed by their number, answer for themselves. */
async function accountOf(
  identities: Book,
  { author, thread }: Pick<Ask, "author" | "thread">,
): Promise<GitHubAccount | "owner" | null> {
  if (author.surface === "github")
    return author.name.endsWith("[bot]") ? "owner" : { id: Number(author.id), login: author.name };
  if (author.surface !== "slack") return "owner";
  const member = memberOf({ author, thread });
  return member && identities.of(member);
}
