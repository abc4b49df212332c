import { create } from '@bufbuild/protobuf'
import { model, node, valueInfo } from '@whyslow/graph/build.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { type ModelProto, TypeProtoSchema, type ValueInfoProto, ValueInfoProtoSchema } from 'onnx-buf'
import { expect } from 'vitest'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { zipmapRemoval } from './zipmap-removal.ts'

/** A sequence of maps from class to probability, as scikit-learn's export declares it. */
function maps(name: string): ValueInfoProto {
  const tensor = create(TypeProtoSchema, { value: { case: 'tensorType', value: { elemType: 1 } } })
  const map = create(TypeProtoSchema, { value: { case: 'mapType', value: { keyType: 7, valueType: tensor } } })
  return create(ValueInfoProtoSchema, { name, type: { value: { case: 'sequenceType', value: { elemType: map } } } })
}

const ML = { opsets: { 'ai.onnx.ml': 2 } }
const zipMap = (from: string, to: string) =>
  node({ opType: 'ZipMap', domain: 'ai.onnx.ml' }, [from], [to], { classlabels_int64s: [0, 1, 7] })
/** x -> Softmax -> ZipMap */
const classifier = (more: Partial<Parameters<typeof model>[0]> = {}): ModelProto =>
  model({
    nodes: [
      node('Softmax', ['x'], ['probabilities']),
      zipMap('probabilities', 'y'),
      node('ArgMax', ['x'], ['label'], { axis: 1 }),
    ],
    inputs: [valueInfo('x', 'float32', ['n', 3])],
    outputs: [valueInfo('label', 'int64', ['n', 1]), maps('y')],
    ...ML,
    ...more,
  })

checkRemedy(zipmapRemoval, {
  applies: [
    {
      name: 'a classifier: the tensor takes the name of the maps, and the place',
      model: classifier(),
      narrows: true,
      operators: ['ArgMax', 'Softmax'],
      changes: /^output 'y' is a float32 tensor with a column for each class \(0, 1, 7\), no sequence of maps$/,
      check: ({ setup }) => {
        expect(viewGraph(setup.model).outputs).toEqual([
          { name: 'label', kind: 'tensor', dtype: 'int64', shape: ['n', 1] },
          { name: 'y', kind: 'tensor', dtype: 'float32', shape: [null, 3] },
        ])
      },
    },
    {
      name: 'probabilities that are an output already: a copy bears the other name',
      model: classifier({
        outputs: [maps('y'), valueInfo('probabilities', 'float32', ['n', 3])],
        nodes: [node('Softmax', ['x'], ['probabilities']), zipMap('probabilities', 'y')],
      }),
      narrows: true,
      operators: ['Softmax', 'Identity'],
    },
  ],
  leaves: [
    {
      name: 'no ZipMap',
      model: classifier({ nodes: [node('Softmax', ['x'], ['y'])], outputs: [valueInfo('y', 'float32', ['n', 3])] }),
    },
  ],
})
