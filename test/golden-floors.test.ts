// A floor is a lower bound, that of special functions too: no node of the recorded measurements is faster than it. Rates were
// measured by `whyslow machine` on a computer of the kind that the evidence is from (AMD EPYC with AVX-512, two threads).
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { costNodes } from '@whyslow/model/analyze/costs.ts'
import type { Evidence } from '@whyslow/model/evidence/evidence.ts'
import { describe, expect, test } from 'vitest'
import { ROOT } from './root.ts'

const FOLDER = join(ROOT, 'fixtures/golden')
const RATES = {
  Exp: 12.6e9,
  Log: 1.2e9,
  Erf: 3.9e9,
  Tanh: 7.4e9,
  Sigmoid: 6.9e9,
  Sqrt: 5.7e9,
  Div: 9.1e9,
  Reciprocal: 9.3e9,
  Pow: 0.46e9,
}
/** The profiler's whole microseconds do not resolve shorter nodes, and roofs differ by a tenth from one reading to the next. */
const RESOLVED_MS = 0.005
const TOLERANCE = 1.1

describe.each(readdirSync(FOLDER).filter((name) => name.endsWith('.evidence.json.gz')))('%s', (name) => {
  const { profile, roofs, machine, graph } = JSON.parse(gunzipSync(readFileSync(join(FOLDER, name))).toString()) as Evidence
  const floors = (elementsPerSecond?: Record<string, number>) =>
    costNodes(profile!, { ...roofs!, ...(elementsPerSecond ? { elementsPerSecond } : {}) }, machine, graph).nodes

  test('no node is faster than its special functions', () => {
    const above = floors(RATES).filter(
      ({ cost, floorMs, plainFloorMs, timeMs }) =>
        cost?.functions !== undefined && floorMs! > plainFloorMs! && floorMs! > Math.max(timeMs, RESOLVED_MS) * TOLERANCE,
    )
    expect(above.map((node) => `${node.name}: ${node.timeMs} ms, floor ${node.floorMs} ms`)).toEqual([])
  })

  test('without rates the floors are those of simple operations', () => {
    for (const { floorMs, plainFloorMs } of floors()) expect(floorMs).toBe(plainFloorMs ?? null)
  })
})

test('an activation in the transformer is held to its function, not to its data alone', () => {
  const file = gunzipSync(readFileSync(join(FOLDER, 'transformer.evidence.json.gz'))).toString()
  const { profile, roofs, machine, graph } = JSON.parse(file) as Evidence
  const { nodes } = costNodes(profile!, { ...roofs!, elementsPerSecond: RATES }, machine, graph)
  const activations = nodes.filter(({ opType }) => opType === 'BiasGelu')
  expect(activations).toHaveLength(4)
  for (const { floorMs, plainFloorMs } of activations) expect(floorMs! / plainFloorMs!).toBeGreaterThan(4)
})
