// A whiteboard: strokes of a pen on a canvas, kept as numbers so that they survive a reload and a change of size.

import { button, make } from "./practice-data.js"

const WIDTH = 1000, HEIGHT = 560 // of the board, whatever its size on the screen

// strokes: [{erase, points: [x, y, x, y, …]}]; changed is called after each.
export function sketch(strokes, changed) {
  const canvas = make("canvas", { width: WIDTH * 2, height: HEIGHT * 2, className: "sketch" })
  canvas.setAttribute("role", "img")
  canvas.setAttribute("aria-label", "Sketch area for pen or mouse. By keyboard, use the notes.")
  const pen = canvas.getContext("2d")
  let erase = false, stroke = null

  function paint() {
    pen.setTransform(2, 0, 0, 2, 0, 0)
    pen.clearRect(0, 0, WIDTH, HEIGHT)
    pen.strokeStyle = getComputedStyle(canvas).color
    pen.lineCap = pen.lineJoin = "round"
    for (const { erase, points } of strokes) {
      pen.globalCompositeOperation = erase ? "destination-out" : "source-over"
      pen.lineWidth = erase ? 26 : 2.4
      pen.beginPath()
      pen.moveTo(points[0], points[1])
      for (let place = 2; place < points.length; place += 2) pen.lineTo(points[place], points[place + 1])
      if (points.length === 2) pen.lineTo(points[0] + 0.1, points[1])
      pen.stroke()
    }
    pen.globalCompositeOperation = "source-over"
  }

  const point = event => {
    const box = canvas.getBoundingClientRect()
    return [((event.clientX - box.left) / box.width) * WIDTH, ((event.clientY - box.top) / box.height) * HEIGHT].map(value => Math.round(value))
  }
  canvas.addEventListener("pointerdown", event => {
    canvas.setPointerCapture(event.pointerId)
    strokes.push((stroke = { erase, points: point(event) }))
    paint()
  })
  canvas.addEventListener("pointermove", event => {
    if (!stroke) return
    stroke.points.push(...point(event))
    paint()
  })
  for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => {
    if (stroke) changed()
    stroke = null
  })

  const eraser = button("Eraser", () => {
    erase = !erase
    eraser.setAttribute("aria-pressed", erase)
  })
  eraser.setAttribute("aria-pressed", false)
  const change = edit => () => {
    edit()
    paint()
    changed()
  }
  const tools = make("p", { className: "card-buttons" }, eraser, button("Undo stroke", change(() => strokes.pop())), button("Clear the board", change(() => (strokes.length = 0))))
  requestAnimationFrame(paint) // once it stands in the page and has a color
  return make("div", {}, canvas, tools)
}

export const isStrokes = value => Array.isArray(value) && value.every(stroke => Array.isArray(stroke?.points) && stroke.points.every(Number.isFinite))
