// What is known of a served model apart from its declarations: its graph, of which synthetic inputs are made.
import fs from 'node:fs'
import path from 'node:path'
import { readModel } from '@whyslow/formats/index.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import type { GraphView, ValueDeclaration } from '@whyslow/graph/types.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { takesNaN } from '@whyslow/measure/choose-inputs.ts'
import { knownValuesOf } from '@whyslow/measure/known-values.ts'
import type { KnownValues } from '@whyslow/measure/samples/known.ts'
import { ownPictures } from '@whyslow/measure/samples/metadata/own-pictures.ts'
import { type PictureNumbers, pictureNumbers } from '@whyslow/measure/samples/picture-numbers.ts'
import { pixelsIn, type WithPixels } from '@whyslow/measure/samples/synthetic.ts'
import type { ModelSpec } from '../../serve/protocol.ts'

export interface KnownModel {
  readonly graph: GraphView
  /** Where a preprocessor_config.json may lie. */
  readonly file: string
  readonly allowNaN: boolean
  /** What its own file says of the images that it takes; null: nothing. */
  readonly pictures: () => PictureNumbers | null
  /** What it reports about the values of its inputs. */
  readonly values: () => ReadonlyMap<string, KnownValues>
  /** Inputs that take photos, with the values that the model was trained on. */
  readonly withPixels: WithPixels
}

/** What the model's own graph reports about its inputs; of a folder whose model is no graph, what its server declares. */
export async function knownModel(file: string, served: ModelSpec): Promise<KnownModel> {
  const manifest = path.join(file, 'manifest.json')
  if (!fs.existsSync(manifest)) {
    const model = await readModel(file)
    return known(model, viewGraph(model), file)
  }
  const inner = path.join(file, String(JSON.parse(fs.readFileSync(manifest, 'utf8')).model))
  try {
    const model = await readModel(inner)
    const graph = viewGraph(model)
    if (sameNames(graph.inputs, served)) return known(model, graph, inner)
  } catch (error) {
    if (!(error instanceof InputError)) throw error
  }
  return {
    graph: declaredGraph(served),
    file: inner,
    allowNaN: true,
    pictures: () => null,
    values: () => new Map(),
    withPixels: (inputs) => inputs,
  }
}

function known(model: Model, graph: GraphView, file: string): KnownModel {
  const pictures = () => ownPictures(model)
  return {
    graph,
    file,
    allowNaN: takesNaN(model),
    pictures,
    values: () => knownValuesOf(model, graph),
    withPixels: pixelsIn(model, pictureNumbers(file, null, pictures)),
  }
}

const sameNames = (inputs: readonly ValueDeclaration[], served: ModelSpec): boolean =>
  inputs.length === served.inputs.length && inputs.every(({ name }) => served.inputs.some((one) => one.name === name))

function declaredGraph({ name, inputs }: ModelSpec): GraphView {
  const declared = inputs.map(
    (input): ValueDeclaration => ({
      name: input.name,
      kind: 'tensor',
      dtype: input.dtype,
      shape: input.shape?.map((size) => (size < 0 ? null : size)) ?? null,
    }),
  )
  return { name, nodes: [], inputs: declared, outputs: [], constants: {}, types: {} }
}
