// Keras models: `.h5` of Keras 1, 2 and 3 (HDF5) and `.keras` (a zip of configuration and weights). Nothing stored in them is run.
// https://keras.io/api/models/model_saving_apis/

import type { ConstantData } from '@whyslow/graph/builder/constant-data.ts'
import { GraphBuilder } from '@whyslow/graph/builder/graph-builder.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { readWhole } from './file.ts'
import { containerOf } from './keras/container.ts'
import { type Hdf5Group, openHdf5 } from './keras/hdf5/hdf5-file.ts'
import { parseRecord } from './keras/json.ts'
import { inWordsOfKeras2 } from './keras/keras1-config.ts'
import { arraysInLayerGroups, type FoundArrays } from './keras/weights-h5.ts'
import { arraysAtPaths } from './keras/weights-paths.ts'
import { openArchive } from './keras/zip.ts'
import { type Json, LayerConfig } from './layers/layer-config.ts'
import { bindArrays, type LayerTree, layerTree } from './layers/layer-tree.ts'
import { writeModel } from './layers/model.ts'
import { headOf } from './layers/serialized.ts'
import { builtModel } from './settle/built-model.ts'
import type { Dialect } from './tensorflow/dialect.ts'

/** Typed arrays of Node are that long at most. */
const LARGEST_BYTES = 2 ** 32

/**
 * The model in `file`. Throws InputError if the file cannot be read, is damaged, is two containers at once, holds weights alone, leads to
 * other files, or has a layer that is not known, with the layer's name.
 */
export async function readKeras(file: string): Promise<Model> {
  const bytes = readWhole(file, LARGEST_BYTES, 'save it in float16, or in parts')
  const container = containerOf(bytes, file)
  const { config, dialect, arrays } = container === 'keras' ? readArchive(bytes, file) : readHdf5(bytes, file)
  const head = headOf(config, { holder: new LayerConfig(file, 'the model', {}), around: '', fallback: '' })
  const tree = layerTree({ ...head, name: '' }, dialect)
  const found = arrays(tree)
  const none: ReadonlyMap<string, ConstantData> = new Map()
  const builder = new GraphBuilder()
  const whole = bindArrays(tree, (layer) => found.get(layer)?.() ?? none)
  try {
    writeModel(builder, whole)
  } catch (error) {
    // A layer says so of its own numbers; these are of the model.
    if (error instanceof RangeError)
      throw new InputError(`${file} has a number that it cannot have (${error.message}); save it again`)
    throw error
  }
  return builtModel(builder, { file, format: container, parts: [bytes] })
}

interface Parts {
  readonly config: Json
  readonly dialect: Dialect
  readonly arrays: (tree: LayerTree) => FoundArrays
}

function readHdf5(bytes: Uint8Array<ArrayBuffer>, file: string): Parts {
  const root = openHdf5(bytes, file)
  const text = textOf(root, 'model_config')
  if (text === undefined) throw new InputError(`${file} ${withoutModel(root)}`)
  const weights = root.group('model_weights') ?? root
  const dialect = dialectOf(textOf(root, 'keras_version') ?? textOf(weights, 'keras_version') ?? '1')
  const theano = (textOf(root, 'backend') ?? textOf(weights, 'backend')) === 'theano'
  const config = parseRecord(text, `${file}: model_config`)
  return {
    config: dialect === 'keras-1' ? inWordsOfKeras2(config) : config,
    dialect,
    arrays: (tree) => arraysInLayerGroups(tree, weights, { where: file, theano }),
  }
}

function withoutModel(root: Hdf5Group): string {
  const weights = root.attributes.has('layer_names') || root.attributes.has('layer_names0') || root.group('layers') !== undefined
  return weights
    ? 'holds weights alone, without the model that they belong to; load them into the model in Keras and save it with model.save()'
    : 'is an HDF5 file without a Keras model; save the model with model.save()'
}

function readArchive(bytes: Uint8Array<ArrayBuffer>, file: string): Parts {
  const archive = openArchive(bytes, file)
  const member = (name: string): string | undefined => {
    const content = archive.read(name)
    return content === undefined ? undefined : new TextDecoder().decode(content)
  }
  const config = member('config.json')
  const weights = archive.read('model.weights.h5')
  if (config === undefined) throw new InputError(`${file} has no config.json; save the model with model.save()`)
  if (weights === undefined) throw new InputError(`${file} has no model.weights.h5; save the model with model.save()`)
  const metadata = parseRecord(member('metadata.json') ?? '{}', `${file}: metadata.json`)
  return {
    config: parseRecord(config, `${file}: config.json`),
    dialect: dialectOf(String(metadata.keras_version ?? '3')),
    arrays: (tree) => arraysAtPaths(tree, { weights: openHdf5(weights, `${file}: model.weights.h5`), text: member }, file),
  }
}

const textOf = ({ attributes }: Hdf5Group, name: string): string | undefined => attributes.get(name)?.[0]

function dialectOf(version: string): Dialect {
  return version.startsWith('1') ? 'keras-1' : version.startsWith('2') ? 'keras-2' : 'keras-3'
}
