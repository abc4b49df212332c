// scikit-learn models in .skops files: a zip of a description (schema.json) and arrays, read as data. Nothing in them is run.
// https://skops.readthedocs.io/en/stable/persistence.html
import { openZip } from '@whyslow/graph/archives/zip.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { readWhole } from './file.ts'
import { tabularOfEstimator } from './skops/estimator.ts'
import { InertObject, SkopsFile } from './skops/inert.ts'
import { parseModelJson } from './tabular/json-text.ts'
import { tabularModel } from './tabular/tabular-model.ts'

const LIMIT_BYTES = 2 ** 31 - 1
const AGAIN = 'save the model again with skops.io.dump'

/**
 * The model in `file`: input `input`, outputs `prediction`, `margin` and, of classifiers, `label`. Throws InputError if the file is damaged,
 * or holds an estimator or a transformer that is not read, by its name.
 */
export async function readSkops(file: string): Promise<Model> {
  const bytes = readWhole(file, LIMIT_BYTES, 'a model above 2 GB is not read')
  const archive = openZip(bytes, { where: file, again: AGAIN })
  const schema = archive.read('schema.json')
  if (schema === undefined) throw new InputError(`${file} has no schema.json; ${AGAIN}`)
  const root = parseModelJson(schema, `${file}: schema.json`, AGAIN)
  if (typeof root !== 'object' || root === null || Array.isArray(root))
    throw new InputError(`${file}: schema.json describes no object; ${AGAIN}`)
  const node = root as Readonly<Record<string, unknown>>
  const estimator = new InertObject(node, new SkopsFile(archive, node), file)
  return tabularModel(tabularOfEstimator(estimator, file), { file, format: 'skops', parts: [bytes] })
}
