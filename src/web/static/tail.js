/** Keeps the end of the page in sight while it grows, until somebody scrolls up to read; then offers the way back. */

/** Nearer to the end than this counts as being there. */
const NEAR_PX = 48;

export function followTail(button) {
  let following = true;
  let lastTop = window.scrollY;
  let missed = 0;

  const atEnd = () => window.innerHeight + window.scrollY >= document.documentElement.scrollHeight - NEAR_PX;
  const toEnd = (behavior) => window.scrollTo({ top: document.documentElement.scrollHeight, behavior });

  function setFollowing(value) {
    following = value;
    if (value) missed = 0;
    button.hidden = value;
    button.textContent = missed > 0 ? `↓ Jump to the newest (${missed} new)` : "↓ Jump to the newest";
  }

  // Only going up says that somebody wants to read. Being away from the end does not: the page may just have grown.
  window.addEventListener("scroll", () => {
    const up = window.scrollY < lastTop;
    lastTop = window.scrollY;
    if (atEnd()) setFollowing(true);
    else if (up) setFollowing(false);
  });
  // So does unfolding something, which must not be pushed out of sight by what comes next.
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element) || !event.target.closest("summary")) return;
    requestAnimationFrame(() => setFollowing(atEnd()));
  });
  button.addEventListener("click", () => {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    setFollowing(true);
    toEnd(calm ? "instant" : "smooth");
  });

  return {
    /** To be called after the page grew by so many entries. */
    grew(entries) {
      if (following) return toEnd("instant");
      missed += entries;
      setFollowing(false);
    },
  };
}
