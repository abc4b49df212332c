// The walk as a WebAssembly module, written for one forest. `rows(n)` takes one row after the other and walks `LANES` trees side by side:
// each step is a chain of loads that wait for each other, and only other trees' steps fill the wait. `block(n)` takes one tree after the
// other and walks `LANES` rows side by side, so that a tree that does not fit a cache is fetched once for many rows; `ranks(n)` is
// in rank-module.ts. All add a row's leaves in the order of the trees, so that their sums are the same to the last bit.

import { fillFunction } from './fill-slots.ts'
import { fullNodeBytes } from './full-trees.ts'
import { bytesOf, typeOf } from './number-types.ts'
import { ranksFunction } from './rank-module.ts'
import { addLeaf, startOutputs, withLeaf } from './walk-leaves.ts'
import type { Until, WalkSpec } from './walk-spec.ts'
import { LANES } from './walk-tables.ts'
import { encodeModule, type ValueType, type WasmFunction } from './wasm/bytes.ts'
import type { Code } from './wasm/code.ts'
import * as wasm from './wasm/code.ts'

const FILL = 0

export function walkModule(spec: WalkSpec): Uint8Array<ArrayBuffer> {
  const { memory } = spec
  const { ranks } = memory
  const functions = [fillFunction(spec), rowsFunction(spec), blockFunction(spec)]
  if (ranks !== null) functions.push(ranksFunction(spec, ranks, { code: fillRows(spec, [1, 2, 3, 4]), locals: 4 }))
  return encodeModule({ functions, memoryBytes: memory.totalBytes, data: [] })
}

/** Instructions of one step of a lane: the pointer in local `pointer` moves to a child. `moved`: the local that gathers ways, 0 once all stay. */
interface Lane {
  readonly pointer: number
  /** The slots of this lane's row: an address, and an offset from it. */
  readonly slots: Code | null
  readonly slotsAt: number
  readonly moved: number | null
}

function step({ tables: { layout } }: WalkSpec, { pointer, slots, slotsAt, moved }: Lane): Code {
  const isShort = layout.nodeBytes === 8
  const type = typeOf(layout.number)
  const at = wasm.get(pointer)
  const slot = isShort ? wasm.load('i32.load16_u', at, 4) : wasm.load('i32.load', at, 8)
  const way = isShort ? wasm.load('i32.load16_u', at, 6) : wasm.load('i32.load', at, 12)
  const value = wasm.load(`${type}.load`, slots === null ? slot : wasm.add(slots, slot), slotsAt)
  const second = wasm.apply(`${type}.ge`, value, wasm.load(`${type}.load`, at))
  const shift = wasm.constant(isShort ? 3 : 4)
  if (isShort) return child(pointer, wasm.add(at, wasm.apply('i32.shl', wasm.add(gathered(way, moved), second), shift)))
  return child(pointer, wasm.add(wasm.add(at, gathered(way, moved)), wasm.apply('i32.shl', second, shift)))
}

const child = (pointer: number, code: Code): Code => wasm.set(pointer, code)

/** The way itself, noted in `moved` on its way. */
function gathered(way: Code, moved: number | null): Code {
  if (moved === null) return way
  const kept = moved + 1
  return [...wasm.tee(kept, way), ...wasm.set(moved, wasm.apply('i32.or', wasm.get(moved), wasm.get(kept)))]
}

interface Locals {
  readonly count: number
  readonly moved: number
}

interface Full {
  /** Where the group's nodes stand, from the first tree's. */
  readonly nodes: number
  readonly leaves: number
  readonly pointer: (lane: number) => number
  /** A local for each lane. */
  readonly at: (lane: number) => number
}

