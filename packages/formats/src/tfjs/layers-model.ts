// A layers model: Keras' configuration of layers, as Keras 2 writes it, and weights named by their layers.
// https://github.com/tensorflow/tfjs/blob/master/tfjs-layers/src/engine/container.ts (loadWeights)

import type { ConstantData } from '@whyslow/graph/builder/constant-data.ts'
import { GraphBuilder } from '@whyslow/graph/builder/graph-builder.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { type Json, LayerConfig } from '../layers/layer-config.ts'
import {
  bindArrays,
  type LayerTree,
  layerTree,
  type OwnedSlot,
  ownName,
  restOf,
  slotsOf,
  trainableOf,
} from '../layers/layer-tree.ts'
import { writeModel } from '../layers/model.ts'
import { isModel } from '../layers/model-config.ts'
import { headOf } from '../layers/serialized.ts'
import type { Dialect } from '../tensorflow/dialect.ts'
import { entry, type ModelJson } from './model-json.ts'

type Weights = ReadonlyMap<string, ConstantData>
type Assigned = Map<LayerTree, Map<string, ConstantData>>

/** Throws InputError, naming the layer, where a layer is not known or has no weights of its own. */
export function writeLayersModel(model: ModelJson, weights: Weights): GraphBuilder {
  const { topology, file } = model
  const config = entry(topology, 'model_config') ?? topology
  const head = headOf(config, { holder: new LayerConfig(file, 'the model', {}), around: '', fallback: '' })
  const tree = layerTree({ ...head, name: '' }, dialectOf(entry(topology, 'keras_version')))
  const assigned = assign(tree, weights)
  if (assigned instanceof InputError) throw assigned
  const builder = new GraphBuilder()
  const none: ReadonlyMap<string, ConstantData> = new Map()
  writeModel(
    builder,
    bindArrays(tree, (layer) => assigned.get(layer) ?? none),
  )
  return builder
}

/** What Keras 3 saved has its constants; all else is what TensorFlow.js makes of it, which follows Keras 2. */
function dialectOf(version: Json | undefined): Dialect {
  return typeof version === 'string' && Number.parseInt(version, 10) >= 3 ? 'keras-3' : 'tfjs'
}

/** Assigns arrays by the names of layers; if these do not lead to every array, by order. */
function assign(tree: LayerTree, weights: Weights): Assigned | InputError {
  const byName = assignByName(unitsOf(tree), weights)
  if (!(byName instanceof InputError)) return byName
  return assignInOrder(slotsOf(tree), weights) ?? assignInOrder([...trainableOf(tree), ...restOf(tree)], weights) ?? byName
}

/** Layers that are no models, with all that they hold; those of models in the model stand in its place. */
function unitsOf(tree: LayerTree): LayerTree[] {
  return tree.children.flatMap(({ tree: inner }) => (isModel(inner) ? unitsOf(inner) : [inner]))
}

interface Named {
  readonly name: string
  readonly parts: readonly string[]
  readonly data: ConstantData
}

function assignByName(units: readonly LayerTree[], weights: Weights): Assigned | InputError {
  const all = [...weights].map(([name, data]): Named => ({ name, parts: name.replace(/:0$/, '').split('/'), data }))
  const assigned: Assigned = new Map()
  const taken = new Set<string>()
  for (const unit of units) {
    const slots = slotsOf(unit)
    if (slots.length === 0) continue
    const own = weightsOf(
      unit,
      slots.length,
      all.filter(({ name }) => !taken.has(name)),
    )
    if (own.length !== slots.length) {
      const names = own.length === 0 ? 'the file has none of its name' : `the file has ${own.length}`
      return unit.config.refuse(`needs ${slots.length} arrays, and ${names}; save or convert the model again`)
    }
    const pairs = pairsOf(slots, own)
    if (pairs === undefined)
      return unit.config.refuse(
        `has arrays whose names are not known (${own.map(({ name }) => name).join()}); convert the model again`,
      )
    for (const [{ owner, slot }, { name, data }] of pairs) {
      taken.add(name)
      put(assigned, { owner, slot }, data)
    }
  }
  return assigned
}

function put(assigned: Assigned, { owner, slot }: OwnedSlot, data: ConstantData): void {
  assigned.set(owner, (assigned.get(owner) ?? new Map<string, ConstantData>()).set(slot.name, data))
}

/** Names begin with the layer's, or with those of the models around it. */
function weightsOf(unit: LayerTree, count: number, all: readonly Named[]): readonly Named[] {
  const path = unit.name.split('/')
  const own = ownName(unit)
  const inside = new Set(slotsOf(unit).map(({ owner }) => ownName(owner)))
  const places: readonly ((parts: readonly string[]) => boolean)[] = [
    (parts) => path.every((part, k) => parts[k] === part) && parts.length > path.length,
    (parts) => parts[0] === own,
    (parts) => parts.slice(0, -1).includes(own),
    // Wrappers leave their own name out: 'forward_lstm/kernel'.
    (parts) => inside.has(parts[0]!),
  ]
  const found = places.map((isOwn) => all.filter(({ parts }) => isOwn(parts)))
  return found.find((some) => some.length === count) ?? found.find((some) => some.length > 0) ?? []
}

/** Pairs by the last part of a name if that alone identifies the slot, else in order. */
function pairsOf(slots: readonly OwnedSlot[], own: readonly Named[]): (readonly [OwnedSlot, Named])[] | undefined {
  const byName = slots.map(({ slot }) => own.filter(({ parts }) => parts.at(-1) === slot.name))
  if (byName.every((found) => found.length === 1)) return slots.map((slot, k) => [slot, byName[k]![0]!])
  return slots.every(({ slot }, k) => isNamedAs(slot.name, own[k]!.parts)) ? slots.map((slot, k) => [slot, own[k]!]) : undefined
}

/** Keras 3 numbers arrays in place of names. */
const isNamedAs = (slot: string, parts: readonly string[]): boolean => parts.at(-1) === slot || /^\d+$/.test(parts.at(-1)!)

function assignInOrder(slots: readonly OwnedSlot[], weights: Weights): Assigned | undefined {
  const all = [...weights]
  if (all.length !== slots.length) return undefined
  const assigned: Assigned = new Map()
  for (const [k, { owner, slot }] of slots.entries()) {
    const [name, data] = all[k]!
    if (!isNamedAs(slot.name, name.split('/'))) return undefined
    put(assigned, { owner, slot }, data)
  }
  return assigned
}
