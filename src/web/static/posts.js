/** Each kind of post as an element. A post that is put again under its ref replaces its element. */
import { h, linkTo, prose } from "./dom.js";
import { changes, count, elapsed, OUTCOME, STEP, time, tokens } from "./format.js";

const RENDER = { person, progress, answer, note, refusal };

/** `name` is what the bot is called; `ended` tells whether the turn of a progress has its answer already. */
export function postView(post, { name, ended }) {
  const { content, label = null, ...attributes } = RENDER[post.kind](post, ended);
  return h(
    "article",
    { class: `post ${post.kind}`, "data-ref": post.ref, ...attributes },
    h(
      "header",
      {},
      h("span", { class: "who" }, post.kind === "person" ? post.author : name),
      label,
      h("time", { datetime: new Date(post.at).toISOString() }, time(post.at)),
    ),
    content,
  );
}

function person(post) {
  return { content: prose(post.html) };
}

function note(post) {
  return { content: prose(post.html) };
}

function refusal(post) {
  return { label: badge("failed", "✗", "Refused"), content: prose(post.html) };
}

/** Open while it goes on; one line, to be unfolded, once the answer stands below it. */
function progress({ progress: shown, html, now }, ended) {
  const state = ended || shown.ended !== null ? "ended" : "running";
  const steps = h("ol", { class: "steps", "aria-label": "Steps" }, earlier(shown), shown.steps.map(stepView));
  const said = shown.said && state === "running" ? prose(html) : null;
  const content =
    state === "running"
      ? h("div", { class: "card" }, nowLine(shown, now), steps, said, place(shown))
      : h("details", { class: "card" }, h("summary", {}, summary(shown)), steps, place(shown));
  return { content, "data-state": state, "data-turn": shown.turn };
}

function summary({ ended, tools, startedAt, changedAt }) {
  const took = `${count(tools, "tool call")} in ${elapsed(changedAt - startedAt)}`;
  return ended === null ? took : `${OUTCOME[ended].word} · ${took}`;
}

/** `data-since` is when it began, on this machine's clock: the page counts on from there. */
function nowLine(shown, now) {
  const since = shown.startedAt + (Date.now() - now);
  return h(
    "p",
    { class: "now" },
    h("span", { class: "pulse", "aria-hidden": "true" }),
    h("span", { class: "doing" }, shown.now),
    h("span", { class: "elapsed", "data-since": since }, elapsed(now - shown.startedAt)),
  );
}

const earlier = ({ earlierSteps }) =>
  earlierSteps > 0 && h("li", { class: "earlier" }, count(earlierSteps, "earlier step"));

function stepView({ title, state }) {
  return h(
    "li",
    { "data-state": state },
    h("span", { class: "sign", "aria-hidden": "true" }, STEP[state].sign),
    h("span", { class: "what" }, title),
    h("span", { class: "word" }, STEP[state].word),
  );
}

function place({ repository, branch, tools }) {
  const parts = [repository, branch && h("code", {}, branch), count(tools, "tool call")];
  return h(
    "p",
    { class: "place" },
    parts.filter(Boolean).flatMap((part, i) => (i === 0 ? [part] : [" · ", part])),
  );
}

function answer({ answer: { result, remedy, repository, pullRequest, tests }, html }) {
  const outcome = OUTCOME[result.outcome];
  const word = result.stoppedBy ? `${outcome.word} by ${result.stoppedBy}` : outcome.word;
  const facts = [
    result.changes && ["Changes", changes(result.changes)],
    tests && ["Tests", testsRun(tests)],
    repository && ["Repository", repository],
    result.branch && ["Branch", h("code", {}, result.branch)],
    pullRequest && ["Pull request", linkTo(pullRequest.url, `#${pullRequest.number}`)],
    ["Took", elapsed(result.durationMs)],
    answer.worker && ["Agent", answer.worker],
    result.usage && ["Tokens", tokens(result.usage)],
  ].filter(Boolean);
  const content = h(
    "div",
    { class: "card" },
    result.answer && prose(html),
    result.failure && failureView(result.failure, remedy),
    h(
      "dl",
      { class: "facts" },
      facts.map(([term, value]) => h("div", {}, h("dt", {}, term), h("dd", {}, value))),
    ),
  );
  return { label: badge(result.outcome, outcome.sign, word), content, "data-outcome": result.outcome };
}

function testsRun(tests) {
  if (tests.length === 0) return "none run";
  return tests
    .flatMap(({ command, ok }, i) => [i > 0 && ", ", h("code", {}, command), ` ${testWord(ok)}`])
    .filter(Boolean);
}

function testWord(ok) {
  if (ok === null) return "ran, outcome unknown";
  return ok ? "passed" : "failed";
}

export function failureView({ code, detail }, remedy) {
  return h(
    "div",
    { class: "failure" },
    h("p", {}, detail, " ", h("code", {}, code)),
    remedy && h("p", { class: "remedy" }, remedy),
  );
}

export function badge(state, sign, word) {
  return h("span", { class: "badge", "data-state": state }, h("span", { "aria-hidden": "true" }, sign), ` ${word}`);
}
