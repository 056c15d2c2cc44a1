/** The few lines that stand in for a framework. */

type Child = Node | string | number | null | undefined | false;
type Listeners = { [K in keyof HTMLElementEventMap as `on${K}`]?: (event: HTMLElementEventMap[K]) => void };
type Attributes = Listeners & {
  class?: string;
  title?: string;
  role?: string;
  type?: "button";
  lang?: string;
  hidden?: boolean;
  [attribute: `aria-${string}`]: string | undefined;
  [attribute: `data-${string}`]: string | undefined;
};

/** Make an element; text children are never parsed as markup. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value as EventListener);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...kept(children));
  return element;
}

/**
 * Give an element these children by changing as little as can be: what is pressed, focused or selected stays what it is.
 * Elements may be taken over by others of their kind, so listeners belong on the container that is filled, not inside.
 */
export function fill(element: Element, ...children: Child[]): void {
  morph(
    element,
    kept(children).map((child) => (typeof child === "string" ? document.createTextNode(child) : child)),
  );
}

function morph(parent: Node, wanted: Node[]): void {
  wanted.forEach((fresh, n) => {
    const old = parent.childNodes[n];
    if (old === fresh) return;
    if (!old) parent.appendChild(fresh);
    else if (old.nodeName !== fresh.nodeName) parent.replaceChild(fresh, old);
    else if (old instanceof Text && fresh instanceof Text) {
      if (old.data !== fresh.data) old.data = fresh.data;
    } else if (old instanceof Element && fresh instanceof Element) {
      copyAttributes(old, fresh);
      morph(old, [...fresh.childNodes]);
    }
  });
  while (parent.childNodes.length > wanted.length) parent.lastChild?.remove();
}

function copyAttributes(old: Element, fresh: Element): void {
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of [...fresh.attributes]) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
}

function kept(children: Child[]): (Node | string)[] {
  return children
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (typeof child === "number" ? String(child) : child));
}

const SVG = "http://www.w3.org/2000/svg";

/** An icon of stroked paths on a 24 by 24 grid. */
export function icon(...paths: string[]): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  for (const d of paths) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}

/** An arrow that points to where a wind from that direction (degrees) blows. */
export function windArrow(from: number): SVGSVGElement {
  const arrow = icon("M12 3v18", "M6 14l6 7 6-7");
  for (const path of arrow.children) path.setAttribute("transform", `rotate(${Math.round(from)} 12 12)`);
  return arrow;
}

/** Tell of clicks on anything inside the container that carries the attribute. */
export function onPick(container: Element, attribute: string, take: (value: string) => void): void {
  container.addEventListener("click", ({ target }) => {
    const picked = target instanceof Element ? target.closest(`[${attribute}]`) : null;
    const value = picked?.getAttribute(attribute);
    if (value) take(value);
  });
}
