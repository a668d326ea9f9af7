/** Elements from names, attributes and children. Strings become text nodes: what others wrote cannot become markup. */

/** `h("a", { class: "pill", href }, "Session")`. Empty children (null, undefined, false, "") are left out. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child || child === 0));
  return element;
}

/** The only place that takes HTML: the server's rendering of Markdown, in which nothing of the writer's markup is left. */
export function prose(html) {
  const element = h("div", { class: "prose" });
  element.innerHTML = html;
  for (const table of element.querySelectorAll("table")) {
    const frame = h("div", { class: "wide", tabindex: 0, role: "region", "aria-label": "Table" });
    table.replaceWith(frame);
    frame.append(table);
  }
  return element;
}

export const byId = (id) => document.getElementById(id);

/** A link where there is an address, plain text where there is none. */
export const linkTo = (href, text) => (href ? h("a", { href }, text) : text);
