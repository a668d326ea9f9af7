/** A browser without scripts: follows redirects, keeps cookies by origin, and presses the button of a page. */

export interface Page {
  url: string;
  status: number;
  text: string;
  /** As it came, with its escapes. */
  html: string;
  headers: Headers;
}

export interface PlainBrowser {
  goes(url: string): Promise<Page>;
  /** The one form of the page, as it stands there or with other words in it. */
  presses(page: Page, change?: Record<string, string>): Promise<Page>;
}

/** `cookies` by origin: somebody is signed in there. */
export function plainBrowser(cookies: Record<string, string> = {}): PlainBrowser {
  const jar = new Map(Object.entries(cookies).map(([origin, cookie]) => [origin, new Map([pair(cookie)])]));

  async function load(url: string, init: RequestInit = {}): Promise<Page> {
    const { origin } = new URL(url);
    const kept = jar.get(origin) ?? new Map<string, string>();
    jar.set(origin, kept);
    const cookie = [...kept].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, { ...init, redirect: "manual", headers: { ...init.headers, cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [name, value] = pair(line);
      if (/max-age=0/i.test(line)) kept.delete(name);
      else kept.set(name, value);
    }
    const location = response.headers.get("location");
    if (location && response.status >= 300 && response.status < 400) return load(new URL(location, url).href);
    const html = await response.text();
    return { url, status: response.status, text: unescaped(html), html, headers: response.headers };
  }

  return {
    goes: (url) => load(url),
    presses(page, change = {}) {
      const action = /<form method="post" action="([^"]*)"/.exec(page.html)?.[1];
      if (action === undefined) throw new Error(`There is no form on ${page.url}: ${page.text}`);
      const fields = [...page.html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)];
      const body = new URLSearchParams(
        fields.map(([, name = "", value = ""]): [string, string] => [name, unescaped(value)]),
      );
      for (const [name, value] of Object.entries(change)) body.set(name, value);
      const target = new URL(unescaped(action), page.url);
      const isOwn = target.origin === new URL(page.url).origin;
      const headers = { "sec-fetch-site": isOwn ? "same-origin" : "cross-site", origin: "null" };
      return load(target.href, { method: "POST", body, headers });
    },
  };
}

function pair(cookie: string): [string, string] {
  const [name = "", ...value] = (cookie.split(";")[0] ?? "").split("=");
  return [name, value.join("=")];
}

const unescaped = (html: string): string =>
  html
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");
