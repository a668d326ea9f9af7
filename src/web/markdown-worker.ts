/**
 * Renders Markdown in a thread of its own, one text per message: the parser takes quadratic time on some texts (thousands
 * of emphasis marks in one paragraph: minutes), and the main thread has webhooks to answer meanwhile.
 * Raw HTML comes out as text and links to other protocols than http(s), mailto and the like lose their target:
 * both are micromark's defaults, and stay that way.
 */
import { parentPort } from "node:worker_threads";
import { micromark } from "micromark";
import { gfm, gfmHtml } from "micromark-extension-gfm";

const options = { extensions: [gfm()], htmlExtensions: [gfmHtml()] };

parentPort?.on("message", (text: string) => parentPort?.postMessage(micromark(text, options)));
parentPort?.postMessage("ready");
