// Dense layers as a WebAssembly module: `layer0(rows)`, `layer1(rows)` … Sums of four outputs (two in float64) lie in one vector, and each
// adds its products in the order of the inputs, one rounding each, so that they are those of `graph/forest/evaluate.ts` to the last bit.
// Activations other than relu are the caller's: `Math.tanh` and its like are not WebAssembly's.
import type { DenseLayer, Precision } from '@whyslow/graph/forest/types.ts'
import { bytesOf } from './number-types.ts'
import type { LayerPart, LayersScores } from './program.ts'
import { encodeModule, type ValueType, type WasmFunction } from './wasm/bytes.ts'
import type { Code } from './wasm/code.ts'
import * as wasm from './wasm/code.ts'

/** Vectors of sums that are gathered at once: what a machine's registers hold in addition to weights and inputs. */
const MOST_SUMS = 8
const VECTOR_BYTES = 16
const BLOCK_ROWS = 64

export interface PlacedLayers {
  readonly memory: LayersScores['memory']
  readonly layers: readonly LayerPart[]
}

/** Where layers and what goes between them lie in memory. */
/** `width`: numbers in a row. */
export function placeLayers(layers: readonly DenseLayer[], precision: Precision, width: number): PlacedLayers {
  const size = bytesOf(precision)
  const lanes = VECTOR_BYTES / size
  let next = 64
  const place = (count: number): number => {
    const at = next
    next = Math.ceil((at + count * size) / 64) * 64
    return at
  }
  const strides = layers.map(({ outputs }) => Math.ceil(outputs / lanes) * lanes)
  const values = [place(BLOCK_ROWS * width), ...strides.map((stride) => place(BLOCK_ROWS * stride))]
  const array = precision === 'float32' ? Float32Array : Float64Array
  const parts = layers.map((layer, k): LayerPart => {
    const { inputs, outputs, activation, alpha = 0 } = layer
    const stride = strides[k]!
    const weights = new array(inputs * stride)
    for (let i = 0; i < inputs; i++) for (let o = 0; o < outputs; o++) weights[i * stride + o] = layer.weights[o * inputs + i]!
    const bias = new array(stride)
    bias.set(layer.bias)
    return { inputs, outputs, stride, weights, bias, weightsAt: place(weights.length), biasAt: place(stride), activation, alpha }
  })
  return { memory: { totalBytes: next, values, blockRows: BLOCK_ROWS }, layers: parts }
}

export function layersModule({ memory, layers }: PlacedLayers, precision: Precision): Uint8Array<ArrayBuffer> {
  const functions = layers.map((layer, k) =>
    layerFunction(layer, {
      name: `layer${k}`,
      precision,
      from: memory.values[k]!,
      to: memory.values[k + 1]!,
      fromStride: k === 0 ? layer.inputs : layers[k - 1]!.stride,
    }),
  )
  return encodeModule({ functions, memoryBytes: memory.totalBytes, data: [] })
}

interface Around {
  readonly name: string
  readonly precision: Precision
  readonly from: number
  readonly to: number
  readonly fromStride: number
}

function layerFunction(layer: LayerPart, around: Around): WasmFunction {
  const { inputs, stride } = layer
  const size = bytesOf(around.precision)
  const [rows, from, to] = [0, 1, 2] as const
  const vectors = (stride * size) / VECTOR_BYTES
  const chunks = Array.from({ length: Math.ceil(vectors / MOST_SUMS) }, (_, c) => ({
    first: c * MOST_SUMS,
    count: Math.min(MOST_SUMS, vectors - c * MOST_SUMS),
  }))
  const row = [
    ...chunks.flatMap(({ first, count }) => chunk(layer, around, first, count)),
    ...wasm.advance(from, around.fromStride * size),
    ...wasm.advance(to, stride * size),
    ...wasm.advance(rows, -1),
  ]
  const sums: ValueType[] = Array.from({ length: MOST_SUMS + 1 }, () => 'v128')
  return {
    exportedAs: around.name,
    params: ['i32'],
    results: [],
    locals: ['i32', 'i32', 'i32', 'i32', ...sums],
    body:
      inputs === 0
        ? []
        : [
            ...wasm.set(from, wasm.constant(around.from)),
            ...wasm.set(to, wasm.constant(around.to)),
            ...wasm.loopWhile(row, wasm.get(rows)),
          ],
  }
}

/** Sums of some vectors of outputs of one row. */
function chunk(layer: LayerPart, { precision }: Around, first: number, count: number): Code {
  const [from, to, at, weight] = [1, 2, 3, 4] as const
  const [input, sum] = [5, (k: number) => 6 + k] as const
  const size = bytesOf(precision)
  const kind = precision === 'float32' ? 'f32x4' : 'f64x2'
  const all = [...Array(count).keys()]
  const offset = (k: number) => (first + k) * VECTOR_BYTES
  const add = (k: number): Code => {
    const product = wasm.vector(
      `${kind}.mul`,
      wasm.loadVector('v128.load', wasm.get(weight), layer.weightsAt + offset(k)),
      wasm.get(input),
    )
    return wasm.set(sum(k), wasm.vector(`${kind}.add`, wasm.get(sum(k)), product))
  }
  const step = [
    ...wasm.set(
      input,
      wasm.loadVector(
        precision === 'float32' ? 'v128.load32_splat' : 'v128.load64_splat',
        wasm.add(wasm.get(from), wasm.get(at)),
      ),
    ),
    ...all.flatMap(add),
    ...wasm.advance(at, size),
    ...wasm.advance(weight, layer.stride * size),
  ]
  const result = (k: number): Code =>
    layer.activation === 'relu' ? wasm.vector(`${kind}.pmax`, wasm.get(sum(k)), wasm.zeros()) : wasm.get(sum(k))
  return [
    ...all.flatMap((k) => wasm.set(sum(k), wasm.loadVector('v128.load', wasm.constant(layer.biasAt + offset(k))))),
    ...wasm.set(at, wasm.constant(0)),
    ...wasm.set(weight, wasm.constant(0)),
    ...wasm.loopWhile(step, wasm.apply('i32.lt_u', wasm.get(at), wasm.constant(layer.inputs * size))),
    ...all.flatMap((k) => wasm.storeVector(wasm.get(to), result(k), offset(k))),
  ]
}
