/** The journal of a session as elements: one function per kind of event. Pieces of one message grow together. */

import { diffView } from "./diff.js";
import { h } from "./dom.js";
import { changes, duration, elapsed, OUTCOME, STEP, time, tokens } from "./format.js";
import { badge, failureView } from "./posts.js";

/** Output beyond this many lines is folded; a file's worth of it would push the story out of sight. */
const SHOWN_LINES = 12;

/** Events by their type; what is not here (`usage`) is shown beside the transcript. */
const ON = {
  "daemon.started": (it) => it.aside("The sandbox is up"),
  "journal.cut": (it, { from, to }) => it.aside(`Entries ${from} to ${to} are gone: the journal was cut there`),
  "workspace.preparing": (it, { repository, step }) => it.aside(`${PREPARING[step]} ${repository}`),
  "workspace.ready": (it, { repository, branch, commit }) =>
    it.aside(`${repository} is ready on `, h("code", {}, branch), " at ", h("code", {}, commit.slice(0, 7))),
  "turn.started": (it, event, at) => it.startTurn(event, at),
  "turn.steered": (it, { text }) => it.append(h("div", { class: "entry steered" }, label("Added"), h("p", {}, text))),
  text: (it, { turn, message, text }) => it.grow(`text/${turn}/${message}`, textEntry, text),
  thinking: (it, { turn, message, text }) => it.grow(`thinking/${turn}/${message}`, thinkingEntry, text),
  "tool.started": (it, event) => it.startTool(event),
  "tool.ended": (it, event) => it.endTool(event),
  retrying: (it, { attempt, delayMs, reason }) =>
    it.aside(`Trying again in ${elapsed(delayMs)} (attempt ${attempt}): ${reason}`),
  "question.asked": (it, event) => it.append(questionAsked(event)),
  "question.answered": (it, event) => it.aside(ANSWERED[event.by](event.answer)),
  "permission.denied": (it, event) => it.append(permissionDenied(event)),
  "turn.silent": (it, { silentMs, during }) =>
    it.aside(`Nothing heard for ${elapsed(silentMs)}${during === null ? "" : ` while this runs: ${during}`}`),
  "agent.exited": (it, event) => it.append(agentExited(event)),
  "branch.pushed": (it, { repository, branch, commit }) =>
    it.aside(`Pushed ${repository} `, h("code", {}, branch), " at ", h("code", {}, commit.slice(0, 7))),
  diff: (it, event) => it.showDiff(event),
  "turn.ended": (it, event) => it.endTurn(event),
  "agent.raw": (it, event) => it.beside(rawEntry(event)),
};

export class Transcript {
  #root;
  #complete;
  /** Where entries go: the section of the turn, or the root between turns. */
  #place;
  /** The message that still grows. */
  #open = null;
  #lastText = "";
  #diff = null;
  #calls = new Map();

  /** `complete` gets the element and the text of each message that is over, to render its Markdown. */
  constructor(root, complete) {
    this.#root = root;
    this.#place = root;
    this.#complete = complete;
  }

  add({ at, event }) {
    ON[event.type]?.(this, event, at);
  }

  /** Puts names and words of people to the turns, as the state tells them; the prompt that was made of them is folded. */
  name(turns, prose) {
    for (const { id, askedBy, html } of turns) {
      const section = document.getElementById(`turn-${id}`);
      if (!section || section.dataset.named) continue;
      section.dataset.named = "yes";
      section.querySelector(".by").textContent = askedBy;
      const asked = section.querySelector(".asked");
      asked.replaceChildren(prose(html), fold("The whole prompt", ...asked.childNodes));
    }
  }

  startTurn({ turn, prompt }, at) {
    this.#finish();
    const heading = h("h2", {}, h("span", { class: "by" }, "Turn"), " ", h("time", {}, time(at)));
    const asked = h("div", { class: "asked" }, output(prompt));
    this.#place = h("section", { class: "turn", id: `turn-${turn}` }, heading, asked);
    this.#root.append(this.#place);
    this.#calls.clear();
    this.#lastText = "";
    this.#diff = null;
  }

  startTool({ call, tool, title, input }) {
    const card = h("section", { class: "entry tool" });
    this.#calls.set(call, { card, tool, title, input });
    paintTool(card, { tool, title, input, state: "running" });
    this.append(card);
  }