/** All lanes of full trees, level by level, to their leaves' addresses; both locals of the group go on to the next. */
function fullDescent({ memory, tables: { layout } }: WalkSpec, { nodes, leaves, pointer, at }: Full): Code {
  const { depth, ...places } = memory.full!
  const type = typeOf(layout.number)
  const [size, nodeBytes, width] = [bytesOf(layout.number), fullNodeBytes(layout.number), 2 ** depth]
  const scaled = (value: Code, by: number) => wasm.apply('i32.shl', value, wasm.constant(Math.log2(by)))
  const level = (k: number): Code =>
    lanes.flatMap((lane) => {
      const offset = places.nodes + lane * width * nodeBytes
      const node = wasm.get(at(lane))
      const value = wasm.load(`${type}.load`, wasm.load('i32.load', node, offset + size), memory.slots)
      const second = wasm.apply(`${type}.ge`, value, wasm.load(`${type}.load`, node, offset))
      const [i, first] =
        k === 0 ? [wasm.constant(1), wasm.constant(2)] : [wasm.get(pointer(lane)), scaled(wasm.get(pointer(lane)), 2)]
      return [
        ...wasm.set(at(lane), wasm.add(wasm.get(nodes), scaled(i, nodeBytes))),
        ...wasm.set(pointer(lane), wasm.add(first, second)),
      ]
    })
  const leaf = (lane: number): Code => {
    const base = wasm.add(wasm.get(leaves), wasm.constant(places.leaves + (lane - 1) * width * size))
    return wasm.set(pointer(lane), wasm.add(base, scaled(wasm.get(pointer(lane)), size)))
  }
  return [
    ...Array.from({ length: depth }, (_, k) => level(k)).flat(),
    ...lanes.flatMap(leaf),
    ...wasm.advance(nodes, LANES * width * nodeBytes),
    ...wasm.advance(leaves, LANES * width * size),
  ]
}

/** All lanes, step by step, to their leaves. `count`: a local that counts down, set before. */
function descent(spec: WalkSpec, until: Until, lanes: readonly Omit<Lane, 'moved'>[], { count, moved }: Locals): Code {
  if (until === 'steps') {
    const body = [...lanes.flatMap((lane) => step(spec, { ...lane, moved: null })), ...wasm.advance(count, -1)]
    return wasm.ifElse(wasm.get(count), wasm.loopWhile(body, wasm.get(count)))
  }
  const body = [...wasm.set(moved, wasm.constant(0)), ...lanes.flatMap((lane) => step(spec, { ...lane, moved }))]
  return wasm.loopWhile(body, wasm.get(moved))
}

const lanes = [...Array(LANES).keys()]
const pointers: readonly ValueType[] = lanes.map(() => 'i32')

function rowsFunction(spec: WalkSpec): WasmFunction {
  const { memory, tables, outputCount, sum, compare } = spec
  const until = spec.until.rows
  const [count, input, output, tree, steps, acc, moved, kept] = [0, 1, 2, 3, 4, 5, 6, 7] as const
  const pointer = (lane: number) => kept + 1 + lane
  const group = kept + 1 + LANES
  const at = (lane: number) => group + 1 + lane
  const type = typeOf(sum)
  const isSingle = tables.leaves === 'values' && outputCount === 1
  const start = isSingle ? wasm.set(acc, wasm.load(`${type}.load`, wasm.constant(memory.starts))) : startOutputs(spec, output)
  const add = (lane: number): Code => {
    if (isSingle) return wasm.set(acc, withLeaf(spec, wasm.get(acc), pointer(lane)))
    return addLeaf(spec, { pointer: pointer(lane), output, tree, treeAt: 4 * lane, outputAt: 0 })
  }
  const walked = (how: Until): Code => [
    ...lanes.flatMap((lane) => wasm.set(pointer(lane), wasm.load('i32.load', wasm.get(tree), memory.roots + 4 * lane))),
    ...(how === 'steps' ? wasm.set(steps, wasm.load('i32.load', wasm.get(group), memory.steps)) : []),
    ...descent(
      spec,
      how,
      lanes.map((lane) => ({ pointer: pointer(lane), slots: null, slotsAt: memory.slots })),
      { count: steps, moved },
    ),
    ...(how === 'steps' ? wasm.advance(group, 4) : []),
  ]
  const trees = [
    ...(until === 'full' ? fullDescent(spec, { nodes: group, leaves: moved, pointer, at }) : walked(until)),
    ...lanes.flatMap(add),
    ...wasm.advance(tree, 4 * LANES),
  ]
  const row = [
    ...wasm.call(FILL, wasm.get(input), wasm.constant(memory.slots)),
    ...start,
    ...wasm.set(tree, wasm.constant(0)),
    ...wasm.set(group, wasm.constant(0)),
    ...wasm.set(moved, wasm.constant(0)),
    ...wasm.loopWhile(trees, wasm.apply('i32.lt_u', wasm.get(tree), wasm.constant(4 * tables.treeCount))),
    ...(isSingle ? wasm.store(`${type}.store`, wasm.get(output), wasm.get(acc)) : []),
    ...wasm.advance(input, memory.featureCount * bytesOf(compare)),
    ...wasm.advance(output, memory.outputBytes),
    ...wasm.advance(count, -1),
  ]
  return {
    exportedAs: 'rows',
    params: ['i32'],
    results: [],
    locals: ['i32', 'i32', 'i32', 'i32', type, 'i32', 'i32', ...pointers, 'i32', ...pointers],
    body: [
      ...wasm.set(input, wasm.constant(memory.input)),
      ...wasm.set(output, wasm.constant(memory.output)),
      ...wasm.loopWhile(row, wasm.get(count)),
    ],
  }
}

