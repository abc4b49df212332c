// Features into numbers and labels out of them: the small operators of ai.onnx.ml around a model.
// https://onnx.ai/onnx/operators/index.html#ai-onnx-ml
import { elementCount } from '../dtype.ts'
import { numbersAttribute, textAttribute } from './attributes.ts'
import { defineFamily, type Formula, formula, type OperatorFacts, sameFor } from './family.ts'
import { keepsAxes, type ReadInput } from './input-use.ts'
import { costOf } from './work.ts'

const perElement = (simple: number): Formula => formula([], [0], (_, [y]) => ({ simpleOps: elementCount(y.shape) * simple }))

// MAX: a comparison; L1: absolute value, add; L2: square, add, and a root per row. A division per element.
const normalizer: Formula = formula([0], [0], ([x], [y], { node }) => {
  const elements = elementCount(y.shape)
  const norm = textAttribute(node, 'norm', 'MAX')
  const rows = x.shape.length > 1 ? x.shape[0]! : 1
  return { simpleOps: elements * (norm === 'MAX' ? 1 : 2), specialOps: elements + (norm === 'L2' ? rows : 0) }
})

// One table look-up per element.
const label: Formula = (context) => {
  const type = context.outputs[0] ?? context.inputs[0]
  const elements = type === undefined ? 0 : elementCount(type.shape)
  return costOf(context, { simpleOps: elements })
}

const moves: Formula = (context) => costOf(context, { movesDataOnly: true })
/** Maps are built or read entry by entry, with memory for each: not arithmetic. */
const maps: Formula = (context) => costOf(context, { note: 'building and reading maps is not counted' })

/** A number for each feature, or one for all. */
const aNumberEach: ReadInput = ({ node }) => {
  const names = ['offset', 'scale', 'imputed_value_floats']
  const numbers = names.map((name) => numbersAttribute(node, name)).find((one) => one !== undefined) ?? []
  return { axes: numbers.length > 1 ? [[-1, { meaning: 'features', size: numbers.length }]] : [], passes: 'same' }
}

const facts: OperatorFacts = {
  reads: { ...sameFor(['ai.onnx.ml:Scaler', 'ai.onnx.ml:Imputer'], aNumberEach), 'ai.onnx.ml:Normalizer': keepsAxes },
}

export const featuresFamily = defineFamily('features', facts, {
  // subtract the offset, multiply by the scale
  'ai.onnx.ml:Scaler': perElement(2),
  'ai.onnx.ml:Binarizer': perElement(1),
  'ai.onnx.ml:Imputer': perElement(1),
  'ai.onnx.ml:OneHotEncoder': perElement(1),
  'ai.onnx.ml:Normalizer': normalizer,
  ...sameFor(['ai.onnx.ml:LabelEncoder', 'ai.onnx.ml:CategoryMapper'], label),
  ...sameFor(['ai.onnx.ml:ArrayFeatureExtractor', 'ai.onnx.ml:FeatureVectorizer'], moves),
  ...sameFor(['ai.onnx.ml:ZipMap', 'ai.onnx.ml:CastMap', 'ai.onnx.ml:DictVectorizer'], maps),
})
