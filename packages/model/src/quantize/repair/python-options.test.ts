// What Python's quantizer makes over all its options, against the engine: every group that did not fuse has a condition that it breaks, and
// no operator that breaks one has fused. fixtures/quantize/make-options.py made the models.
import { readFileSync } from 'node:fs'
import { brotliDecompressSync } from 'node:zlib'
import { fromBinary } from '@bufbuild/protobuf'
import { modelInMemory } from '@whyslow/graph/build.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { neighboursOf } from '@whyslow/graph/neighbours.ts'
import type { GraphView } from '@whyslow/graph/types.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { brokenCondition } from '@whyslow/measure/engines/onnxruntime/int8/conditions.ts'
import { EXACT_SUMS } from '@whyslow/measure/engines/onnxruntime/int8/exact-sums.ts'
import { keepsInt8 } from '@whyslow/measure/engines/onnxruntime/int8/fused-types.ts'
import { INT8_OPERATORS } from '@whyslow/measure/engines/onnxruntime/int8/int8-kernels.ts'
import { quantizedGroups } from '@whyslow/measure/engines/onnxruntime/int8/quantized-groups.ts'
import { unzipSync } from 'fflate'
import { ModelProtoSchema } from 'onnx-buf'
import { expect, test } from 'vitest'
import { fullOr, fullOrEvery } from '../../../../../test/only-full.ts'
import { exampleSetup, executedGraph, randomFeeds, runSetup } from '../../../test/support/remedies/check-remedy.ts'
import { floatModel } from './float-model.ts'
import { quantizedGraph, withRepairs } from './quantized-graph.ts'
import { retypedActivations } from './uint8-activations.ts'

const file = new URL('../../../../../fixtures/quantize/python-options.zip.br', import.meta.url)
const models = Object.entries(unzipSync(brotliDecompressSync(readFileSync(file))))
const modelOf = (bytes: Uint8Array): Model => modelInMemory(fromBinary(ModelProtoSchema, bytes))
/** Biases with a scale for each channel, which opset 11 does not know: the engine refuses what the quantizer writes. */
const REFUSED = /-11-.*QDQ-a.8-w.8-per-channel/

interface Seen {
  readonly unexplained: readonly string[]
  /** Written operators that are said to break a condition, and run in int8 all the same. */
  readonly fused: readonly string[]
  readonly conditions: readonly string[]
}

