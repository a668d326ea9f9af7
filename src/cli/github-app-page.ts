/** The page on this machine that leads to GitHub's, and what it says afterwards. Every word of it is escaped; there is no script. */
import { html } from "hono/html";
import { GITHUB_EVENTS, GITHUB_PERMISSIONS } from "../surfaces/github-app.ts";
import { WITHOUT_EVENT, WITHOUT_PERMISSION } from "../surfaces/github-app-reasons.ts";

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { margin: 0 auto; max-width: 46rem; padding: 2rem 1rem }
table { border-collapse: collapse; width: 100%; font-size: .9rem }
td, th { border-bottom: 1px solid #8884; padding: .3rem .6rem .3rem 0; text-align: left; vertical-align: top }
button { background: #1f6feb; border: 0; border-radius: .4rem; color: #fff; font: inherit; font-weight: 600; padding: .6rem 1rem }
code { font-size: .9em }`;

interface Asked {
  name: string;
  /** Null: of the account of whoever presses the button. */
  organisation: string | null;
  publicUrl: string;
  action: string;
  manifest: string;
  nonce: string;
}

export function askingPage({ name, organisation, publicUrl, action, manifest, nonce }: Asked) {
  const owner = organisation ?? "your own account";
  const permissions = GITHUB_PERMISSIONS.map(
    ({ name, title, access }) =>
      html`<tr><td>${title}</td><td>${access === "read" ? "read" : "read and write"}</td><td>Without it ${WITHOUT_PERMISSION[name] ?? ""}.</td></tr>`,
  );
  const events = GITHUB_EVENTS.map(
    (event) => html`<tr><td><code>${event}</code></td><td>Without it ${WITHOUT_EVENT[event] ?? ""}.</td></tr>`,
  );
  return framed(
    "Make a GitHub App",
    nonce,
    html`<p>GitHub will make an App for <strong>${owner}</strong>, which only ${organisation ? "that organisation" : "that account"} can install. Its name is
<strong>${name}</strong> unless you type another one there; what it is called there is what people call it by. GitHub will tell it what happens at <code>${publicUrl}</code>.</p>
<form method="post" action="${action}">
<input type="hidden" name="manifest" value="${manifest}" />
<button type="submit">Go on at GitHub</button>
</form>
<p>Be signed in there in this browser first. You have an hour; nothing is made before you say so at GitHub.</p>
<h2>What it asks for</h2>
<table><tr><th>Permission</th><th>Access</th><th>Why</th></tr>${permissions}</table>
<p>Nothing else: above all not <code>workflows</code>, so that no order reaches the secrets of your CI.</p>
<h2>What GitHub tells it</h2>
<table><tr><th>Event</th><th>Why</th></tr>${events}</table>`,
  );
}

/** `link`: where to go on. */
export function saying(heading: string, text: string, nonce: string, link?: { href: string; text: string }) {
  const on = link ? html`<p><a href="${link.href}">${link.text}</a></p>` : "";
  return framed(heading, nonce, html`<p>${text}</p>${on}`);
}

function framed(heading: string, nonce: string, inside: unknown) {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8" /><meta name="viewport" content="width=device-width, initial-scale=1" />
<title>${heading}</title><style nonce="${nonce}">${STYLE}</style></head>
<body><main><h1>${heading}</h1>
${inside}
</main></body></html>`;
}
