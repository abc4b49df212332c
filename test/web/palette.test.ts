// The page's colours in both themes: what is read and what is told apart by colour alone, by the ratios of WCAG 2.2 and the simulation of Viénot,
// Brettel and Mollon (1999) for who lacks a kind of cone.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../root.ts'

type Rgb = readonly [number, number, number]

const css = readFileSync(join(ROOT, 'packages/report/web/src/style/page.css'), 'utf8')
/** The colours that are declared from `start` to the end of its block. */
const coloursFrom = (start: string): Record<string, string> => {
  const from = css.indexOf(start)
  return Object.fromEntries(
    [...css.slice(from, css.indexOf('}', from)).matchAll(/--([\w-]+): (#[\da-f]{6});/g)].map(([, name, value]) => [
      name!,
      value!,
    ]),
  )
}
const themes = { light: coloursFrom(':root {'), dark: coloursFrom(':root[data-theme="dark"] {') }

const linear = (hex: string): Rgb => {
  const channel = (at: number): number => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  }
  return [channel(1), channel(3), channel(5)]
}
const luminance = ([r, g, b]: Rgb): number => 0.2126 * r + 0.7152 * g + 0.0722 * b

function contrast(a: string, b: string): number {
  const [low, high] = [luminance(linear(a)), luminance(linear(b))].sort((x, y) => x - y)
  return (high! + 0.05) / (low! + 0.05)
}

const VISIONS: Readonly<Record<string, (rgb: Rgb) => Rgb>> = {
  usual: (rgb) => rgb,
  protan: ([r, g, b]) => [0.11238 * r + 0.88762 * g, 0.11238 * r + 0.88762 * g, 0.00401 * (r - g) + b],
  deutan: ([r, g, b]) => [0.29275 * r + 0.70725 * g, 0.29275 * r + 0.70725 * g, -0.02234 * (r - g) + b],
}

/** Distance in OKLab: 0.02 is just seen side by side. */
function distance(a: Rgb, b: Rgb): number {
  const lab = ([r, g, b]: Rgb): Rgb => {
    const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
    const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
    const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
    return [
      0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
      1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
      0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
    ]
  }
  const [p, q] = [lab(a), lab(b)]
  return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2])
}

const AREAS = ['architecture', 'hardware', 'software'] as const

describe.each(Object.entries(themes))('%s', (_, colours) => {
  test.each(['ink', 'soft', 'link', 'good'])('%s can be read', (name) => {
    for (const under of ['page', 'surface', 'raised'])
      expect(contrast(colours[name]!, colours[under]!), `on ${under}`).toBeGreaterThanOrEqual(4.5)
  })

  test.each([...AREAS, 'unexplained', 'strong-line', 'focus'])('%s is seen on its surface', (name) => {
    expect(contrast(colours[name]!, colours.surface!)).toBeGreaterThanOrEqual(3)
  })

  test.each(Object.entries(VISIONS))('areas are told apart by %s vision', (_name, see) => {
    const seen = AREAS.map((area) => see(linear(colours[area]!)))
    for (const [a, b] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ] as const)
      expect(distance(seen[a]!, seen[b]!), `${AREAS[a]} and ${AREAS[b]}`).toBeGreaterThanOrEqual(0.08)
  })
})

test('dark by the system and dark by choice are one theme', () => {
  expect(coloursFrom(':root:not([data-theme="light"]) {')).toEqual(themes.dark)
  expect(Object.keys(themes.dark).length).toBeGreaterThan(10)
})
