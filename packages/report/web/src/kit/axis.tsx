// Axes: ticks by d3's scales, lines and letters of our own. They are drawn for the eye; the label of the drawing has the words.

import { fewTicks, type Scale } from './ticks.ts'

interface AxisProps {
  readonly scale: Scale
  readonly say: (value: number) => string
  readonly from: number
  readonly to: number
  readonly count?: number
  readonly title?: string
  /** Ticks in place of the scale's own. */
  readonly at?: readonly number[] | undefined
}

/** Below a drawing; `y`: where its line is. */
export function AxisBelow({ scale, say, from, to, y, top, count = 8, title, at }: AxisProps & { y: number; top?: number }) {
  const ticks = at ?? fewTicks(scale, count, (value) => say(value).length * 6.6)
  return (
    <g class="axis" aria-hidden="true">
      {ticks.map((value) => (
        <g key={value} transform={`translate(${scale(value)},0)`}>
          {top !== undefined && <line class="grid" y1={top} y2={y} />}
          <line y1={y} y2={y + 4} />
          <text y={y + 16} text-anchor="middle">
            {say(value)}
          </text>
        </g>
      ))}
      <line x1={from} x2={to} y1={y} y2={y} />
      {title !== undefined && (
        <text class="axis-title" x={to} y={y + 32} text-anchor="end">
          {title}
        </text>
      )}
    </g>
  )
}

/** Axis at the left of a drawing; `x`: where its line is. */
export function AxisLeft({ scale, say, from, to, x, right, count = 5, title }: AxisProps & { x: number; right?: number }) {
  const ticks = fewTicks(scale, count, () => 10)
  return (
    <g class="axis" aria-hidden="true">
      {ticks.map((value) => (
        <g key={value} transform={`translate(0,${scale(value)})`}>
          {right !== undefined && <line class="grid" x1={x} x2={right} />}
          <text x={x - 6} dy="0.32em" text-anchor="end">
            {say(value)}
          </text>
        </g>
      ))}
      {title !== undefined && (
        <text class="axis-title" x={x} y={Math.min(from, to) - 8} text-anchor="start">
          {title}
        </text>
      )}
    </g>
  )
}
