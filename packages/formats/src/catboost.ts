// CatBoost models as JSON: oblivious trees, or trees of any shape, over numeric features. Borders are float32, everything is added in double.
// https://github.com/catboost/catboost/blob/master/catboost/libs/model/json_model_helpers.cpp
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { tabularOfCatboost } from './catboost/document.ts'
import { readWhole } from './file.ts'
import { parseModelJson } from './tabular/json-text.ts'
import { DocumentRecord } from './tabular/record.ts'
import { tabularModel } from './tabular/tabular-model.ts'

const LIMIT_BYTES = 2 ** 31 - 1

/**
 * The model in `file`: input `input`, outputs `prediction`, `margin` and, of classifiers, `label`. Throws InputError if the file is damaged,
 * or has what is not numeric: categories, texts, embeddings, by name.
 */
export async function readCatboost(file: string): Promise<Model> {
  const bytes = readWhole(file, LIMIT_BYTES, 'a model above 2 GB is not read')
  const value = parseModelJson(bytes, file, 'convert the model to ONNX where it was trained')
  return tabularModel(guarded(new DocumentRecord(value, file), file), { file, format: 'catboost', parts: [bytes] })
}

/** Trees without end overflow the stack. */
function guarded(document: DocumentRecord, file: string): ReturnType<typeof tabularOfCatboost> {
  try {
    return tabularOfCatboost(document, file)
  } catch (error) {
    if (error instanceof RangeError) throw new InputError(`${file} nests its trees without end; save the model again`)
    throw error
  }
}
