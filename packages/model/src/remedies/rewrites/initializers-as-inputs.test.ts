import { create } from '@bufbuild/protobuf'
import { floatTensor, model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { StringStringEntryProtoSchema, type TensorProto, TensorProto_DataLocation } from 'onnx-buf'
import { expect } from 'vitest'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { initializersAsInputs } from './initializers-as-inputs.ts'

/** y = x * w + b with w, and b where wanted, listed as inputs. */
const linear = (
  irVersion: number,
  weights: readonly TensorProto[] = [floatTensor('w', [3], [1, 2, 3]), floatTensor('b', [3], [4, 5, 6])],
) =>
  model({
    nodes: [node('Mul', ['x', 'w'], ['m']), node('Add', ['m', 'b'], ['y'])],
    inputs: [valueInfo('x', 'float32', ['n', 3]), valueInfo('w', 'float32', [3]), valueInfo('b', 'float32', [3])],
    outputs: [valueInfo('y', 'float32', ['n', 3])],
    initializers: weights,
    irVersion,
    opset: 8,
  })

/** The weight w, 3 floats from byte 8 on of weights.bin. */
function external(): Model {
  const entry = (key: string, value: string) => create(StringStringEntryProtoSchema, { key, value })
  const w = copyWith(floatTensor('w', [3], []), {
    dataLocation: TensorProto_DataLocation.EXTERNAL,
    externalData: [entry('location', 'weights.bin'), entry('offset', '8'), entry('length', '12')],
    rawData: undefined,
  })
  const bytes = new Uint8Array(20)
  bytes.set(new Uint8Array(Float32Array.from([7, 8, 9]).buffer), 8)
  const source = { sizeBytes: 20, read: (offset: number, length: number) => bytes.slice(offset, offset + length) }
  return { ...modelInMemory(linear(3, [w, floatTensor('b', [3], [4, 5, 6])])), weights: new Map([['weights.bin', source]]) }
}

const finding = { rule: 'initializers-as-inputs', timeMs: 6, wouldSaveMs: 6, nodes: [] }

checkRemedy(initializersAsInputs, {
  applies: [
    {
      name: 'IR 3, where every weight had to be listed: IR 4 then, and the saving that the experiment measured',
      model: linear(3),
      evidence: { findings: [finding] },
      changes: /^2 weights no longer/,
      check: ({ setup: { model: now }, predictedSavingMs }) => {
        expect(now.proto.irVersion).toBe(4n)
        expect(now.proto.graph!.input.map(({ name }) => name)).toEqual(['x'])
        expect(predictedSavingMs).toBe(6)
      },
    },
    {
      name: 'a later IR version stays; a saving that was not measured is not known',
      model: linear(8),
      evidence: { findings: [{ ...finding, timeMs: 0, wouldSaveMs: 0 }] },
      check: ({ setup: { model: now }, predictedSavingMs }) => {
        expect(now.proto.irVersion).toBe(8n)
        expect(predictedSavingMs).toBeNull()
      },
    },
    { name: 'weights in an external file', model: external(), check: ({ setup }) => expect(setup.model.weights.size).toBe(1) },
    {
      name: 'a weight that the user feeds stays an input',
      model: linear(8),
      evidence: {
        inputs: [
          { name: 'x', dtype: 'float32', shape: [2, 3], freeAxes: [] },
          { name: 'w', dtype: 'float32', shape: [3], freeAxes: [] },
        ],
      },
      changes: /^1 weight no longer/,
      check: ({ setup: { model: now } }) => {
        expect(now.proto.graph!.input.map(({ name }) => name)).toEqual(['x', 'w'])
        expect(viewGraph(now).constants.w!.isGraphInput).toBe(true)
      },
    },
  ],
  leaves: [
    {
      name: 'no weight is listed',
      model: model({
        nodes: [node('Mul', ['x', 'w'], ['y'])],
        inputs: [valueInfo('x', 'float32', [3])],
        outputs: [valueInfo('y', 'float32', [3])],
        initializers: [floatTensor('w', [3], [1, 2, 3])],
      }),
    },
  ],
})
