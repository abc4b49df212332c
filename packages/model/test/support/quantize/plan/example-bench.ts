// A bench for the search for precisions whose trials follow a script: three convolutions a, b and c with kernels of 1, 3 and 5,
// x -> a -> Relu -> b -> Relu -> c. Tests say what each takes, and how much each alters the outputs.
import path from 'node:path'
import { floatTensor, model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import type { Model } from '@whyslow/graph/model.ts'
import type { Agreement } from '@whyslow/measure/outputs/index.ts'
import type { TypesInput } from '@whyslow/measure/outputs/types-task.ts'
import { plainOptions } from '@whyslow/measure/support/engines/example-options.ts'
import { measured, type Script, type ScriptedRunner, scriptedRunner } from '@whyslow/measure/support/trials/example-runner.ts'
import type { OperatorTimesInput } from '@whyslow/measure/timing/operators/task.ts'
import type { CalibrateInput, CalibrateOutput } from '../../../../src/quantize/calibrate/task.ts'
import type { PrecisionBench } from '../../../../src/quantize/plan/bench.ts'
import type { LayerError, LayerErrorsInput } from '../../../../src/quantize/plan/layer-errors.ts'
import type { PrecisionConstraints } from '../../../../src/quantize/plan/learned-model.ts'
import { modelsOf } from '../../../../src/quantize/plan/written-models.ts'
import { DEFAULT_QUANTIZE_OPTIONS } from '../../../../src/quantize/write/choice.ts'

export const LAYERS = ['a', 'b', 'c'] as const
export type Layer = (typeof LAYERS)[number]

const SHAPE = [1, 4, 8, 8]
const KERNELS: Readonly<Record<Layer, number>> = { a: 1, b: 3, c: 5 }

const convolution = (layer: Layer, input: string) => {
  const kernel = KERNELS[layer]
  const pad = (kernel - 1) / 2
  const attributes = { kernel_shape: [kernel, kernel], pads: [pad, pad, pad, pad] }
  return node({ opType: 'Conv', name: `conv_${layer}` }, [input, `w${layer}`], [layer], attributes)
}

const weights = (layer: Layer) => {
  const count = 16 * KERNELS[layer] ** 2
  const values = Array.from({ length: count }, (_, k) => Math.sin(k + 1))
  return floatTensor(`w${layer}`, [4, 4, KERNELS[layer], KERNELS[layer]], values)
}

export const network = modelInMemory(
  model({
    nodes: [
      convolution('a', 'x'),
      node('Relu', ['a'], ['ar']),
      convolution('b', 'ar'),
      node('Relu', ['b'], ['br']),
      convolution('c', 'br'),
    ],
    inputs: [valueInfo('x', 'float32', SHAPE)],
    outputs: [valueInfo('c', 'float32', SHAPE)],
    initializers: LAYERS.map(weights),
  }),
)

/** A product, which can be dynamic int8 or have fewer bits of weights. */
export const product = modelInMemory(
  model({
    nodes: [node({ opType: 'MatMul', name: 'product' }, ['x', 'w'], ['y'])],
    inputs: [valueInfo('x', 'float32', [1, 64])],
    outputs: [valueInfo('y', 'float32', [1, 64])],
    initializers: [
      floatTensor(
        'w',
        [64, 64],
        Array.from({ length: 4096 }, (_, k) => Math.sin(k)),
      ),
    ],
  }),
)

const layerOf = (kernel: number): Layer => LAYERS.find((layer) => KERNELS[layer] === kernel)!

const convolutionsOf = ({ proto }: Model) => proto.graph!.node.filter(({ opType }) => opType === 'Conv')

const kernelOf = (conv: ReturnType<typeof convolutionsOf>[number]): number =>
  Number(conv.attribute.find(({ name }) => name === 'kernel_shape')!.ints[0])

/** Convolutions whose weights are dequantized. */
export function quantizedLayers(quantized: Model): readonly Layer[] {
  const stored = new Set(quantized.proto.graph!.initializer.map(({ name }) => name))
  return convolutionsOf(quantized).flatMap((conv) => (stored.has(conv.input[1]!) ? [] : [layerOf(kernelOf(conv))]))
}

export interface PrecisionWorld {
  /** ms of one convolution, as float and in int8; default: 4 and 1. */
  readonly layerMs?: (layer: Layer) => readonly [float: number, int8: number]
  /** ms of a product by its kinds of operators; default: 4 as float, 1 otherwise. */
  readonly productMs?: (opTypes: readonly string[]) => number
  /** Noise over signal of a model with these layers quantized over ranges up to `high`; default: none. At most a hundredth is allowed. */
  readonly noise?: (layers: readonly Layer[], high: number) => number
  /** Of the time for a look at the outputs, ms. */
  readonly compareMs?: number
  readonly samples?: number
  readonly script?: Script
}

const CALL_MS = 0.01
/** Of a conversion, whatever its size. */
const CONVERSION_MS = 0.1
/** By method of calibration. */
export const HIGHS = { minmax: 8, percentile: 4, mse: 6 } as const

export interface ExampleBench extends PrecisionBench, Pick<ScriptedRunner, 'asked' | 'tasks'> {
  readonly steps: readonly string[]
  /** Layers of which outputs were compared, look by look. */
  readonly compared: readonly (readonly Layer[])[]
}

/** `folder`: where inputs are saved; models stay in memory. */
export function exampleBench(folder: string, world: PrecisionWorld = {}): ExampleBench {
  const { layerMs = () => [4, 1], productMs = (ops) => (ops.join() === 'MatMul' ? 4 : 1), noise = () => 0 } = world
  const files = new Map<string, Model>()
  const steps: string[] = []
  const compared: (readonly Layer[])[] = []
  let now = 0
  let names = 0

  function timeOf(file: string): number {
    const small = files.get(file)
    if (small === undefined) return CALL_MS
    const opTypes = small.proto.graph!.node.map(({ opType }) => opType).filter((opType) => opType !== 'Constant')
    const convolutions = convolutionsOf(small)
    if (convolutions.length === 0)
      return CALL_MS + (opTypes.length === 1 && /Linear$/.test(opTypes[0]!) ? CONVERSION_MS : productMs(opTypes))
    const [float, int8] = layerMs(layerOf(kernelOf(convolutions[0]!)))
    return CALL_MS + (quantizedLayers(small).length > 0 ? int8 : float * convolutions.length)
  }

  const noiseOf = (quantized: Model): number => {
    const layers = quantizedLayers(quantized)
    return layers.length === 0 ? 0 : noise(layers, highOf(quantized))
  }

  const trials = scriptedRunner({
    types: (_: TypesInput) => {
      const known = [...network.proto.graph!.node.flatMap(({ output }) => output), 'x']
      const asked = [...files.values()].at(-1)!
      if (convolutionsOf(asked).length > 0)
        return measured(Object.fromEntries(known.map((name) => [name, { dtype: 'float32', shape: SHAPE }])))
      return measured(Object.fromEntries(['x', 'y'].map((name) => [name, { dtype: 'float32', shape: [1, 64] }])))
    },
    'operator-times': ({ models }: OperatorTimesInput) =>
      measured(models.map(({ key, file }) => ({ key, roundsMs: [timeOf(file)] }))),
    calibrate: ({ methods, minMax, whole, known }: CalibrateInput) => {
      const values = [...minMax, ...whole].flatMap((one) => one.values).concat(Object.keys(known))
      const ranges = methods.map((method) => {
        const high = HIGHS[method as keyof typeof HIGHS]
        return [method, Object.fromEntries(values.map((value) => [value, { low: -high, high }]))]
      })
      return measured<CalibrateOutput>({ ranges: Object.fromEntries(ranges), means: {}, peaks: {}, peakBytes: 0 })
    },
    'layer-errors': async ({ written }: LayerErrorsInput) => {
      const rows: LayerError[] = []
      for await (const { key, file } of modelsOf(written, () => false))
        rows.push({ key, noise: noiseOf(files.get(file)!), reason: null })
      return measured(rows)
    },
    ...world.script,
  } as Script)

  const keep = (file: string, written: Model): string => {
    files.set(file, written)
    return file
  }
  const row = { dtype: 'float32' as const, shape: SHAPE, data: new Float32Array(256) }
  return {
    ...trials,
    engineId: 'ort-cpu',
    options: plainOptions,
    limits: { memoryBytes: 1e9, signal: undefined },
    folder,
    samples: Array.from({ length: world.samples ?? 1 }, () => ({ x: row })),
    p50Ms: 12,
    write: async (written, at) => ({ file: keep(path.join(at, 'model.onnx'), written), sizeBytes: 1000 }),
    writeVariants: (_, at) => async (variant, name) => keep(path.join(at, `${name}.onnx`), variant),
    writeBytes: (_, name) => `${name}.onnx`,
    nextName: (hint) => `${hint}-${names++}`,
    async compare(quantized) {
      compared.push(quantizedLayers(quantized))
      now += world.compareMs ?? 0
      const found = noiseOf(quantized)
      const sqnrDb = found > 0 ? -10 * Math.log10(found) : null
      return { ok: found <= 0.01, reason: `noise ${found}`, agreement: { sqnrDb } as Agreement }
    },
    nowMs: () => now,
    onStep: (step) => steps.push(step),
    steps,
    compared,
  }
}

/** The largest number that the scale of the input reaches: what its range was. */
function highOf({ proto }: Model): number {
  const quantizer = proto.graph!.node.find(({ opType }) => opType === 'QuantizeLinear')
  const scale = proto.graph!.initializer.find(({ name }) => name === quantizer?.input[1])
  const bytes = scale?.rawData.slice()
  return bytes === undefined ? 0 : Math.round((new Float32Array(bytes.buffer)[0]! * 255) / 2)
}

export const constraints = (rest: Partial<PrecisionConstraints> = {}): PrecisionConstraints => ({
  method: null,
  bits: null,
  calibration: null,
  allowStatic: true,
  options: DEFAULT_QUANTIZE_OPTIONS,
  budgetMs: 60_000,
  ...rest,
})