  endTool({ call, tool, ok, output, cut, durationMs }) {
    if (!this.#calls.has(call)) this.startTool({ call, tool, title: "", input: "" });
    const { card, title, input } = this.#calls.get(call);
    paintTool(card, { tool, title, input, state: ok ? "ok" : "failed", output, cut, durationMs });
  }

  /** One diff per turn: the later one is the whole of it. */
  showDiff({ patch, cut }) {
    const view = diffView(patch, cut);
    if (this.#diff) this.#diff.replaceWith(view);
    else this.append(view);
    this.#diff = view;
  }

  endTurn(event) {
    this.#finish();
    const { answer } = event;
    if (answer.trim() !== "" && answer.trim() !== this.#lastText.trim()) {
      this.#complete(this.append(textEntry().element), answer);
    }
    this.append(turnEnd(event));
    this.#place = this.#root;
  }

  /** Adds to the message that grows, or begins the next one. */
  grow(key, make, text) {
    if (this.#open?.key !== key) {
      this.#finish();
      this.#open = { key, text: "", ...make() };
      this.#place.append(this.#open.element);
    }
    this.#open.text += text;
    this.#open.target.append(text);
  }

  append(element) {
    this.#finish();
    this.#place.append(element);
    return element;
  }

  /** What does not end the message that grows. */
  beside(element) {
    this.#place.append(element);
  }

  aside(...parts) {
    this.append(h("p", { class: "entry aside" }, parts));
  }

  /** The growing message is over. */
  #finish() {
    const over = this.#open;
    this.#open = null;
    if (!over?.key.startsWith("text/")) return;
    this.#lastText = over.text;
    this.#complete(over.element, over.text);
  }
}

const PREPARING = { clone: "Cloning", fetch: "Fetching", setup: "Setting up" };

const label = (word) => h("span", { class: "label" }, word);

function textEntry() {
  const element = h("div", { class: "entry text" });
  return { element, target: element };
}

function thinkingEntry() {
  const target = h("p", {});
  return { element: h("details", { class: "entry thinking" }, h("summary", {}, "Thinking"), target), target };
}

/** Laid out when it is opened: there may be thousands. */
function rawEntry({ native, line, cut }) {
  const inside = h("pre", {});
  const hint = cut ? h("p", { class: "hint" }, "The middle of it was cut.") : [];
  const entry = h(
    "details",
    { class: "entry raw" },
    h("summary", {}, h("code", {}, native || "(no name)")),
    inside,
    hint,
  );
  entry.addEventListener("toggle", () => inside.replaceChildren(pretty(line)), { once: true });
  return entry;
}

/** All of it is foreign text, and `h` makes nothing but text of it. */
function questionAsked({ text, options, otherwise, permission }) {
  const counts = otherwise === null ? [] : [h("p", { class: "hint" }, `If nobody answers in time: ${otherwise}`)];
  const choice =
    options.length === 0
      ? []
      : [
          h(
            "ol",
            {},
            options.map((option) => h("li", {}, option)),
          ),
        ];
  const words = permission
    ? [label(`Asked for leave: ${permission.tool}`), output(permission.subject)]
    : [label("Asked"), h("p", {}, text)];
  return h("div", { class: "entry steered" }, ...words, ...choice, ...counts);
}

function permissionDenied({ tool, subject, rule }) {
  return h(
    "div",
    { class: "entry failed" },
    badge("failed", "✗", `Not allowed: ${tool}`),
    output(subject),
    h("p", { class: "hint" }, `By the rule: ${rule}`),
  );
}

const ANSWERED = {
  person: (answer) => `Answered: ${answer}`,
  deadline: (answer) =>
    answer === null ? "Nobody answered in time" : `Nobody answered in time; it goes on with: ${answer}`,
  stop: () => "Nobody answered: the turn was over",
};

function agentExited({ code, signal, stderrTail }) {
  const how = signal ? `by ${signal}` : `with code ${code ?? "unknown"}`;
  return h(
    "div",
    { class: "entry failed" },
    badge("failed", "✗", `The agent's process ended ${how}`),
    output(stderrTail),
  );
}

function turnEnd({ outcome, durationMs, changes: changed, branch, usage, failure }) {
  const facts = [
    elapsed(durationMs),
    changed && changes(changed),
    branch && h("code", {}, branch),
    usage && tokens(usage),
  ].filter(Boolean);
  return h(
    "footer",
    { class: "end", "data-outcome": outcome },
    badge(outcome, OUTCOME[outcome].sign, OUTCOME[outcome].word),
    facts.map((fact) => h("span", {}, fact)),
    failure && failureView(failure),
  );
}

function paintTool(card, { tool, title, input, state, output: text, cut, durationMs }) {
  const word = durationMs === undefined ? STEP[state].word : `${STEP[state].word} · ${duration(durationMs)}`;
  card.dataset.state = state;
  card.replaceChildren(
    h(
      "header",
      {},
      h("span", { class: "sign", "aria-hidden": "true" }, STEP[state].sign),
      h("code", { class: "tool-name" }, tool),
      h("span", { class: "what" }, title),
      h("span", { class: "word" }, word),
    ),
    ...(saysMore(input, title) ? [fold("Input", h("pre", {}, pretty(input)))] : []),
    ...(text ? [output(text), ...(cut ? [h("p", { class: "hint" }, "The middle of the output was cut.")] : [])] : []),
  );
}

/** The first lines in sight, the others folded. */
function output(text) {
  const lines = text.replace(/\n$/, "").split("\n");
  if (lines.length <= SHOWN_LINES + 3) return h("pre", { class: "output" }, lines.join("\n"));
  const rest = lines.length - SHOWN_LINES;
  return h(
    "div",
    { class: "output" },
    h("pre", {}, lines.slice(0, SHOWN_LINES).join("\n")),
    fold(`${rest} more lines`, h("pre", {}, lines.slice(SHOWN_LINES).join("\n"))),
  );
}

const fold = (summary, ...content) => h("details", { class: "fold" }, h("summary", {}, summary), content);

/** A command alone stands in the title already. */
function saysMore(input, title) {
  if (!input) return false;
  try {
    return Object.values(JSON.parse(input)).join() !== title;
  } catch {
    return true; // cut in the middle
  }
}

function pretty(json) {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json; // cut in the middle: as it is
  }
}
