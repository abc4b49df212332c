// TensorFlow.js: a model.json, which holds Keras layers or a frozen TensorFlow graph, and files of weights next to it.
// https://github.com/tensorflow/tfjs/blob/master/tfjs-core/src/io/types.ts
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { builtModel } from './settle/built-model.ts'
import { writeGraphModel } from './tfjs/graph-model.ts'
import { writeLayersModel } from './tfjs/layers-model.ts'
import { readModelJson } from './tfjs/model-json.ts'
import { readWeights } from './tfjs/weights.ts'

/**
 * The model in `file`. Throws InputError, naming the layer or node, where the file is damaged, its weights are missing, too few or
 * outside its folder, or it holds what ONNX cannot.
 */
export async function readTfjs(file: string): Promise<Model> {
  const json = readModelJson(file)
  const weights = readWeights(json)
  const write = json.kind === 'layers' ? writeLayersModel : writeGraphModel
  const builder = guarded(file, () => write(json, weights.tensors))
  return builtModel(builder, { file, format: 'tfjs', parts: [json.bytes, weights.bytes] })
}

/** A graph that calls itself without end overflows the stack. */
function guarded<Result>(file: string, write: () => Result): Result {
  try {
    return write()
  } catch (error) {
    if (error instanceof RangeError)
      throw new InputError(`${file} nests its operators without end, or has sizes that do not fit: ${error.message}`)
    throw error
  }
}