async function look(name: string, model: Model, configEntries: Readonly<Record<string, string>>): Promise<Seen> {
  const graph = viewGraph(model)
  const executed = await executedGraph(exampleSetup(model, { options: { configEntries } }))
  const opset = Number(model.proto.opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx')!.version)
  const fusing = { opset, keepsInt8: keepsInt8(process.arch, configEntries) }
  const groups = quantizedGroups(executed, { graph, fusing, isUnoptimized: false })
  const told = groups.map(({ operator, condition, breaks }) => `${name}: ${operator.name} ${condition}, ${breaks}`)
  return {
    unexplained: told.filter((_, k) => groups[k]!.condition === 'not-known'),
    fused: brokenYetFused(graph, executed, fusing).map((one) => `${name}: ${one}`),
    conditions: groups.map(({ condition }) => condition),
  }
}

function brokenYetFused(graph: GraphView, executed: GraphView, fusing: Parameters<typeof brokenCondition>[2]): string[] {
  const at = neighboursOf(graph)
  const inInt8 = new Set(executed.nodes.filter(({ opType }) => INT8_OPERATORS.has(opType)).map((node) => node.name))
  return graph.nodes.flatMap((node) => {
    if (!inInt8.has(node.name) || INT8_OPERATORS.has(node.opType)) return []
    const broken = brokenCondition(node, at, fusing)
    return broken === undefined ? [] : [`${node.name} ${broken.condition}, ${broken.says}`]
  })
}

/** Of all models, those that are looked at: one of so many. */
const EVERY = fullOr(1, 40)
const isFull = EVERY === 1

async function lookAtAll(which: RegExp, allowed: '0' | '1'): Promise<readonly Seen[]> {
  const seen: Seen[] = []
  const asked = models.filter(([name]) => which.test(name) && !REFUSED.test(name))
  for (const [k, [name, bytes]] of asked.entries()) {
    if (k % EVERY > 0) continue
    seen.push(await look(name, modelOf(bytes), { 'session.qdqisint8allowed': allowed }))
  }
  expect(seen.flatMap(({ unexplained }) => unexplained)).toEqual([])
  expect(seen.flatMap(({ fused }) => fused)).toEqual([])
  return seen
}

test('every group that did not fuse has its reason, where int8 activations do not stay', { timeout: 300_000 }, async () => {
  const seen = await lookAtAll(/./, '0')
  expect(seen.length).toBeGreaterThan(500 / EVERY)
  if (!isFull) return
  // The fixtures do show them.
  const shown = ['int8-activations', 'wide-types', 'no-int8-kernel', 'integer-convolution', 'resize-mode']
  // Some CPUs show more, where the engine's blocks have 16 channels (quantized-groups.test.ts).
  expect([...new Set(seen.flatMap(({ conditions }) => conditions))]).toEqual(expect.arrayContaining(shown))
})

test('and where they do', async () => {
  const seen = await lookAtAll(/as8/, '1')
  expect(seen.length).toBeGreaterThan(50 / EVERY)
  expect(seen.flatMap(({ conditions }) => conditions)).not.toContain('int8-activations')
})

/** Of the outputs of both, the lowest. */
async function cosine(model: Model, other: Model, configEntries: Readonly<Record<string, string>> = {}): Promise<number> {
  const feeds = [randomFeeds(model, 3)]
  const setups = [model, other].map((one) => exampleSetup(one, { options: { configEntries } }))
  const [[before], [after]] = [await runSetup(setups[0]!, feeds), await runSetup(setups[1]!, feeds)]
  const cosines = Object.keys(before!).map((name) => {
    const [a, b] = [before![name]!, after![name]!].map(({ data }) => data as Float32Array) as [Float32Array, Float32Array]
    const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, k) => sum + value * y[k]!, 0)
    return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
  })
  return Math.min(...cosines)
}

/** Of those that are run; `npm test` takes the newer one alone, and of its models an eighth. */
const opsets = isFull ? /-(11|17)-/ : /-17-/
const some = (which: (name: string) => boolean): readonly [string, Model][] =>
  fullOrEvery(
    8,
    models.filter(([name]) => opsets.test(name) && which(name)),
  ).map(([name, bytes]) => [name, modelOf(bytes)])

test('as uint8 no group is left for its int8 activations, and outputs stay', async () => {
  const asked = some((name) => /as8/.test(name) && !/QOperator/.test(name) && !REFUSED.test(name))
  expect(asked.length).toBeGreaterThan(fullOr(10, 2))
  for (const [name, model] of asked) {
    const quantized = quantizedGraph(model)!
    const uint8 = withRepairs(quantized, [retypedActivations(quantized)!])
    expect((await look(name, uint8, { 'session.qdqisint8allowed': '0' })).conditions, name).not.toContain('int8-activations')
    expect(await cosine(model, uint8, EXACT_SUMS), name).toBeGreaterThan(0.999)
  }
})

test('as float they give what they gave, up to the rounding of their activations', async () => {
  const asked = some((name) => /-(QDQ|QOperator)-a.8/.test(name) && !REFUSED.test(name))
  expect(asked.length).toBeGreaterThan(fullOr(10, 5))
  for (const [name, model] of asked) expect(await cosine(model, floatModel(model)!.model), name).toBeGreaterThan(0.995)
})

test('what is quantized by its own range is float again, and gives what it gave up to the rounding of its activations', async () => {
  const asked = some((name) => /-dynamic-/.test(name))
  expect(asked.length).toBeGreaterThan(fullOr(5, 2))
  for (const [name, model] of asked) {
    const float = floatModel(model)!
    expect(float.products, name).toBeGreaterThan(0)
    expect(float.model.proto.graph!.node.filter(({ opType }) => INT8_OPERATORS.has(opType))).toEqual([])
    expect(await cosine(model, float.model, EXACT_SUMS), name).toBeGreaterThan(0.99)
  }
})