/** Slots of as many rows as local 0 says, one row behind the other, and their outputs at their start. */
function fillRows(spec: WalkSpec, [input, output, fillAt, rest]: readonly [number, number, number, number]): Code {
  const { memory, compare } = spec
  const fill = [
    ...wasm.call(FILL, wasm.get(input), wasm.get(fillAt)),
    ...startOutputs(spec, output),
    ...wasm.advance(input, memory.featureCount * bytesOf(compare)),
    ...wasm.advance(output, memory.outputBytes),
    ...wasm.advance(fillAt, memory.slotBytes),
    ...wasm.advance(rest, -1),
  ]
  return [
    ...wasm.set(input, wasm.constant(memory.input)),
    ...wasm.set(output, wasm.constant(memory.output)),
    ...wasm.set(fillAt, wasm.constant(memory.slots)),
    ...wasm.set(rest, wasm.get(0)),
    ...wasm.loopWhile(fill, wasm.get(rest)),
  ]
}

/** Rows in slots one behind the other: a block's slots are filled first. */
function blockFunction(spec: WalkSpec): WasmFunction {
  const { memory, tables } = spec
  const [count, input, output, tree, steps, slots, moved, kept] = [0, 1, 2, 3, 4, 5, 6, 7] as const
  const pointer = (lane: number) => kept + 1 + lane
  const [rest, most] = [kept + 1 + LANES, kept + 2 + LANES] as const
  const [fillAt, one] = [kept + 3 + LANES, kept + 4 + LANES] as const
  const eight = [
    ...lanes.flatMap((lane) => wasm.set(pointer(lane), wasm.get(one))),
    ...wasm.set(steps, wasm.get(most)),
    ...descent(
      spec,
      spec.until.block,
      lanes.map((lane) => ({ pointer: pointer(lane), slots: wasm.get(slots), slotsAt: memory.slots + lane * memory.slotBytes })),
      { count: steps, moved },
    ),
    ...lanes.flatMap((lane) =>
      addLeaf(spec, { pointer: pointer(lane), output, tree, treeAt: 0, outputAt: lane * memory.outputBytes }),
    ),
    ...wasm.advance(slots, LANES * memory.slotBytes),
    ...wasm.advance(output, LANES * memory.outputBytes),
    ...wasm.advance(rest, -LANES),
  ]
  const each = [
    ...wasm.set(one, wasm.load('i32.load', wasm.get(tree), memory.roots)),
    ...wasm.set(most, wasm.load('i32.load', wasm.get(tree), memory.treeSteps)),
    ...wasm.set(slots, wasm.constant(0)),
    ...wasm.set(output, wasm.constant(memory.output)),
    ...wasm.set(rest, wasm.get(count)),
    ...wasm.loopWhile(eight, wasm.apply('i32.gt_s', wasm.get(rest), wasm.constant(0))),
    ...wasm.advance(tree, 4),
  ]
  return {
    exportedAs: 'block',
    params: ['i32'],
    results: [],
    locals: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', ...pointers, 'i32', 'i32', 'i32', 'i32'],
    body: [
      ...fillRows(spec, [input, output, fillAt, rest]),
      ...wasm.set(tree, wasm.constant(0)),
      ...wasm.loopWhile(each, wasm.apply('i32.lt_u', wasm.get(tree), wasm.constant(4 * tables.treeCount))),
    ],
  }
}
