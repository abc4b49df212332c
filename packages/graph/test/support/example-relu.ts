// The smallest model that runs, for tests that are not about the model.
import { model, modelInMemory, node, valueInfo } from '../../src/build.ts'
import type { Model } from '../../src/model.ts'
import type { Dimension } from '../../src/types.ts'

/** One Relu over an input of this shape. */
export const relu = (...shape: readonly Dimension[]): Model =>
  modelInMemory(
    model({
      nodes: [node('Relu', ['x'], ['y'])],
      inputs: [valueInfo('x', 'float32', shape)],
      outputs: [valueInfo('y', 'float32', shape)],
      name: 'relu.onnx',
    }),
  )
