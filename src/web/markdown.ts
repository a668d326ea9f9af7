/**
 * Markdown of people and agents as HTML that may be put into a page. It is rendered in a worker thread with a deadline:
 * what takes longer is shown as it is, which is readable, too.
 */
import { Worker } from "node:worker_threads";
import { bounded } from "../bounded.ts";
import type { Clock } from "../clock.ts";

/** HTML that is safe to put into a page. Never rejects. */
export type Markdown = (text: string) => Promise<string>;

/** About thirty pages; longer ones are no prose. */
const MAX_CHARS = 100_000;

/** Thirty pages of honest prose take a fifth of it. */
const DEADLINE_MS = 2_000;

/** Some pages' worth of messages. */
const MAX_RECENT = 200;

/** One text at a time; the worker starts with the first and keeps no process alive. */
export function markdownRenderer(clock: Clock): Markdown {
  let worker: Promise<Answering | null> | null = null;
  let queue: Promise<unknown> = Promise.resolve();

  async function render(text: string): Promise<string> {
    worker ??= startWorker();
    const answering = await worker;
    const html = answering && (await answering.ask(text, clock));
    if (html !== null) return html;
    worker = null;
    return asItIs(text);
  }

  /** A page asks for the same asks and answers each time something moves. */
  const recent = bounded<string, Promise<string>>(MAX_RECENT);

  return (text) => {
    if (text.length > MAX_CHARS) return Promise.resolve(asItIs(text));
    const known = recent.get(text);
    if (known) return known;
    const rendered = queue.then(() => render(text));
    queue = rendered;
    recent.set(text, rendered);
    return rendered;
  };
}

interface Answering {
  /** Null when it takes too long or breaks; the worker is gone then. */
  ask(text: string, clock: Clock): Promise<string | null>;
}

/** Resolves once the worker has loaded, so that its start does not count against the first text; null when it cannot. */
async function startWorker(): Promise<Answering | null> {
  const worker = new Worker(new URL("./markdown-worker.ts", import.meta.url));
  let answer = Promise.withResolvers<string | null>();
  worker.on("message", (html: string) => answer.resolve(html));
  worker.on("error", () => answer.resolve(null));
  worker.on("exit", () => answer.resolve(null));
  const ready = await answer.promise;
  worker.unref();
  if (ready === null) return null;
  return {
    async ask(text, clock) {
      answer = Promise.withResolvers();
      const callOff = clock.after(DEADLINE_MS, () => answer.resolve(null));
      worker.postMessage(text);
      const html = await answer.promise;
      callOff();
      if (html === null) await worker.terminate();
      return html;
    },
  };
}

const asItIs = (text: string): string => `<pre>${escapeHtml(text)}</pre>`;

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);
}
