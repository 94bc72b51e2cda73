// Reads a drawing that Mermaid left in the page and returns what is to be seen, as data: a flat list of shapes and
// lines of text in paint order, each with the style the browser computed for it. Nothing of Mermaid's style sheet,
// groups, markers or ids is left, so that the drawing looks the same in every page and in WeasyPrint, which knows
// none of the finer points (dy on nested tspans, baselines, `bolder`, filters, opacity of groups, markers).
//
// Result: {box: [x, y, width, height], items: [{tag, attributes, style, matrix, text?}], unknown: [what was left out]}
(svg, BEHIND) => {
  const GEOMETRY = {
    rect: ['x', 'y', 'width', 'height', 'rx', 'ry'], circle: ['cx', 'cy', 'r'], ellipse: ['cx', 'cy', 'rx', 'ry'],
    line: ['x1', 'y1', 'x2', 'y2'], path: ['d'], polygon: ['points'], polyline: ['points'],
  }
  const SHAPE_STYLE = ['fill', 'fill-opacity', 'fill-rule', 'stroke', 'stroke-width', 'stroke-opacity',
    'stroke-dasharray', 'stroke-linecap', 'stroke-linejoin']
  const TEXT_STYLE = ['fill', 'fill-opacity', 'font-size', 'font-weight', 'font-style', 'text-anchor',
    'text-decoration-line']
  const SKIPPED = new Set(['style', 'defs', 'marker', 'title', 'desc', 'metadata', 'script', 'symbol', 'clipPath',
    'linearGradient', 'filter'])
  const items = []
  const lifelines = []     // of a sequence diagram: drawn 2,000 px long and cut by the view box
  const unknown = new Set()
  const bounds = {left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity}
  const canvas = document.createElement('canvas').getContext('2d')

  // The element's own transform: attribute or CSS, whichever the browser applies, around its origin.
  const ownMatrix = (style) => {
    if (style.transform === 'none') return new DOMMatrix()
    const [x, y] = style.transformOrigin.split(' ').map(parseFloat)
    return new DOMMatrix().translate(x, y).multiply(new DOMMatrix(style.transform)).translate(-x, -y)
  }

  const chosen = (style, names) => Object.fromEntries(names.map((name) => [name, style.getPropertyValue(name)]))

  const grow = (box, matrix, margin) => {
    for (const [x, y] of [[box.x, box.y], [box.x + box.width, box.y],
      [box.x, box.y + box.height], [box.x + box.width, box.y + box.height]]) {
      const point = new DOMPoint(x, y).matrixTransform(matrix)
      bounds.left = Math.min(bounds.left, point.x - margin)
      bounds.right = Math.max(bounds.right, point.x + margin)
      bounds.top = Math.min(bounds.top, point.y - margin)
      bounds.bottom = Math.max(bounds.bottom, point.y + margin)
    }
  }

  const add = (tag, attributes, style, matrix, opacity, text) => {
    const {a, b, c, d, e, f} = matrix
    items.push({tag, attributes, style: {...style, opacity}, matrix: [a, b, c, d, e, f], ...(text && {text})})
  }

  const isNone = (paint) => paint === 'none' || paint === 'transparent' || /^rgba\(.*, 0\)$/.test(paint)

  const addShape = (element, style, matrix, opacity) => {
    const painted = chosen(style, SHAPE_STYLE)
    if (parseFloat(painted['stroke-width']) === 0) painted.stroke = 'none'
    if (element.tagName === 'line') painted.fill = 'none'
    const inMarker = element.closest('marker')
    if (!isNone(painted.fill) || !isNone(painted.stroke)) addPainted(element, style, painted, matrix, opacity, inMarker)
    if (!inMarker) addMarkers(element, style, matrix, opacity)
  }

  const addPainted = (element, style, painted, matrix, opacity, inMarker) => {
    const box = element.getBBox()
    if (!box.width && !box.height && !inMarker) return   // Mermaid's spare rectangles
    for (const paint of [painted.fill, painted.stroke]) if (paint.startsWith('url(')) unknown.add('gradient')
    const attributes = {}
    for (const name of GEOMETRY[element.tagName]) {
      // A length may come from CSS or be a percentage: ask the browser for pixels.
      const length = element[name]?.baseVal?.value
      const value = element.tagName !== 'path' && typeof length === 'number' ? length : element.getAttribute(name)
      if (value !== null) attributes[name] = value
    }
    if (element.tagName === 'rect' && style.rx.endsWith('px')) attributes.rx = parseFloat(style.rx)
    if (element.tagName === 'rect' && style.ry.endsWith('px')) attributes.ry = parseFloat(style.ry)
    add(element.tagName, attributes, painted, matrix, opacity)
    if (inMarker) return
    if (element.matches('.actor-line')) return lifelines.push(items.at(-1))
    grow(box, matrix, isNone(painted.stroke) ? 0 : parseFloat(painted['stroke-width']) / 2)
  }

  // Arrow heads become shapes where the marker would have been painted.
  const addMarkers = (element, style, matrix, opacity) => {
    for (const end of ['start', 'end']) {
      const id = /#([^")]+)/.exec(style.getPropertyValue(`marker-${end}`))?.[1]
      const marker = id && svg.querySelector(`marker[id="${CSS.escape(id)}"]`)
      if (!marker) continue
      const total = element.getTotalLength()
      const at = element.getPointAtLength(end === 'start' ? 0 : total)
      const near = element.getPointAtLength(end === 'start' ? Math.min(0.5, total) : Math.max(0, total - 0.5))
      const [from, to] = end === 'start' ? [at, near] : [near, at]
      const orient = marker.getAttribute('orient') ?? '0'
      let angle = orient.startsWith('auto') ? Math.atan2(to.y - from.y, to.x - from.x) * 180 / Math.PI : parseFloat(orient)
      if (orient === 'auto-start-reverse' && end === 'start') angle += 180
      const unit = marker.markerUnits.baseVal === SVGMarkerElement.SVG_MARKERUNITS_STROKEWIDTH
        ? parseFloat(style.strokeWidth) : 1
      const view = marker.viewBox.baseVal
      const zoom = view?.width
        ? Math.min(marker.markerWidth.baseVal.value / view.width, marker.markerHeight.baseVal.value / view.height) : 1
      const place = matrix.translate(at.x, at.y).rotate(angle).scale(unit * zoom)
        .translate(-marker.refX.baseVal.value, -marker.refY.baseVal.value)
      for (const child of marker.children) visit(child, place, opacity)
    }
  }

  // Every line of a text becomes one item placed on its baseline.
  const addText = (element, matrix, opacity) => {
    const lines = []
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const run = node.parentElement
      const style = getComputedStyle(run)
      if (!node.data.trim() || style.display === 'none' || style.visibility === 'hidden') continue
      if (run.children.length) unknown.add('text beside a tspan')
      const count = run.getNumberOfChars()
      if (!count) continue
      canvas.font = `${style.fontStyle} ${style.fontWeight} 100px ${style.fontFamily}`
      const font = canvas.measureText('x')
      const extent = run.getExtentOfChar(0)
      const baseline = extent.y + extent.height * font.fontBoundingBoxAscent
        / (font.fontBoundingBoxAscent + font.fontBoundingBoxDescent)
      const [start, end] = [run.getStartPositionOfChar(0).x, run.getEndPositionOfChar(count - 1).x]
      const painted = chosen(style, TEXT_STYLE)
      const last = lines.at(-1)
      const sameLine = last && Math.abs(last.baseline - baseline) < 0.5 && Math.abs(start - last.end) < 2
        && JSON.stringify(last.style) === JSON.stringify(painted)
      if (sameLine) Object.assign(last, {text: last.text + node.data, end})
      else lines.push({text: node.data, start, end, baseline, style: painted})
    }
    if (lines.length && element.matches('.messageText, .loopText')) {   // a lifeline may run through these
      const {x, y, width, height} = element.getBBox()
      add('rect', {x: x - 2, y, width: width + 4, height}, {fill: BEHIND}, matrix, 1)
    }
    for (const {text, start, end, baseline, style} of lines) {
      const x = {start, middle: (start + end) / 2, end}[style['text-anchor']]
      add('text', {x, y: baseline}, style, matrix, opacity, text.replace(/\s+/g, ' ').trim())
    }
    if (lines.length) grow(element.getBBox(), matrix, 0)
  }

  const visit = (element, outer, outerOpacity) => {
    const tag = element.tagName
    if (SKIPPED.has(tag) || element.classList.contains('today')) return   // a gantt's line for the day of the build
    const style = getComputedStyle(element)
    const opacity = outerOpacity * parseFloat(style.opacity)
    if (style.display === 'none' || opacity === 0) return
    const matrix = outer.multiply(ownMatrix(style))
    if (style.clipPath !== 'none' || style.maskImage?.startsWith('url(')) unknown.add('clip path')
    if (tag === 'text') { if (style.visibility !== 'hidden') addText(element, matrix, opacity) }
    else if (tag in GEOMETRY) { if (style.visibility !== 'hidden') addShape(element, style, matrix, opacity) }
    else if (tag === 'g' || tag === 'a' || tag === 'svg') {
      let inner = matrix
      if (tag === 'svg' && element !== svg) {
        const view = element.viewBox.baseVal
        inner = matrix.translate(element.x.baseVal.value, element.y.baseVal.value)
        if (view?.width) inner = inner.scale(element.width.baseVal.value / view.width).translate(-view.x, -view.y)
      }
      for (const child of element.children) visit(child, inner, opacity)
    } else unknown.add(tag)
  }

  for (const child of svg.children) visit(child, new DOMMatrix(), 1)
  for (const {attributes} of lifelines) attributes.y2 = Math.min(attributes.y2, bounds.bottom + 8)
  const {left, top, right, bottom} = bounds
  return {box: [left, top, right - left, bottom - top], items, unknown: [...unknown]}
}
