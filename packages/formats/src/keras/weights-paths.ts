// Arrays of a `.keras` model: at the path of the object that owns them, `layers/dense_1/vars/0`. keras/src/saving/saving_lib.py
import type { ConstantData } from '@whyslow/graph/builder/constant-data.ts'
import { type LayerTree, ownName } from '../layers/layer-tree.ts'
import { constantOf } from './arrays.ts'
import type { Hdf5Group } from './hdf5/hdf5-file.ts'
import type { FoundArrays } from './weights-h5.ts'

export interface KerasArchive {
  /** Root group of `model.weights.h5`. */
  readonly weights: Hdf5Group
  /** The text of a member by its exact name. */
  readonly text: (name: string) => string | undefined
}

/** The arrays of the model `root` in the archive, and the texts that its layers keep there. Throws InputError, naming the layer. */
export function arraysAtPaths(root: LayerTree, archive: KerasArchive, where: string): FoundArrays {
  const found = new Map<LayerTree, () => ReadonlyMap<string, ConstantData>>()
  const shared: LayerTree[] = []
  const visit = (tree: LayerTree, at: Hdf5Group | undefined, path: string): void => {
    const texts = textsOf(tree, path, archive)
    const owns = tree.slots.length > 0 || tree.kind.files !== undefined
    if (owns && tree.sharedId !== undefined && namesIn(at).length === 0 && texts.size === 0) shared.push(tree)
    else if (tree.slots.length > 0) found.set(tree, ownArrays(tree, at, where))
    else if (owns) found.set(tree, () => texts)
    for (const { slot, tree: child } of tree.children) {
      const counted = slot.attributes.find((attribute) => at?.group(attribute) !== undefined)
      const place = slot.attributes[0]!.startsWith('layers/') ? namedAs(child, counted, at) : counted
      visit(child, place === undefined ? undefined : at?.group(place), `${path}/${place}`)
    }
  }
  visit(root, archive.weights, 'assets')
  for (const tree of shared) {
    const twins = [...found].find(([other]) => isTwin(other, tree))?.[1]
    if (twins !== undefined || tree.slots.length > 0) found.set(tree, twins ?? ownArrays(tree, undefined, where))
  }
  return found
}

function textsOf({ kind }: LayerTree, path: string, { text }: KerasArchive): Map<string, ConstantData> {
  const texts = (kind.files ?? []).map((name) => [name, text(`${path}/${name}`)] as const)
  return new Map(
    texts.flatMap(([name, content]) => (content === undefined ? [] : [[name, { dtype: 'string', shape: [1], data: [content] }]])),
  )
}

/**
 * The path of a model's layer: the one that was counted to. Since Keras 3.6 groups bear the layer's name; where it is another's, the
 * one of that name is meant.
 */
function namedAs(tree: LayerTree, counted: string | undefined, at: Hdf5Group | undefined): string | undefined {
  const own = ownName(tree)
  const nameOf = (group: Hdf5Group | undefined) => group?.group('vars')?.attributes.get('name')?.[0]
  const told = counted === undefined ? undefined : nameOf(at?.group(counted))
  if (told === undefined || told === own) return counted
  const all = at?.group('layers')
  const other = all?.names.find((name) => nameOf(all.group(name)) === own)
  return other === undefined ? counted : `layers/${other}`
}

const namesIn = (at: Hdf5Group | undefined): readonly string[] => at?.group('vars')?.names ?? []

/** One layer in two models is written with its arrays once, where it comes first. */
function isTwin(a: LayerTree, b: LayerTree): boolean {
  return a.className === b.className && ownName(a) === ownName(b) && settings(a) === settings(b)
}

/** The configuration without the numbers of objects that stand elsewhere, too. */
function settings({ config }: LayerTree): string {
  return JSON.stringify(config.values, (key, value: unknown) => (key === 'shared_object_id' ? undefined : value))
}

function ownArrays(tree: LayerTree, at: Hdf5Group | undefined, where: string): () => ReadonlyMap<string, ConstantData> {
  const count = namesIn(at).length
  const vars = at?.group('vars')
  if (vars === undefined || count !== tree.slots.length)
    throw tree.config.refuse(`needs ${tree.slots.length} arrays, and the file has ${count}; save the model again`)
  const datasets = tree.slots.map(({ name }, index) => {
    const dataset = vars.dataset(String(index))
    if (dataset === undefined) throw tree.config.refuse(`has no array ${index} (${name}) in the file; save the model again`)
    return [name, dataset] as const
  })
  return () =>
    new Map(datasets.map(([name, dataset], index) => [name, constantOf(dataset, `${where}: '${tree.name}', array ${index}`)]))
}
