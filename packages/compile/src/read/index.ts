// Whether a model can be compiled, and as what: a tree, linear or small network model as its maker's file says it, or a graph that is a
// chain from one input of rows to their scores.

import { widthAfterTransform } from '@whyslow/graph/forest/transform.ts'
import type { TabularModel } from '@whyslow/graph/forest/types.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { type Model, tabularOf } from '@whyslow/graph/model.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { ofValues } from './answers.ts'
import { textsIn } from './categories.ts'
import { followAll } from './follow-all.ts'
import { compiledInputs, startValues } from './inputs.ts'
import { type AnswerOutput, type CompilableModel, NotCompilable } from './source.ts'

export type { AnswerOutput, AskedInput, CompilableModel } from './source.ts'

export type Compilability =
  | { readonly ok: true; readonly compilable: CompilableModel }
  /** `reason` follows 'it cannot be compiled: '. */
  | { readonly ok: false; readonly reason: string }

export function compilableOf(model: Model): Compilability {
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
  if (tabular.scores.kind === 'stacked') throw new NotCompilable('it is a model over the predictions of others')
  const { inputs, outputs } = viewGraph(model)
  const named = outputs.map(({ name, dtype, shape }): AnswerOutput => {
    if (name !== 'margin' && name !== 'prediction' && name !== 'label') throw new NotCompilable('its outputs have other names')
    return { name, what: name, dtype: dtype ?? 'float32', rank: shape?.length === 1 ? 1 : 2, columns: columnsOf(name, tabular) }
  })
  const { dtype, featureCount } = tabular.input
  return { model: tabular, inputs: [{ name: inputs[0]!.name, dtype, columns: featureCount }], texts: [], outputs: named }
}

function columnsOf(what: AnswerOutput['what'], { scores, transform }: TabularModel): number {
  if (what === 'label') return 1
  const count = scores.outputCount
  return what === 'margin' ? count : transform.reduce((width, one) => widthAfterTransform(one, width), count)
}

function ofGraph(model: Model): CompilableModel {
  const { inputs: declared, outputs } = viewGraph(model)
  const inputs = compiledInputs(declared)
  const texts = textsIn(model.proto.graph!.node)
  const values = followAll(model, { start: startValues(inputs), texts })
  return ofValues({ inputs, texts }, outputs, values)
}
