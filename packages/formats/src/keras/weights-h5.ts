// Arrays of a `.h5` model: one group a layer, its arrays in the order trainable, then not trainable, over all that the layer holds.
// keras/src/legacy/saving/legacy_h5_format.py; tf_keras/saving/legacy/hdf5_format.py
import type { ConstantData } from '@whyslow/graph/builder/constant-data.ts'
import { type LayerTree, type OwnedSlot, ownName, slotsOf } from '../layers/layer-tree.ts'
import { constantOf } from './arrays.ts'
import type { Hdf5Group } from './hdf5/hdf5-file.ts'
import { FLIPPED_BY_THEANO, flip, GATE_ARRAY_COUNTS, joinedGates, kernelOfKeras1 } from './old-arrays.ts'

/** For each layer what reads its arrays, by the names of its slots; it throws InputError if one holds no numbers. */
export type FoundArrays = ReadonlyMap<LayerTree, () => ReadonlyMap<string, ConstantData>>

/**
 * The arrays of the model `root` in the group that lists its layers (`model_weights`). `theano`: it was saved by Keras on Theano.
 * Throws InputError, naming the layer.
 */
export function arraysInLayerGroups(
  root: LayerTree,
  group: Hdf5Group,
  { where, theano }: { readonly where: string; readonly theano: boolean },
): FoundArrays {
  const found = new Map<LayerTree, Map<string, () => ConstantData>>()
  for (const [layer, names, own] of pairs(root, group)) {
    const now = slotsOf(layer)
    const old = now.flatMap(slotsOfKeras1)
    const slots = names.length === now.length ? now : old
    if (names.length !== slots.length)
      throw layer.config.refuse(
        `needs ${now.length} arrays, and the file has ${names.length}; save the model again, with its weights`,
      )
    for (const [index, { owner, slot }] of slots.entries()) {
      const dataset = own.dataset(names[index]!)
      if (dataset === undefined) throw layer.config.refuse(`has no array '${names[index]}' in the file; save the model again`)
      const arrays = found.get(owner) ?? new Map()
      found.set(
        owner,
        arrays.set(slot.name, () => constantOf(dataset, `${where}: '${names[index]}'`)),
      )
    }
  }
  return new Map([...found].map(([owner, arrays]) => [owner, () => asOfToday(owner, allRead(arrays), theano)]))
}

const allRead = (arrays: ReadonlyMap<string, () => ConstantData>): Map<string, ConstantData> =>
  new Map([...arrays].map(([name, read]) => [name, read()]))

/** Cells of Keras 1 have three arrays for each gate: kernel, recurrent kernel, bias. */
function slotsOfKeras1({ owner, slot }: OwnedSlot): OwnedSlot[] {
  const count = owner.dialect === 'keras-1' ? GATE_ARRAY_COUNTS[owner.className] : undefined
  if (count === undefined) return [{ owner, slot }]
  const parts = owner.slots.length
  if (owner.slots.indexOf(slot) > 0 || parts !== 3) return []
  return Array.from({ length: count }, (_, k) => ({ owner, slot: { name: `gate ${k}`, trained: true } }))
}

/** Arrays of old files in the layout of today. */
function asOfToday(owner: LayerTree, stored: Map<string, ConstantData>, theano: boolean): Map<string, ConstantData> {
  const arrays = new Map(stored)
  if (stored.has('gate 0')) {
    const joined = joinedGates(owner, [...stored.values()])
    for (const [k, { name }] of owner.slots.entries()) arrays.set(name, joined[k]!)
  }
  const kernel = arrays.get('kernel')
  if (kernel === undefined) return arrays
  const turned = owner.dialect === 'keras-1' ? kernelOfKeras1(owner, kernel) : kernel
  if (!theano || !FLIPPED_BY_THEANO.has(owner.className)) return arrays.set('kernel', turned)
  const recurrent = arrays.get('recurrent_kernel')
  if (recurrent !== undefined) arrays.set('recurrent_kernel', flip(recurrent))
  return arrays.set('kernel', flip(turned))
}

/** Layers that own arrays with the names of theirs: by the layers' names, or in order where names changed. */
function pairs(root: LayerTree, group: Hdf5Group): [LayerTree, readonly string[], Hdf5Group][] {
  const layers = listedLayers(root).filter((tree) => slotsOf(tree).length > 0)
  const listed = (textsOf(group, 'layer_names') ?? []).flatMap((name) => {
    const own = group.group(name)
    const names = own === undefined ? [] : (textsOf(own, 'weight_names') ?? [])
    return own === undefined || names.length === 0 ? [] : [{ name, names, own }]
  })
  const byName = new Map(listed.map((one) => [one.name, one]))
  const named = layers.every((layer) => byName.has(ownName(layer)))
  return layers.map((layer, index) => {
    const one = named ? byName.get(ownName(layer)) : listed[index]
    if (one === undefined || (!named && listed.length !== layers.length))
      throw layer.config.refuse(`has no arrays in the file; save the model again, with its weights`)
    return [layer, one.names, one.own]
  })
}

/** The model's layers; Keras 1 lists those of a Sequential in a Sequential among its own. */
function listedLayers(root: LayerTree): LayerTree[] {
  return root.children.flatMap(({ tree }) =>
    tree.dialect === 'keras-1' && root.className === 'Sequential' && tree.className === 'Sequential'
      ? listedLayers(tree)
      : [tree],
  )
}

/** A list of texts; lists above 64 KB stand in pieces: layer_names0, layer_names1 … */
function textsOf({ attributes }: Hdf5Group, name: string): readonly string[] | undefined {
  const whole = attributes.get(name)
  if (whole !== undefined || attributes.has(name)) return whole ?? []
  const pieces: string[] = []
  for (let k = 0; attributes.get(`${name}${k}`) !== undefined; k++)
    for (const piece of attributes.get(`${name}${k}`)!) pieces.push(piece)
  return attributes.get(`${name}0`) === undefined ? undefined : pieces
}
