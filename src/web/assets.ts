/** The files of the pages, as they lie in `static/`: read once, known by name, so that no path of a request touches the disk. */
import { readFileSync } from "node:fs";
import { Hono } from "hono";
import { etag } from "hono/etag";
import { escapeHtml } from "./markdown.ts";

const CSS = "text/css; charset=utf-8";
const JS = "text/javascript; charset=utf-8";

const ASSETS: Record<string, string> = {
  "base.css": CSS,
  "page.css": CSS,
  "posts.css": CSS,
  "session.css": CSS,
  "transcript.css": CSS,
  "icon.svg": "image/svg+xml",
  "diff.js": JS,
  "dom.js": JS,
  "format.js": JS,
  "page.js": JS,
  "posts.js": JS,
  "session.js": JS,
  "stream.js": JS,
  "tail.js": JS,
  "transcript.js": JS,
};

export type PageFile =
  | "page.html"
  | "session.html"
  | "notice.html"
  | "connect.html"
  | "connect-notice.html"
  | "install.html";

const read = (file: string): string => readFileSync(new URL(`./static/${file}`, import.meta.url), "utf8");

/** GET /assets/:file. Browsers ask each time whether it changed, so a new version of the bot never meets an old script. */
export function assets(): Hono {
  const app = new Hono();
  const contents = new Map(Object.keys(ASSETS).map((file) => [file, read(file)]));
  app.get("/:file", etag(), (c) => {
    const file = c.req.param("file");
    const content = contents.get(file);
    if (content === undefined) return c.text("Not found", 404);
    return c.body(content, 200, { "content-type": ASSETS[file] ?? JS, "cache-control": "no-cache" });
  });
  return app;
}

/** Gives a page with its `{{words}}` filled in, escaped. */
export function htmlPages(): (file: PageFile, words: Record<string, string>) => string {
  const frame = read("notice-frame.html");
  const framed = (file: PageFile): string => frame.replace("{{inside}}", () => read(file).trimEnd());
  const templates: Record<PageFile, string> = {
    "page.html": read("page.html"),
    "session.html": read("session.html"),
    "notice.html": framed("notice.html"),
    "connect.html": framed("connect.html"),
    "connect-notice.html": framed("connect-notice.html"),
    "install.html": framed("install.html"),
  };
  return (file, words) =>
    templates[file].replace(/\{\{(\w+)\}\}/g, (_all, word: string) => escapeHtml(words[word] ?? ""));
}
