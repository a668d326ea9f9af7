/** Somebody has said who they are on GitHub: written down once, and whatever they said before goes on. In one transaction. */
import type { GitHubAccount, Member } from "../core/identity.ts";
import { decideAndStore } from "./decided.ts";
import type { Happening } from "./happenings.ts";
import { type ReceiveDeps, wake } from "./receive.ts";

/** What was confirmed: by the link of which number, who, and which account. */
export interface Connection {
  link: string;
  member: Member;
  account: GitHubAccount;
}

/** False where the link was used already; nothing is written then. */
export async function connect(deps: ReceiveDeps, { link, member, account }: Connection): Promise<boolean> {
  const { store, clock } = deps;
  const happened = await store.transaction(async (tx): Promise<Happening[] | null> => {
    if (!(await store.useLink(tx, link))) return null;
    await store.saveIdentity(tx, member, account);
    const waiting = await store.connectingSessions(tx, member);
    const by = { at: clock.now(), bot: deps.settings?.owner ?? null };
    const event = { type: "connected", member, login: account.login } as const;
    const told: Happening[] = [];
    for (const id of waiting) {
      const session = await store.lock(tx, id, null);
      if (session) told.push(...(await decideAndStore(store, tx, { session, event }, by)));
    }
    await wake(deps, tx, waiting);
    return told;
  });
  if (!happened) return false;
  for (const happening of happened) deps.tell?.(happening);
  return true;
}
