/**
 * What is linked to in what is asked and in what was said before, looked at for the agent. Whoever asks must not read through a link what they
 * may not read themselves: so links of the thread count for the session's own repository alone, and those of an ask also for others that are set
 * up here, if its asker may write there.
 */
import { pause } from "../clock.ts";
import { memberOf } from "../core/identity.ts";
import { asAsked, isItself, type Link, type Linked, type Looked, linksIn, MAX_LINKS } from "../core/linked.ts";
import type { Ask, Ms, Repository, Said, Work } from "../core/types.ts";
import { toThreadboxError } from "../errors.ts";
import type { EngineDeps } from "./ports.ts";

type Deps = Pick<EngineDeps, "forge" | "repositories" | "identities" | "clock" | "log">;

/** All of them together. A stop stands behind this. */
const WITHIN_MS: Ms = 20_000;

/** Costs a turn nothing but time: what cannot be read is named as such. */
export async function linkedTo(deps: Deps, { repository }: Work, asks: Ask[], said: Said[] = []): Promise<Looked[]> {
  const links = new Map<string, Link>();
  const threads = asks.map(({ thread }) => thread);
  const note = (text: string, repositories: Repository[]): void => {
    for (const link of linksIn(text, repositories))
      if (link.is === "file" || !threads.some((thread) => isItself(link, thread)))
        links.set(link.url, links.get(link.url) ?? link);
  };
  const others = deps.repositories.filter(({ id, url }) => id !== repository.id && url !== repository.url);
  for (const ask of asks) {
    note(ask.text, [repository, ...(await readableBy(deps, ask, others))]);
    // What a log links to was chosen by whoever wrote into it.
    if (!ask.mends) note(ask.about ?? "", [repository]);
  }
  for (const { text } of said.toReversed()) note(text, [repository]);
  // Files of another repository are not in the clone.
  const looked = [...links.values()].filter((link) => link.is === "talk" || link.repository === repository);
  const askedAt = Math.max(...asks.map(({ at }) => at));
  const all = await lookAtAll(deps, looked.slice(0, MAX_LINKS));
  return all.map(({ link, found }) => ({ link, found: asAsked(found, askedAt) }));
}

/** Of those that the ask links to. */
async function readableBy({ identities, log }: Deps, ask: Ask, others: Repository[]): Promise<Repository[]> {
  const linked = [...new Set(linksIn(ask.text, others).map(({ repository }) => repository))];
  // On GitHub who may ask was checked for the thread's own repository, and for no other.
  if (linked.length === 0 || ask.thread.surface === "github" || ask.author.surface === "github") return [];
  const member = memberOf(ask);
  if (!identities || !member) return linked;
  const readable: Repository[] = [];
  try {
    const account = await identities.of(member);
    for (const one of account ? linked.slice(0, MAX_LINKS) : [])
      if (account && one.github && (await identities.rights(account, one))?.mayWrite) readable.push(one);
  } catch (thrown) {
    log.warn({ ask: ask.id, code: toThreadboxError(thrown).code }, "link.rights-unknown");
  }
  return readable;
}

async function lookAtAll(deps: Deps, links: Link[]): Promise<Looked[]> {
  const enough = new AbortController();
  const late = pause(deps.clock, WITHIN_MS, enough.signal).then(() => null);
  const looked = links.map(async (link) => ({ link, found: await Promise.race([look(deps, link), late]) }));
  try {
    return await Promise.all(looked);
  } finally {
    enough.abort();
  }
}

async function look({ forge, log }: Deps, link: Link): Promise<Linked | null> {
  if (link.is === "file") return null;
  try {
    return await forge.readLinked(link);
  } catch (thrown) {
    const { code, detail } = toThreadboxError(thrown);
    log.warn({ link: link.url, code, detail }, "link.not-read");
    return null;
  }
}
