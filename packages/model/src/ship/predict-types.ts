// predict.d.ts: the types of the model's own inputs and outputs, by name. Arrays are those of onnxruntime's Tensor:
// https://onnxruntime.ai/docs/api/js/interfaces/Tensor.DataTypeMap.html

import type { DType } from '@whyslow/graph/types.ts'
import type { InputDeclaration } from '@whyslow/measure/engines/types.ts'
import type { ShipPlan } from './plan.ts'

/** Arrays keyed by element type of a tensor that the engine can take or give. float16 is the 16 bits of each number. */
const ARRAYS: Partial<Record<DType, string>> = {
  float32: 'Float32Array',
  float64: 'Float64Array',
  float16: 'Uint16Array',
  int8: 'Int8Array',
  int16: 'Int16Array',
  int32: 'Int32Array',
  int64: 'BigInt64Array',
  uint8: 'Uint8Array',
  uint16: 'Uint16Array',
  uint32: 'Uint32Array',
  uint64: 'BigUint64Array',
  bool: 'Uint8Array',
  int4: 'Uint8Array',
  uint4: 'Uint8Array',
  string: 'readonly string[]',
}

/** The typed array of an element type; undefined if the engine has none. */
export function arrayOf(dtype: DType | null): string | undefined {
  return dtype === null ? undefined : ARRAYS[dtype]
}

interface TypesPlan extends Pick<ShipPlan, 'inputs' | 'outputs' | 'toolVersion'> {
  readonly reuseOutputs: boolean
  /** The model is code. */
  readonly generated: boolean
  /** OpenVINO or LiteRT predicts. */
  readonly library?: boolean
}

/** predict.d.ts, and predict.d.mts, which TypeScript looks for where the module is imported by its path. */
export function predictTypes(plan: TypesPlan): string {
  const outputs = plan.outputs.filter(({ isTensor }) => isTensor)
  const reuse = plan.reuseOutputs ? '\n   * The next prediction may overwrite the results: read or copy them before it.' : ''
  const now = plan.generated ? PREDICT_NOW : ''
  return `// Types of predict.mjs. Written by whyslow ${plan.toolVersion}.

/** As onnxruntime's Tensor has them; a Tensor can be given as it is. */
export interface TensorLike<Type extends string, Data> {
  readonly type: Type
  readonly data: Data
  readonly dims: readonly number[]
}

export interface Feeds {
${plan.inputs.map(member).join('\n')}
}

export interface Results {
${outputs.map(member).join('\n')}
}

export interface Model {
  /**
   * One prediction. Rejects with a TypeError if an input is missing, unknown or of another type, with the engine's error if
   * it refuses a shape, and after close().${reuse}
   */
  predict(feeds: Feeds): Promise<Results>
  /** Ends the session, and its worker, after the predictions asked for. */
  close(): Promise<void>${now}
}

export interface LoadOptions {
  /** Predicts in a thread of its own, so that the event loop stays free; false by default. Tensors are copied to it and back. */
  readonly worker?: boolean${plan.library ? LIBRARY_OPTION : ''}
}

export function load(options?: LoadOptions): Promise<Model>
`
}

const LIBRARY_OPTION = `
  /**
   * The next prediction writes its results into the same arrays: read or copy them before it. false by default. In a worker
   * results are always copies.
   */
  readonly reuseOutputs?: boolean`

const PREDICT_NOW = `
  /** The same without a promise, which takes as long as a small model. Not of a model in a worker. Throws what predict() rejects with. */
  predictNow?(feeds: Feeds): Results`

function member({ name, dtype, shape }: InputDeclaration): string {
  const array = arrayOf(dtype)
  const type = array === undefined ? 'TensorLike<string, unknown>' : `TensorLike<'${dtype}', ${array}>`
  const comment = shape === null ? '' : `  /** ${shapeText(shape)} */\n`
  return `${comment}  readonly ${JSON.stringify(name)}: ${type}`
}

/** [N, 3, 224, 224], in a comment. A dimension without a name is '?'. */
function shapeText(shape: readonly (number | string)[]): string {
  return `[${shape.map((size) => (size === '' ? '?' : size)).join(', ')}]`.replaceAll('*/', '* /').replace(/\s+/g, ' ')
}
