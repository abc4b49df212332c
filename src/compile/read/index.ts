// Whether a model can be compiled, and as what: a tree, linear or small network model as its maker's file says it, or a graph that is a
// chain from one input of rows to their scores.

import { widthAfterTransform } from '../../graph/forest/transform.ts'
import type { TabularModel } from '../../graph/forest/types.ts'
import { InputError } from '../../graph/input-error.ts'
import { type Model, tabularOf } from '../../graph/model.ts'
import { topologicalOrder } from '../../graph/topology.ts'
import type { ValueDeclaration } from '../../graph/types.ts'
import { viewGraph } from '../../graph/view.ts'
import { follow } from './chain.ts'
import { constantsFor } from './nodes.ts'
import { type AnswerOutput, type CompilableModel, NotCompilable } from './source.ts'
import type { ScoredValue, Value } from './values.ts'

export type { AnswerOutput, CompilableModel } from './source.ts'

/** Weights of a network above which a call into a native engine is no longer what its prediction costs. */
const MOST_WEIGHTS = 200_000

export type Compilable =
  | { readonly ok: true; readonly compilable: CompilableModel }
  /** `reason` follows 'it cannot be compiled: '. */
  | { readonly ok: false; readonly reason: string }

export function compilableOf(model: Model): Compilable {
  try {
    const tabular = tabularOf(model)
    return { ok: true, compilable: tabular === undefined ? ofGraph(model) : ofTabular(model, tabular) }
  } catch (error) {
    if (error instanceof NotCompilable || error instanceof InputError) return { ok: false, reason: error.message }
    throw error
  }
}

/** Under the names of the graph that was written of it. */
function ofTabular(model: Model, tabular: TabularModel): CompilableModel {
  const { inputs, outputs } = viewGraph(model)
  const named = outputs.map(({ name, dtype, shape }): AnswerOutput => {
    if (name !== 'margin' && name !== 'prediction' && name !== 'label') throw new NotCompilable('its outputs have other names')
    return { name, what: name, dtype: dtype ?? 'float32', rank: shape?.length === 1 ? 1 : 2, columns: columnsOf(name, tabular) }
  })
  return { model: tabular, input: { name: inputs[0]!.name, dtype: tabular.input.dtype }, outputs: named }
}

function columnsOf(what: AnswerOutput['what'], { scores, transform }: TabularModel): number {
  if (what === 'label') return 1
  const count = scores.outputCount
  return what === 'margin' ? count : transform.reduce((width, one) => widthAfterTransform(one, width), count)
}

function ofGraph(model: Model): CompilableModel {
  const { inputs, outputs } = viewGraph(model)
  const [input] = inputs
  if (inputs.length !== 1 || input === undefined) throw new NotCompilable(`it has ${inputs.length} inputs, not one`)
  if (input.dtype !== 'float32') throw new NotCompilable(`its input is ${input.dtype ?? 'no tensor'}, not float32`)
  const width = input.shape?.at(-1)
  if (input.shape?.length !== 2 || typeof width !== 'number')
    throw new NotCompilable('its input is not rows of a known number of features')
  const values = followAll(model, input.name, width)
  return joined(input, outputs, values)
}

function followAll(model: Model, input: string, width: number): ReadonlyMap<string, Value> {
  const graph = model.proto.graph!
  const order = topologicalOrder(graph)
  if (order.cyclic) throw new NotCompilable('its nodes are in a circle')
  const constants = constantsFor(model)
  const values = new Map<string, Value>([[input, { kind: 'row', prepare: [], layers: [], width }]])
  for (const node of order.nodes) {
    // What is no tensor no engine in Node hands over either.
    if (node.opType === 'Constant' || node.opType === 'ZipMap') continue
    const results = follow(node, values, constants)
    node.output.forEach((name, k) => {
      if (name === '') return
      if (results[k] === undefined) throw new NotCompilable(`its ${node.opType} has more outputs than are known here`)
      values.set(name, results[k])
    })
  }
  return values
}

/** Outputs of one and the same scores. */
function joined(
  input: ValueDeclaration,
  outputs: readonly ValueDeclaration[],
  values: ReadonlyMap<string, Value>,
): CompilableModel {
  const tensors = outputs.filter(({ kind }) => kind === 'tensor')
  if (tensors.length === 0) throw new NotCompilable('it has no output that is a tensor')
  const found = tensors.map(({ name, dtype, shape }) => {
    const value = values.get(name)
    if (value === undefined) throw new NotCompilable(`its output ${JSON.stringify(name)} is none of its scores`)
    const scored = value.kind === 'label' ? value.of : asScored(value)
    return { name, dtype, shape, isLabel: value.kind === 'label', scored }
  })
  const longest = found.map(({ scored }) => scored).reduce((a, b) => (b.transform.length > a.transform.length ? b : a))
  const named = found.map(({ name, dtype, shape, isLabel, scored }): AnswerOutput => {
    if (scored.scores !== longest.scores) throw new NotCompilable('its outputs are of several scores')
    const rank = shape?.length === 1 ? 1 : 2
    if (isLabel) return { name, what: 'label', dtype: dtype ?? 'int64', rank: 1, columns: 1 }
    const isPrediction = scored.transform.length === longest.transform.length
    if (!isPrediction && scored.transform.length > 0) throw new NotCompilable('its outputs stand between scores and predictions')
    return { name, what: isPrediction ? 'prediction' : 'margin', dtype: dtype ?? 'float32', rank, columns: scored.width }
  })
  const width = Number(input.shape!.at(-1))
  const model: TabularModel = {
    maker: 'onnx',
    objective: '',
    input: { dtype: 'float32', featureCount: width },
    prepare: longest.prepare,
    scores: longest.scores,
    transform: longest.transform,
    ...(longest.label === undefined ? {} : { label: longest.label }),
    notes: [],
  }
  return { model, input: { name: input.name, dtype: 'float32' }, outputs: named }
}

function asScored(value: Exclude<Value, { kind: 'label' }>): ScoredValue {
  if (value.kind === 'scored') return value
  const { prepare, layers, width } = value
  if (layers.length === 0) throw new NotCompilable('it scores nothing')
  const weights = layers.reduce((sum, layer) => sum + layer.weights.length, 0)
  if (weights > MOST_WEIGHTS) throw new NotCompilable(`its layers have ${weights} weights, above ${MOST_WEIGHTS}`)
  return {
    kind: 'scored',
    prepare,
    scores: { kind: 'network', precision: 'float32', outputCount: width, layers },
    transform: [],
    width,
  }
}
