/** The session page: the transcript as it grows, what is known of the session beside it. */
import { byId, h, linkTo, prose } from "./dom.js";
import { OUTCOME, time, together, tokens } from "./format.js";
import { followStream } from "./stream.js";
import { followTail } from "./tail.js";
import { Transcript } from "./transcript.js";

const name = document.body.dataset.name;
const root = byId("transcript");
const tail = followTail(byId("jump"));
let transcript = new Transcript(root, queueProse);

/** Entries that came since the last frame: a long history is painted in few strokes. */
let waiting = [];
let state = null;
let usage = null;

const PHASES = {
  waiting: "waiting for the sandbox",
  sending: "handing the prompt over",
  running: "working",
  stopping: "stopping",
  publishing: "publishing",
};

const CONNECTION = { connecting: "Connecting", live: "Live", lost: "Reconnecting…" };

/** Messages that are over, waiting to be rendered together. */
const unrendered = [];

/** As much as one request may carry; the limit of the other side is a million bytes. */
const MAX_CHARS = 200_000;

const EVENTS = `${location.pathname}/events`;
const raw = byId("raw");
// A browser that comes back to a page remembers what was ticked.
const stream = followStream({
  path: pathOf(raw),
  parameter: "cursor",
  on: { entry: take, state: showState },
  show: showConnection,
});
raw.addEventListener("change", startOver);

/** What the agent itself tells is many times the rest, so it is loaded for those who ask for it. */
function pathOf({ checked }) {
  return checked ? `${EVENTS}?raw=1` : EVENTS;
}

/** They stand between the others, so all are read again. */
function startOver() {
  waiting = [];
  root.replaceChildren();
  transcript = new Transcript(root, queueProse);
  stream.restart(pathOf(raw));
}

function take(entry) {
  if (waiting.length === 0) requestAnimationFrame(paint);
  waiting.push(entry);
}

function paint() {
  const entries = waiting;
  waiting = [];
  for (const entry of entries) {
    transcript.add(entry);
    note(entry.event);
  }
  if (state) transcript.name(state.turns, prose);
  tail.grew(entries.length);
}

/** What the facts beside the transcript take from it. */
function note(event) {
  if (event.type === "usage" || (event.type === "turn.ended" && event.usage)) {
    usage = event.usage;
    if (state) showFacts();
  }
  if (event.type === "turn.ended") byId("announcer").textContent = `Turn ended: ${OUTCOME[event.outcome].word}.`;
}

function showState(next) {
  if (next === null) return;
  state = next;
  byId("title").textContent = state.title;
  document.title = `${state.title} · ${name}`;
  showFacts();
  showTurns();
  transcript.name(state.turns, prose);
}

function showFacts() {
  const { repository, branch, pullRequest, agent, model, sandbox, turn, queued, threads, createdAt } = state;
  const used = state.turns.flatMap((each) => each.usage ?? []);
  const facts = [
    ["Now", turn ? PHASES[turn.phase] : "nothing to do"],
    queued > 0 && ["Queued", queued],
    ["Sandbox", sandbox.replace("-", " ")],
    repository && ["Repository", repository],
    branch && ["Branch", h("code", {}, branch)],
    pullRequest && ["Pull request", linkTo(pullRequest.url, `#${pullRequest.number}`)],
    agent && ["Agent", agent],
    model && ["Model", model],
    usage && ["Tokens", tokens(usage)],
    used.length > 1 && ["Session", together(used)],
    ["Threads", threads.join(", ")],
    ["Began", time(createdAt)],
    root.querySelector(".diff") && ["Patch", h("a", { href: `${location.pathname}/diff` }, "as text")],
  ].filter(Boolean);
  byId("facts").replaceChildren(...facts.map(([term, value]) => h("div", {}, h("dt", {}, term), h("dd", {}, value))));
}

function showTurns() {
  byId("turns").replaceChildren(
    ...state.turns.map(({ id, askedBy, startedAt, outcome, agent }) => {
      const word = outcome ? `${OUTCOME[outcome].sign} ${OUTCOME[outcome].word}` : "… running";
      const link = h("a", { href: `#turn-${id}` }, askedBy, " ", h("time", {}, time(startedAt)));
      // One that all of them have stands above.
      const by = agent && agent !== state.agent ? ` · ${agent}` : "";
      return h("li", { "data-state": outcome ?? "running" }, link, h("span", { class: "word" }, word, by));
    }),
  );
}

function showConnection(now) {
  const pill = byId("connection");
  pill.dataset.state = now;
  pill.textContent = CONNECTION[now];
}

function queueProse(element, text) {
  element.classList.add("plain");
  if (!element.textContent) element.textContent = text;
  if (unrendered.length === 0) setTimeout(renderProse, 0);
  unrendered.push({ element, text });
}

async function renderProse() {
  while (unrendered.length > 0) {
    const batch = [];
    for (let chars = 0; unrendered.length > 0 && batch.length < 100; ) {
      chars += unrendered[0].text.length;
      if (batch.length > 0 && chars > MAX_CHARS) break;
      batch.push(unrendered.shift());
    }
    await renderBatch(batch);
  }
}

/** When it fails the words stay as they are, which is readable, too. */
async function renderBatch(batch) {
  const response = await fetch("/markdown", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ texts: batch.map(({ text }) => text) }),
  }).catch(() => null);
  if (!response?.ok) return;
  const { html } = await response.json();
  batch.forEach(({ element }, i) => {
    element.classList.remove("plain");
    element.replaceChildren(prose(html[i]));
  });
  tail.grew(0);
}
