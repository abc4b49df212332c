import fs from 'node:fs'
import path from 'node:path'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { failed } from '@whyslow/measure/support/trials/example-runner.ts'
import { expect, test } from 'vitest'
import { evidence, roofs } from '../../../test/support/diagnose/example-evidence.ts'
import { exampleBench, network, type PrecisionWorld } from '../../../test/support/quantize/plan/example-bench.ts'
import { exampleEvidence } from '../../../test/support/remedies/example-evidence.ts'
import { isWorthInt8, wholeInInt8 } from './whole-in-int8.ts'

const folder = folderOfTests()
const fastInt8 = roofs({ flopsPerSecond: { float32: 100e9, int8: 300e9 } })

/** Three convolutions, each of `timeMs` within the model. */
const ran = (timeMs: number) =>
  evidence({
    p50Ms: 3 * timeMs,
    roofs: fastInt8,
    nodes: ['a', 'b', 'c'].map((layer) => ({ op: 'Conv', name: `conv_${layer}`, timeMs, macs: 1000 })),
  })

async function saved(world: PrecisionWorld, given: { timeMs?: number; budgetMs?: number; p50Ms?: number } = {}) {
  const { timeMs = 4, budgetMs = 10_000, p50Ms = 3 * timeMs } = given
  const bench = { ...exampleBench(fs.mkdtempSync(path.join(folder, 'int8-')), world), p50Ms }
  const int8 = await wholeInInt8({ bench, model: network, evidence: ran(timeMs), facts: exampleEvidence(), budgetMs })
  if ('reason' in int8) return int8.reason
  return Object.fromEntries(int8.nodes.map(({ name, savesMs }) => [name, Number(savesMs.toFixed(6))]))
}

// Of 4 ms each in float and 1 in int8 with 0.1 ms for either conversion: 9 - 0.2, for three.
test('all layers in int8 pay for one conversion at either end', async () => {
  const each = Number((8.8 / 3).toFixed(6))
  expect(await saved({})).toEqual({ conv_a: each, conv_b: each, conv_c: each })
})

test('a model that took twice as long as its layers alone saves twice as much', async () => {
  const each = Number((17.6 / 3).toFixed(6))
  expect(await saved({}, { timeMs: 8 })).toEqual({ conv_a: each, conv_b: each, conv_c: each })
})

test('nodes that come to more than the whole are brought to it', async () => {
  const each = Number((4.4 / 3).toFixed(6))
  expect(await saved({}, { p50Ms: 6 })).toEqual({ conv_a: each, conv_b: each, conv_c: each })
})

// 3 ms less, and two conversions.
test('a layer between others that stay in float pays for both by itself', async () => {
  const layerMs: PrecisionWorld['layerMs'] = (layer) => (layer === 'b' ? [4, 1] : [4, 8])
  expect(await saved({ layerMs })).toEqual({ conv_a: 0, conv_b: 2.8, conv_c: 0 })
})

test('faster kernels whose conversions take more save nothing', async () => {
  expect(await saved({ layerMs: () => [4, 3.95] })).toEqual({ conv_a: 0, conv_b: 0, conv_c: 0 })
})

// 0.5 ms less in each are 1.3 for all with their conversions, and less than nothing if int8 took 1.15 times as long.
test('layers that are hardly faster are not chosen', async () => {
  expect(await saved({ layerMs: () => [4, 3.5] })).toEqual({ conv_a: 0, conv_b: 0, conv_c: 0 })
})

test('what could not be timed says why', async () => {
  expect(await saved({ script: { types: () => failed('no room') } })).toMatch(/no room/)
  // Five models of 4 ms, three predictions each.
  expect(await saved({}, { budgetMs: 59 })).toMatch(/no time/)
})

test('only where int8 arithmetic is faster, and a quarter of the time is float arithmetic', () => {
  expect(isWorthInt8(ran(4))).toBe(true)
  expect(isWorthInt8({ ...ran(4), roofs: roofs() })).toBe(false)
  expect(isWorthInt8(evidence({ p50Ms: 10, roofs: fastInt8, nodes: [{ op: 'Conv', timeMs: 2.4, macs: 1000 }] }))).toBe(false)
  expect(
    isWorthInt8(evidence({ p50Ms: 10, roofs: fastInt8, nodes: [{ op: 'QLinearConv', timeMs: 9, macs: 9, arithmetic: 'int8' }] })),
  ).toBe(false)
})
