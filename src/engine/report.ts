/**
 * What a turn did, where the code is read: a check on the commit that it pushed, and the text of the pull request. After the answer, in a
 * lane of its own. Done again it changes nothing: a check is found by its id, and the text of the pull request differs or not.
 */
import type { Effect, SessionEvent } from "../core/decision.ts";
import type { Answer, Session, SurfaceName } from "../core/types.ts";
import { catalogEntry } from "../errors.ts";
import type { PushedTurn, ToldStep } from "../store/reports.ts";
import type { CheckReport, ReportedStep } from "../surfaces/forge.ts";
import { calledHere } from "./agent.ts";
import type { EngineDeps } from "./ports.ts";
import { draftOf } from "./publish.ts";
import { isHeardElsewhere, pageFor } from "./reach.ts";
import { testsOf } from "./test-outcomes.ts";

type Told = Pick<Extract<Effect, { do: "answer" }>, "turn" | "asks" | "result">;

/** Null where nothing was pushed to GitHub, and so there is nothing to report. */
export const toldOf = ({ work }: Session, { turn, result }: Pick<Told, "turn" | "result">): SessionEvent | null =>
  result.commit && work?.repository.github ? { type: "turn.told", turn } : null;

/** What people are told of a turn, wherever they read it. */
export async function answerOf(deps: EngineDeps, session: Session, told: Told, on: SurfaceName): Promise<Answer> {
  const { turn, asks, result } = told;
  const tests = await testsOf(deps, session, told);
  const { agent, model } = result;
  const worker = agent === undefined ? null : calledHere(deps.settings, { agent, ...(model ? { model } : {}) });
  return {
    ...{ turn, session: session.id, title: session.title, result },
    ...(result.failure ? { remedy: catalogEntry(result.failure.code).remedy } : {}),
    repository: session.work?.repository.name ?? null,
    pullRequest: session.pullRequest,
    ...(session.work?.fork ? { fork: { ...session.work.fork, url: session.work.repository.url } } : {}),
    ...(tests ? { tests } : {}),
    ...(worker ? { worker } : {}),
    askers: asks.map((ask) => ask.author),
    page: pageFor(deps.settings, session, on),
  };
}

export async function report(deps: EngineDeps, session: Session, turn: string): Promise<void> {
  const { work, pullRequest, heads = [] } = session;
  const pushed = await deps.store.pushes(session.id);
  const reported = pushed.find(({ id }) => id === turn);
  if (!work || !reported) return; // it left the tip where it was
  const commit = reported.result.commit ?? "";
  if (heads.includes(commit)) await deps.forge.showCheck(work.repository, await checkOf(deps, session, reported));
  const draft = pullRequest && (await draftOf(deps, session));
  // What was said in a turn may be deleted by now: what stands there says more than we could.
  if (draft && !pushed.some(({ emptied }) => emptied)) await deps.forge.updatePullRequest(pullRequest.number, draft);
}

async function checkOf(deps: EngineDeps, session: Session, reported: PushedTurn): Promise<CheckReport> {
  const { id, turn, result, answerRef } = reported;
  return {
    commit: result.commit ?? "",
    id: `${session.id}/${id}`,
    answer: await answerOf(deps, session, { turn: id, asks: turn.asks, result }, "github"),
    told: answerRef === null ? null : { thread: turn.thread, ref: answerRef },
    steps: isHeardElsewhere(session) ? null : stepsOf(await deps.store.toldSteps(session.id, id)),
  };
}

/** Pieces of one message are one thing said; what a call came to stands with the call. */
function stepsOf(told: ToldStep[]): ReportedStep[] {
  const steps: ReportedStep[] = [];
  const calls = new Map<string, Extract<ReportedStep, { is: "ran" }>>();
  let saying: { message: number | null; step: Extract<ReportedStep, { is: "said" }> } | null = null;
  for (const { type, message, call, text, ok, durationMs } of told) {
    if (type === "text") {
      if (saying && saying.message === message) saying.step.text += text ?? "";
      else {
        saying = { message, step: { is: "said", text: text ?? "" } };
        steps.push(saying.step);
      }
      continue;
    }
    const known = calls.get(call ?? "");
    if (type === "tool.ended") {
      if (known) Object.assign(known, { ok, durationMs });
      continue;
    }
    const ran: Extract<ReportedStep, { is: "ran" }> = { is: "ran", title: text ?? "", ok: null, durationMs: null };
    calls.set(call ?? "", ran);
    steps.push(ran);
  }
  return steps;
}
