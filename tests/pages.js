// The faults of layout of the page that is shown, as a list of sentences.
() => {
  const LEAST_PX = matchMedia("print").matches ? 8 : 9; // of text in pictures; 8 px are 6 pt of a print
  const LEAST_PICTURE_PX = 60;
  const LINE = 0.2; // of the height of a line is between the letters of two lines
  const faults = [], root = document.documentElement;
  const box = element => element.getBoundingClientRect();
  const frames = element => { // the ancestors that scroll or hide what is wider than they are
    const found = [];
    for (let each = element.parentElement; each && each !== document.body; each = each.parentElement)
      if (getComputedStyle(each).overflowX !== "visible") found.push(each);
    return found;
  };
  const visible = element => element.checkVisibility({ visibilityProperty: true, opacityProperty: true })
    && ![element, ...frames(element)].some(each => box(each).width <= 1 && box(each).height <= 1); // to be heard only
  const named = element => `<${element.tagName.toLowerCase()} class="${element.getAttribute("class") || ""}">`
    + ` "${element.textContent.trim().replace(/\s+/g, " ").slice(0, 60)}"`;
  const label = svg => (svg.getAttribute("aria-label") || "").slice(0, 60);

  if (document.scripts.length) faults.push("it has scripts");
  for (const element of document.querySelectorAll("*"))
    if ([...element.attributes].some(each => each.name.startsWith("on"))) faults.push(`${named(element)}: a script`);
  if (document.body.innerText.trim().length < 100) faults.push("nothing is shown");

  // wider than the page, or than what hides the rest
  const width = root.clientWidth;
  const wide = [...document.body.querySelectorAll("*")].filter(element => visible(element)
    && !element.closest("svg svg, svg *") && !element.closest(".skip, .unseen") && !frames(element).length
    && (box(element).right > width + 1 || box(element).left < -1));
  for (const element of wide.filter(each => !wide.includes(each.parentElement)))
    faults.push(`wider than the page, ${Math.round(box(element).right)} of ${width} px: ${named(element)}`);
  if (root.scrollWidth > width && !wide.length) faults.push(`the page is ${root.scrollWidth} px wide`);
  for (const element of document.body.querySelectorAll("*"))
    if (visible(element) && !element.closest("svg, .unseen") && ["hidden", "clip"].includes(getComputedStyle(element).overflowX)
      && element.scrollWidth > element.clientWidth + 1) faults.push(`cut off: ${named(element)}`);

  // every piece of text with the boxes of its lines, as far as they can be seen
  const pieces = [], small = new Map();
  for (const text of document.querySelectorAll("svg text")) {
    if (!visible(text) || !text.textContent.trim()) continue;
    const svg = text.closest("svg"), [outer, inner] = [box(svg), box(text)];
    const scale = outer.width / svg.viewBox.baseVal.width, picture = label(svg);
    if (outer.width < LEAST_PICTURE_PX) faults.push(`too small: ${picture}`);
    if (parseFloat(getComputedStyle(text).fontSize) * scale < LEAST_PX - 0.05)
      small.set(svg, [...(small.get(svg) || []), text]);
    if (inner.left < outer.left - 1 || inner.right > outer.right + 1 || inner.top < outer.top - 1
      || inner.bottom > outer.bottom + 1) faults.push(`cut off: ${named(text)} in ${picture}`);
    pieces.push({ words: text.textContent.trim(), boxes: [inner], frames: frames(svg) });
  }
  for (const [svg, texts] of small)
    faults.push(`too small to read: ${named(texts[0])}, ${texts.length} in all, in ${label(svg)}`);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (!node.data.trim() || parent.closest("svg, .skip, .unseen, style") || !visible(parent)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const own = getComputedStyle(parent).overflowX === "visible" ? [] : [parent];
    pieces.push({ words: node.data.trim(), boxes: [...range.getClientRects()], frames: [...own, ...frames(parent)] });
  }
  const lines = pieces.flatMap((piece, number) => piece.boxes.map(each => {
    const edges = piece.frames.map(box), line = Math.min(each.width, each.height) * LINE;
    return {
      number, words: piece.words,
      left: Math.max(each.left + line, ...edges.map(edge => edge.left)),
      right: Math.min(each.right - line, ...edges.map(edge => edge.right)),
      top: Math.max(each.top + line, ...edges.map(edge => edge.top)),
      bottom: Math.min(each.bottom - line, ...edges.map(edge => edge.bottom)),
    };
  })).filter(each => each.left < each.right && each.top < each.bottom).sort((a, b) => a.top - b.top);
  lines.forEach((upper, i) => {
    for (let j = i + 1; j < lines.length && lines[j].top < upper.bottom; j++) {
      const lower = lines[j];
      if (upper.number !== lower.number && upper.left < lower.right && lower.left < upper.right)
        faults.push(`overlap: "${upper.words.slice(0, 40)}" and "${lower.words.slice(0, 40)}"`);
    }
  });
  return [...new Set(faults)];
}
