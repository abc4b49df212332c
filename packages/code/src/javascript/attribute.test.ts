import { describe, expect, test } from 'vitest'
import { attribute } from './attribute.ts'
import type { ProfileNode, RawProfile } from './cpu-profile.ts'
import { readSource } from './source.ts'

const file = '/app/a.mjs'
const source = readSource('function f(x) {\n  g(x)\n  return JSON.parse(x)\n}\nfunction g(x) { return lib(x) }', file)!

const node = (id: number, name: string, url: string, line: number, rest: Partial<ProfileNode> = {}): ProfileNode => ({
  id,
  callFrame: { functionName: name, url, lineNumber: line, columnNumber: 0 },
  ...rest,
})

/** Root > f (line 1) > g (line 5) > lib of a package; f > a native call on line 3; collections and waiting under the root. */
const nodes = [
  node(1, '(root)', '', -1, { children: [2, 6, 7] }),
  node(2, 'f', `file://${file}`, 0, {
    children: [3, 5],
    positionTicks: [
      { line: 2, ticks: 1 },
      { line: 3, ticks: 3 },
    ],
  }),
  node(3, 'g', `file://${file}`, 4, { children: [4] }),
  node(4, 'lib', 'file:///app/node_modules/lib/index.js', 10, { positionTicks: [{ line: 11, ticks: 1 }] }),
  node(5, 'run', '', -1, { positionTicks: [{ line: 3, ticks: 1 }] }),
  node(6, '(garbage collector)', '', -1),
  node(7, '(idle)', '', -1),
]

const raw = (given: Partial<RawProfile> = {}): RawProfile => ({
  profile: { nodes, startTime: 0, endTime: 100_000, samples: [2, 4, 5, 6, 7], timeDeltas: [4000, 2000, 3000, 1000, -5] },
  intervalsUs: [[[0, 9500]], [[9500, 20_000]]],
  predictions: 1,
  ...given,
})

const isUsers = (path: string) => !path.includes('node_modules')

describe('attribute', () => {
  const found = attribute(raw(), [{ path: file, text: '', source }], isUsers, ['preprocess', 'predict'])
  const line = (number: number) => found.lines.find((one) => one.line === number)

  test('leaves by their ticks, native calls by the line that made them, packages by the line that calls into them', () => {
    // Of f's own 4 ms a quarter on line 2, the rest on line 3, with 3 ms of the native call.
    expect(line(3)).toMatchObject({ selfMs: 6, nativeMs: 3, function: 'f', stage: 'preprocess' })
    expect(line(5)).toMatchObject({ selfMs: 2, nativeMs: 0, function: 'g' })
    // The call of g counts in the total alone.
    expect(line(2)).toMatchObject({ selfMs: 1, totalMs: 3 })
  })

  test('collections and waiting are of stages, not of lines; negative deltas are none', () => {
    expect(found.stages).toEqual([
      { nativeMs: 3, waitMs: 0, gcMs: 0 },
      { nativeMs: 0, waitMs: 0, gcMs: 1 },
    ])
    expect(found.stacks.weightsMs.reduce((sum, ms) => sum + ms, 0)).toBe(10)
  })

  test('what lies outside predictions is left out', () => {
    const outside = attribute(raw({ intervalsUs: [[[50_000, 60_000]]] }), [{ path: file, text: '', source }], isUsers, [
      'predict',
    ])
    expect(outside.samples).toBe(0)
  })
})
