// XGBoost models: JSON, UBJSON and the old binary format, told apart by their bytes, since endings do not tell them.
// https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html
import type { Model } from '@whyslow/graph/model.ts'
import { readWhole } from './file.ts'
import { parseModelJson } from './tabular/json-text.ts'
import { DocumentRecord } from './tabular/record.ts'
import { tabularModel } from './tabular/tabular-model.ts'
import { tabularOfXgboost } from './xgboost/learner.ts'
import { looksLikeOldBinary, readOldBinary } from './xgboost/old-binary.ts'
import { parseUbjson } from './xgboost/ubjson.ts'

/** Typed arrays of Node are that long at most. */
const LIMIT_BYTES = 2 ** 31 - 1

/**
 * The model in `file`: input `input`, outputs `prediction`, `margin` and, of classifiers, `label`. Throws InputError if the file is damaged
 * or has a booster or objective that is not known.
 */
export async function readXgboost(file: string): Promise<Model> {
  const bytes = readWhole(file, LIMIT_BYTES, 'a model above 2 GB is not read')
  const document = new DocumentRecord(documentIn(bytes, file), file)
  // A memory snapshot, as Python pickles hold it, has the configuration next to the model.
  const model = document.has('Model') ? document.record('Model') : document
  return tabularModel(tabularOfXgboost(model, file), { file, format: 'xgboost', parts: [bytes] })
}

function documentIn(bytes: Uint8Array<ArrayBuffer>, file: string): unknown {
  if (bytes[0] === 0x7b && bytes[1] === 0x4c) return parseUbjson(bytes, file)
  const isBinary = String.fromCharCode(...bytes.subarray(0, 4)) === 'binf' || looksLikeOldBinary(bytes)
  return isBinary ? readOldBinary(bytes, file) : parseModelJson(bytes, file, "save it as UBJSON: booster.save_model('model.ubj')")
}
