// The models in a folder, by name as model hubs arrange them, and what a folder is that names none or several.
import fs from 'node:fs'
import path from 'node:path'
import { identifyFile, isModelFormat } from './identify.ts'

/** How files are called that are read: of TensorFlow.js its one file of that name, the others hold its weights. */
const MODEL_NAME = /\.(onnx|h5|hdf5|keras|tflite|ubj|skops)$|(^|[\\/])model\.json$/i
/** Models of trees and of TensorFlow.js may have any such name, as other files do. */
const MAYBE_MODEL = /\.(json|txt)$/i

/** Paths of the models in the folder, or one folder below it: none is opened whose name says that it is one. */
export function modelsInFolder(folder: string): readonly string[] {
  const entries = list(folder)
  const below = entries.flatMap((entry) => list(path.join(folder, entry)).map((inner) => path.join(entry, inner)))
  const named = [...entries, ...below].filter((entry) => MODEL_NAME.test(entry))
  const others = entries.filter((entry) => !MODEL_NAME.test(entry) && MAYBE_MODEL.test(entry))
  return [...named, ...others.filter((entry) => isModel(path.join(folder, entry)))].map((entry) => path.join(folder, entry))
}

/** The one model of a folder; undefined: it holds none, or several, which nobody but the user can choose from. */
export function onlyModelIn(folder: string): string | undefined {
  const [first, second] = modelsInFolder(folder)
  return second === undefined ? first : undefined
}

/** What to give in place of a folder, in one line. */
export function adviceOnFolder(folder: string): string {
  const models = modelsInFolder(folder)
  if (models.length > 0) {
    const shown = models.slice(0, 3)
    const more = models.length > shown.length ? ` (and ${models.length - shown.length} more)` : ''
    return `${folder} is a directory; name the model in it: ${shown.join(', ')}${more}`
  }
  if (list(folder).includes('saved_model.pb')) {
    return `${folder} is a TensorFlow SavedModel; convert it: python -m tf2onnx.convert --saved-model ${folder} --output model.onnx`
  }
  return `${folder} is a directory without a model that is read; name a model file`
}

function isModel(file: string): boolean {
  try {
    return isModelFormat(identifyFile(file).format)
  } catch {
    return false
  }
}

/** Names in a folder, sorted; none if it is not a folder or may not be read. */
function list(folder: string): string[] {
  try {
    return fs.readdirSync(folder).sort()
  } catch {
    return []
  }
}
