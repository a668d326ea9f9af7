/** What a session is to mend: looked up, and said to it through the inbox like everything else, so that rights and limits count and nothing is lost. */
import { spelled } from "../core/card.ts";
import type { Effect, SessionEvent } from "../core/decision.ts";
import type { Repository, Session } from "../core/types.ts";
import { catalogEntry, toThreadboxError } from "../errors.ts";
import type { FailedJob } from "../surfaces/forge.ts";
import type { EngineDeps } from "./ports.ts";

/** As of now: somebody may have switched it off since the session began. */
export function isMended(
  { repositories, settings }: Pick<EngineDeps, "repositories" | "settings">,
  { id, name }: Pick<Repository, "id" | "name">,
): boolean {
  const listed = repositories.find((one) => one.id === id || one.name.toLowerCase() === name.toLowerCase());
  return listed?.fixChecks ?? settings.fixChecks ?? true;
}

/** Said twice, it is known by its dedupe. */
export async function mend(
  deps: Pick<EngineDeps, "forge" | "inbox" | "log">,
  session: Session,
  { mention, fault, sha }: Extract<Effect, { do: "mend" }>,
  again: boolean,
): Promise<SessionEvent> {
  const about = sha === null ? "" : await saidOf(deps, session, sha, again);
  await deps.inbox.receive(about === "" ? mention : { ...mention, about });
  return { type: "mend.asked", fault };
}

/** Empty where nobody lets us read it: the agent can run what failed by itself. */
async function saidOf(
  { forge, log }: Pick<EngineDeps, "forge" | "log">,
  { id, work }: Session,
  sha: string,
  again: boolean,
): Promise<string> {
  if (!work) return "";
  try {
    return excerptOf(await forge.failedJobs(work.repository, sha));
  } catch (thrown) {
    const { code, detail } = toThreadboxError(thrown);
    // Once more, and then it goes on without: a fault that is found later is better than one that waits for a log.
    if (!again && catalogEntry(code).retry !== "never") throw thrown;
    log.warn({ session: id, sha, code, detail }, "mend.log-missing");
    return "";
  }
}

/** Three pages of print; more would drown the order itself. */
export const MAX_ABOUT_CHARS = 8_000;
/** Of forty jobs that fail most fail of the same. */
const MAX_JOBS = 5;

/** Each gets as much room as any other; the end says most. */
export function excerptOf(jobs: FailedJob[]): string {
  const telling = jobs.filter(({ said }) => said.trim() !== "").slice(0, MAX_JOBS);
  const room = Math.floor(MAX_ABOUT_CHARS / Math.max(1, telling.length));
  return telling
    .map(({ name, said }) => {
      const head = `${spelled(name)}:\n`;
      const left = Math.max(0, room - head.length - CUT.length - 2);
      return `${head}${said.length > left ? `${CUT}${said.slice(said.length - left)}` : said}`;
    })
    .join("\n\n");
}

const CUT = "[cut]\n";
