// Values in order, drawn with characters: a point each, and a bar for its interval. The scale is linear and need not start at 0, since
// differences are what is looked for.

export interface PlotPoint {
  readonly value: number
  readonly low: number
  readonly high: number
}

const ROWS = 8
/** A single value, or equal ones, stand in the middle of a scale of ±10 %. */
const LEAST_SPREAD = 0.1

/** Lines of at most `width` cells: a scale at the left, spoken by `say`. The newest points are kept where not all fit. */
export function plot(points: readonly PlotPoint[], width: number, say: (value: number) => string): string[] {
  const low = Math.min(...points.map((point) => point.low))
  const high = Math.max(...points.map((point) => point.high))
  const middle = (low + high) / 2
  const half = Math.max((high - low) / 2, LEAST_SPREAD * Math.abs(middle), Number.MIN_VALUE)
  const [bottom, top] = [middle - half, middle + half]
  const scale = Array.from({ length: ROWS }, (_, row) =>
    row % 2 === 0 || row === ROWS - 1 ? say(top - (row * (top - bottom)) / (ROWS - 1)) : '',
  )
  const margin = Math.max(...scale.map((text) => text.length))
  const room = Math.max(1, width - margin - 2)
  const step = Math.max(1, Math.min(4, Math.floor(room / points.length)))
  const shown = points.slice(-Math.floor(room / step))
  const rowOf = (value: number) => Math.round(((top - value) / (top - bottom)) * (ROWS - 1))
  return scale.map((text, row) => {
    const cells = shown.map((point) => {
      if (rowOf(point.value) === row) return '●'
      return row >= rowOf(point.high) && row <= rowOf(point.low) ? '│' : ' '
    })
    return `${text.padStart(margin)} ┤${cells.map((cell) => cell.padEnd(step)).join('')}`.trimEnd()
  })
}
