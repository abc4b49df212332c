import { floatTensor, type ModelParts, model, node, valueInfo } from '@whyslow/graph/build.ts'
import { evidence } from '../../../test/support/diagnose/example-evidence.ts'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { splitSkipLayerNorm } from './split-skip-layer-norm.ts'

const type = [2, 3, 4]
const vector = (name: string) => floatTensor(name, [4], [1, 2, 0.5, 4])
const make = (nodes: ModelParts['nodes'], outputs = ['y']) =>
  model({
    nodes,
    inputs: ['a', 'b'].map((name) => valueInfo(name, 'float32', type)),
    outputs: outputs.map((name) => valueInfo(name, 'float32', type)),
    initializers: ['scale', 'shift', 'bias'].map(vector),
    opsets: { 'com.microsoft': 1 },
  })
const skip = (inputs: readonly string[], outputs: readonly string[]) =>
  node({ opType: 'SkipLayerNormalization', domain: 'com.microsoft' }, inputs, outputs, { epsilon: { float: 1e-5 } })
const apart = make([
  node({ opType: 'Add', name: 'biased' }, ['a', 'bias'], ['d']),
  node({ opType: 'Add', name: 'residual' }, ['d', 'b'], ['s']),
  node({ opType: 'LayerNormalization', name: 'norm' }, ['s', 'scale', 'shift'], ['y'], { epsilon: 1e-5 }),
])
/** What the engine ran it as. */
const ranAs = (op: string) => {
  const ran = evidence({ nodes: [{ op, timeMs: 1 }] }).profile!
  return { profile: { ...ran, nodes: ran.nodes.map((one) => ({ ...one, origin: ['norm', 'residual', 'biased'] })) } }
}

checkRemedy(splitSkipLayerNorm, {
  applies: [
    {
      name: 'the operator in the file',
      model: make([skip(['a', 'b', 'scale', 'shift'], ['y'])]),
      operators: ['Sum', 'LayerNormalization'],
      changes: /1 residual sum computed separately/,
    },
    {
      name: 'with a bias, without a shift, the sum read by others',
      model: make([skip(['a', 'b', 'scale', '', 'bias'], ['y', '', '', 's']), node('Neg', ['s'], ['z'])], ['y', 'z']),
      operators: ['Sum', 'Neg', 'LayerNormalization'],
    },
    {
      name: 'fused by the engine',
      model: apart,
      evidence: ranAs('SkipLayerNormalization'),
      operators: ['Add', 'Sum', 'LayerNormalization'],
    },
  ],
  leaves: [
    { name: 'nothing is known of what the engine fuses', model: apart },
    { name: 'the engine runs them apart', model: apart, evidence: ranAs('LayerNormalization') },
  ],
})
