/**
 * A stream that is followed across drops: goes on after the last id it saw, and hands over nothing twice.
 * A hidden page lets go of its connection, because browsers allow six to one host: a seventh open tab would hang for ever.
 */

/** The longest pause between attempts when the bot stays away. */
const MAX_RETRY_MS = 15_000;

/**
 * `parameter` names where to go on; `on` has one function per event name, called with its data;
 * `show` hears "connecting", "live" and "lost". `restart` begins another stream in its place, from its beginning.
 */
export function followStream({ path, parameter, on, show }) {
  let source = null;
  let last = 0;
  let retryMs = 1000;
  let retry = 0;

  function open() {
    clearTimeout(retry);
    source?.close();
    source = new EventSource(`${path}${path.includes("?") ? "&" : "?"}${parameter}=${last}`);
    source.onopen = () => {
      retryMs = 1000;
      show("live");
    };
    source.onerror = () => {
      show("lost");
      // The browser tries again by itself, except after an answer that was no stream.
      if (source.readyState === EventSource.CLOSED) retryLater();
    };
    for (const [name, fn] of Object.entries(on)) source.addEventListener(name, (event) => take(name, event, fn));
  }

  function take(name, event, fn) {
    if (name === "state") return fn(JSON.parse(event.data));
    const id = Number(event.lastEventId);
    if (id <= last) return;
    last = id;
    fn(JSON.parse(event.data));
  }

  function retryLater() {
    retry = setTimeout(open, retryMs);
    retryMs = Math.min(retryMs * 2, MAX_RETRY_MS);
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      clearTimeout(retry);
      source.close();
    } else open();
  });
  show("connecting");
  open();
  return {
    restart(otherPath) {
      path = otherPath;
      last = 0;
      if (!document.hidden) open();
    },
  };
}
