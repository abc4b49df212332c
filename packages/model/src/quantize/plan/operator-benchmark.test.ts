import fs from 'node:fs'
import path from 'node:path'
import { modelInMemory } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import type { OperatorTimesInput } from '@whyslow/measure/timing/operators/task.ts'
import { expect, test } from 'vitest'
import { exampleBench, network, type PrecisionWorld } from '../../../test/support/quantize/plan/example-bench.ts'
import { DEFAULT_QUANTIZE_OPTIONS } from '../write/choice.ts'
import { quantizableNodes } from '../write/quantizable.ts'
import { benchmarkOperators, interpolate } from './operator-benchmark.ts'

const folder = folderOfTests()

async function benchmarked(world: PrecisionWorld, model = network) {
  const bench = exampleBench(fs.mkdtempSync(path.join(folder, 'operators-')), world)
  const shape = [1, 4, 8, 8]
  const names = ['x', ...model.proto.graph!.node.flatMap(({ output }) => output)]
  const types = new Map(names.map((name) => [name, { dtype: 'float32' as const, shape }]))
  const wanted = {
    model,
    nodes: quantizableNodes(model, types),
    precisions: ['static' as const],
    options: DEFAULT_QUANTIZE_OPTIONS,
    types,
  }
  return { benchmark: await benchmarkOperators(bench, wanted), bench }
}

test('times are those of an operator less an empty model, as float and in int8', async () => {
  const { benchmark } = await benchmarked({ layerMs: (layer) => (layer === 'b' ? [4, 1] : [2, 3]) })
  expect(benchmark.times.get('b')).toEqual({ floatMs: expect.closeTo(4, 9), other: { static: expect.closeTo(1, 9) } })
  expect(benchmark.times.get('c')).toEqual({ floatMs: expect.closeTo(2, 9), other: { static: expect.closeTo(3, 9) } })
  expect(benchmark.quantizeMs(256)).toBeCloseTo(0.1, 9)
  expect(benchmark.isImage('x')).toBe(true)
})

test('the change of layout is what one convolution has, and a second one beside it has not', async () => {
  // One takes 5, two take 8: 3 each, and 2 for 512 elements in and out (the Relu behind keeps their number).
  const timeOf = ({ models }: OperatorTimesInput) =>
    models.map(({ key }, k) => ({ key, roundsMs: [k === 0 ? 0 : k === 16 ? 5 : k === 17 ? 8 : 1] }))
  const { node, output } = network.proto.graph!
  const first = copyWith(network.proto.graph!, { node: node.slice(0, 2), output: [copyWith(output[0]!, { name: 'ar' })] })
  const one = modelInMemory(copyWith(network.proto, { graph: first }))
  const script = { 'operator-times': (input: OperatorTimesInput) => ({ outcome: 'measured' as const, value: timeOf(input) }) }
  const { benchmark } = await benchmarked({ script: script as PrecisionWorld['script'] & object }, one)
  expect(benchmark.times.get('a')!.floatMs).toBe(3)
  expect(benchmark.reorderMs(256)).toBeCloseTo(1, 9)
})

test('operators that are alike are timed once, whatever their weights', async () => {
  const { node, initializer, ...rest } = network.proto.graph!
  const [a, ar, b, br] = node
  const [wa, wb] = initializer
  // b and its Relu once more, with other weights, in place of c.
  const again = [copyWith(b!, { input: ['br', 'wb2'], output: ['c'] }), copyWith(br!, { input: ['c'], output: ['y'] })]
  const twice = modelInMemory(
    copyWith(network.proto, {
      graph: copyWith(network.proto.graph!, {
        ...rest,
        node: [a!, ar!, b!, br!, ...again],
        initializer: [wa!, wb!, copyWith(wb!, { name: 'wb2' })],
        output: rest.output.map((output) => copyWith(output, { name: 'y' })),
      }),
    }),
  )
  const { benchmark, bench } = await benchmarked({}, twice)
  const timed = (bench.asked.find(({ task }) => task === 'operator-times')!.input as OperatorTimesInput).models
  // An empty model, three conversions of five sizes; of a and of b: float, twin, int8.
  expect(timed).toHaveLength(1 + 15 + 6)
  expect(benchmark.times.get('c')).toEqual(benchmark.times.get('b'))
})

test('what could not be timed says so', async () => {
  const refused = ({ models }: OperatorTimesInput) => ({
    outcome: 'measured' as const,
    value: models.map(({ key }) => ({ key, roundsMs: null, reason: 'no kernel' })),
  })
  const { benchmark } = await benchmarked({ script: { 'operator-times': refused as never } })
  expect(benchmark.times.get('a')).toEqual({ floatMs: 'no kernel', other: { static: 'no kernel' } })
  expect(benchmark.quantizeMs(256)).toBe(0)
  expect(benchmark.reorderMs(256)).toBe(0)
})

test('between the sizes that were timed time grows evenly, beyond them in proportion', () => {
  const at = interpolate([10, 20, 40], [1, 2, 3])
  expect([5, 10, 15, 30, 80].map(at)).toEqual([1, 1, 1.5, 2.5, 6])
})
