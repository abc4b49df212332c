// What is asked of a graph once its values are known: outputs that are one and the same scores.
import type { TabularModel } from '@whyslow/graph/forest/types.ts'
import type { ValueDeclaration } from '@whyslow/graph/types.ts'
import { rowTypeOf } from './inputs.ts'
import { type AnswerOutput, type CompilableModel, NotCompilable } from './source.ts'
import type { ScoredValue, Value } from './values.ts'

/** Weights of a network above which a call into a native engine is no longer what its prediction costs. */
export const MOST_WEIGHTS = 200_000

/** Throws NotCompilable if the outputs are of several scores. */
export function ofValues(
  { inputs, texts }: Pick<CompilableModel, 'inputs' | 'texts'>,
  outputs: readonly ValueDeclaration[],
  values: ReadonlyMap<string, Value>,
): CompilableModel {
  const tensors = outputs.filter(({ kind }) => kind === 'tensor')
  if (tensors.length === 0) throw new NotCompilable('it has no output that is a tensor')
  const found = tensors.map(({ name, dtype, shape }) => {
    const value = values.get(name)
    if (value === undefined) throw new NotCompilable(`its output ${JSON.stringify(name)} is none of its scores`)
    const scored = value.kind === 'label' ? value.of : toScores(value)
    return { name, dtype, shape, isLabel: value.kind === 'label', scored }
  })
  const longest = found.map(({ scored }) => scored).reduce((a, b) => (b.transform.length > a.transform.length ? b : a))
  const named = found.map(({ name, dtype, shape, isLabel, scored }): AnswerOutput => {
    if (scored.scores !== longest.scores) throw new NotCompilable('its outputs are of several scores')
    const rank = shape?.length === 1 ? 1 : 2
    if (isLabel) return { name, what: 'label', dtype: dtype ?? 'int64', rank: 1, columns: 1 }
    const isPrediction = scored.transform.length === longest.transform.length
    if (!isPrediction && scored.transform.length > 0) throw new NotCompilable('its outputs are neither scores nor predictions')
    return { name, what: isPrediction ? 'prediction' : 'margin', dtype: dtype ?? 'float32', rank, columns: scored.width }
  })
  const { prepare, scores, transform, label } = longest
  const featureCount = inputs.reduce((sum, { columns }) => sum + columns, 0)
  const model: TabularModel = {
    maker: 'onnx',
    objective: '',
    input: { dtype: rowTypeOf(inputs), featureCount },
    prepare,
    scores,
    transform,
    ...(label === undefined ? {} : { label }),
    notes: [],
  }
  return { model, inputs, texts, outputs: named }
}

export function toScores(value: Exclude<Value, { kind: 'label' }>): ScoredValue {
  if (value.kind === 'scored') return value
  const { prepare, layers, width } = value
  if (layers.length === 0) throw new NotCompilable('it scores nothing')
  const weights = layers.reduce((sum, layer) => sum + layer.weights.length, 0)
  if (weights > MOST_WEIGHTS) throw new NotCompilable(`its layers have ${weights} weights, above ${MOST_WEIGHTS}`)
  return layerScores({ prepare, layers, width })
}

/** Scores by layers; the row itself if there are none. */
export const layerScores = ({
  prepare,
  layers,
  width,
}: Pick<Extract<Value, { kind: 'row' }>, 'prepare' | 'layers' | 'width'>): ScoredValue => ({
  kind: 'scored',
  prepare,
  scores: { kind: 'network', precision: 'float32', outputCount: width, layers },
  transform: [],
  width,
})
