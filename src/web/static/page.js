/** The thread page: the list of threads, one thread as it goes on, and the box to speak in it. */
import { byId, h } from "./dom.js";
import { elapsed, OUTCOME, time } from "./format.js";
import { postView } from "./posts.js";
import { followStream } from "./stream.js";

const name = document.body.dataset.name;
const thread = /^\/threads\/([^/]+)$/.exec(location.pathname)?.[1] ?? null;
const posts = byId("posts");
const text = byId("text");
const error = byId("error");
const stop = byId("stop");
const send = byId("send");

/** The posts by ref, as they came last. */
const known = new Map();
/** Turns that have their answer: their progress is over, whatever it says. */
const answered = new Set();
/** What was sent last: until it is known to have arrived, sending the same text again is sending the same message. */
let attempt = { id: crypto.randomUUID(), text: "" };

start();

function start() {
  byId("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    say();
  });
  text.addEventListener("keydown", (event) => {
    // While an input method composes, Enter chooses a word.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    say();
  });
  stop.addEventListener("click", stopTurn);
  byId("toggle-threads").addEventListener("click", toggleThreads);
  setInterval(countUp, 1000);
  listThreads();
  text.focus({ preventScroll: true });
  if (thread === null) {
    byId("welcome").hidden = false;
    byId("title").parentElement.classList.add("unseen");
    return;
  }
  followStream({
    path: `/threads/${thread}/events`,
    parameter: "after",
    on: { post: take, state: showState },
    show: showConnection,
  });
}

function take(post) {
  const atEnd = window.innerHeight + window.scrollY >= document.documentElement.scrollHeight - 80;
  const before = known.get(post.ref);
  known.set(post.ref, post);
  if (post.kind === "answer") settle(post.answer.turn);
  show(post);
  announce(post, before);
  stop.hidden = posts.querySelector('[data-state="running"]') === null;
  if (atEnd || post.kind === "person") window.scrollTo({ top: document.documentElement.scrollHeight });
}

function show(post) {
  const ended = post.kind === "progress" && answered.has(post.progress.turn);
  const element = postView(post, { name, ended });
  const old = posts.querySelector(`[data-ref="${CSS.escape(post.ref)}"]`);
  if (old === null) return posts.append(element);
  const unfolded = old.querySelector("details.card")?.open;
  const fold = element.querySelector("details.card");
  if (unfolded && fold) fold.open = true;
  old.replaceWith(element);
}

function settle(turn) {
  answered.add(turn);
  for (const post of known.values()) if (post.kind === "progress" && post.progress.turn === turn) show(post);
}

/** Says aloud what changed, and only that; the posts themselves are not read out again with each edit. */
function announce(post, before) {
  const { kind } = post;
  if (kind === "progress" && post.progress.now !== before?.progress.now) tell(post.progress.now);
  if (kind === "answer") tell(`${OUTCOME[post.answer.result.outcome].word}. The answer is the last message.`);
  if (kind === "note" || kind === "refusal") tell(`New message from ${name}.`);
}

function tell(words) {
  byId("announcer").textContent = words;
}

function showState({ title, session }) {
  if (title) {
    byId("title").textContent = title;
    document.title = `${title} · ${name}`;
  }
  const link = byId("session-link");
  link.hidden = session === null;
  if (session) link.href = `/sessions/${encodeURIComponent(session)}`;
}

function showConnection(state) {
  const banner = byId("connection");
  banner.hidden = state !== "lost";
  banner.textContent = state === "lost" ? "The connection is lost; trying again…" : "";
}

async function say() {
  const words = text.value.trim();
  if (words === "" || send.disabled) return;
  if (words !== attempt.text) attempt = { id: crypto.randomUUID(), text: words };
  send.disabled = true;
  const answer = await post(thread === null ? "/threads" : `/threads/${thread}/messages`, attempt);
  send.disabled = false;
  if (answer === null) return;
  attempt = { id: crypto.randomUUID(), text: "" };
  text.value = "";
  if (thread === null) location.assign(`/threads/${answer.thread}`);
  else listThreads();
}

async function stopTurn() {
  stop.disabled = true;
  await post(`/threads/${thread}/stop`, { id: crypto.randomUUID() });
  stop.disabled = false;
  text.focus();
}

/** Gives the answer, or null after it told why there is none. */
async function post(path, body) {
  error.textContent = "";
  try {
    const response = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const answer = await response.json();
    if (response.ok) return answer;
    error.textContent = answer.error;
  } catch {
    error.textContent = "It could not be sent: the bot does not answer. Your text is still here; send it again.";
  }
  return null;
}

async function listThreads() {
  const note = byId("thread-list-note");
  try {
    const { threads } = await (await fetch("/threads")).json();
    byId("thread-list").replaceChildren(...threads.map(threadRow));
    note.textContent = threads.length === 0 ? "No threads yet." : "";
  } catch {
    note.textContent = "The list could not be read.";
  }
}

function threadRow({ thread: id, title, at }) {
  const current = id === thread && "page";
  return h(
    "li",
    {},
    h(
      "a",
      { href: `/threads/${id}`, "aria-current": current },
      h("span", { class: "thread-title" }, title || "Untitled"),
      h("time", { datetime: new Date(at).toISOString() }, time(at)),
    ),
  );
}

function toggleThreads(event) {
  const open = event.currentTarget.getAttribute("aria-expanded") !== "true";
  event.currentTarget.setAttribute("aria-expanded", String(open));
}

function countUp() {
  for (const span of posts.querySelectorAll('[data-state="running"] [data-since]')) {
    span.textContent = elapsed(Date.now() - Number(span.dataset.since));
  }
}
