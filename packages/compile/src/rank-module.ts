// The function `ranks` of a walk's module: see rank-tables.ts. Rows become columns of ranks by binary search, four rows at a time; then tree by
// tree, node by node, 16 rows in a vector. It adds leaves in the order of the trees, as the other functions do.
import { bytesOf, typeOf } from './number-types.ts'
import { GROUP_ROWS, HIGH_BYTES, LOW_BYTES, RANK_BIAS, SEARCH_WORDS, TREE_WORDS, VECTOR_ROWS } from './rank-tables.ts'
import { addLeaf } from './walk-leaves.ts'
import type { RanksMemory } from './walk-memory.ts'
import type { WalkSpec } from './walk-spec.ts'
import { LANES } from './walk-tables.ts'
import type { ValueType, WasmFunction } from './wasm/bytes.ts'
import type { Code } from './wasm/code.ts'
import * as wasm from './wasm/code.ts'

const ROWS_AT_ONCE = 4
const MOST_RANK = 255

/** `before`: fills slots and outputs of as many rows as local 0 says, by the locals that stand before those here. */
export function ranksFunction(
  spec: WalkSpec,
  ranks: RanksMemory,
  before: { readonly code: Code; readonly locals: number },
): WasmFunction {
  const first = 1 + before.locals
  const numbers: readonly ValueType[] = Array.from({ length: ROWS_AT_ONCE }, () => typeOf(spec.tables.layout.number))
  const integers = Math.max(SEARCH_LOCALS, TREE_LOCALS)
  const vectors = first + integers
  return {
    exportedAs: 'ranks',
    params: ['i32'],
    results: [],
    locals: [...Array<ValueType>(before.locals + integers).fill('i32'), 'v128', 'v128', ...numbers],
    body: [
      ...before.code,
      ...searchCode(spec, ranks, first, vectors + 2),
      ...wasm.ifElse(
        wasm.apply('i32.le_u', wasm.get(0), wasm.constant(VECTOR_ROWS)),
        treesCode(spec, ranks, { first, vectors, width: 1 }),
        treesCode(spec, ranks, { first, vectors, width: GROUP_ROWS / VECTOR_ROWS }),
      ),
    ],
  }
}

const SEARCH_LOCALS = 8 + ROWS_AT_ONCE
const each = [...Array(ROWS_AT_ONCE).keys()]

/** Columns of ranks of all rows, slot by slot. `x`: the first of this many locals of the slots' type. */
function searchCode({ tables: { layout, slots }, memory }: WalkSpec, ranks: RanksMemory, first: number, x: number): Code {
  const [search, slot, row, from, base, bits, step, column] = [0, 1, 2, 3, 4, 5, 6, 7].map((k) => first + k) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const place = (k: number) => first + 8 + k
  const size = bytesOf(layout.number)
  const type = typeOf(layout.number)
  const word = (k: number): Code => wasm.load('i32.load', wasm.get(search), ranks.searches + 4 * k)
  const halve = [
    ...wasm.advance(bits, -1),
    ...wasm.set(step, wasm.apply('i32.shl', wasm.constant(size), wasm.get(bits))),
    ...each.flatMap((k) => {
      // The last of the lower half, at `step` minus one number: its address stays above 0, since other tables stand before.
      const middle = wasm.load(`${type}.load`, wasm.add(wasm.get(place(k)), wasm.get(step)), ranks.thresholds - size)
      const isAbove = wasm.apply(`${type}.ge`, wasm.get(x + k), middle)
      return wasm.set(place(k), wasm.add(wasm.get(place(k)), wasm.apply('select', wasm.get(step), wasm.constant(0), isAbove)))
    }),
  ]
  const rank = (k: number): Code => {
    const least = wasm.apply(
      'select',
      wasm.get(place(k)),
      wasm.constant(MOST_RANK),
      wasm.apply('i32.lt_s', wasm.get(place(k)), wasm.constant(MOST_RANK)),
    )
    const zero = wasm.apply('i32.lt_s', wasm.get(place(k)), wasm.constant(0))
    return wasm.add(wasm.apply('select', wasm.constant(0), least, zero), wasm.constant(-RANK_BIAS))
  }
  const write = [
    ...each.flatMap((k) => [
      ...wasm.store('i32.store8', wasm.add(wasm.get(column), wasm.get(row)), rank(k), ranks.columns + k),
      ...wasm.advance(place(k), -MOST_RANK),
    ]),
    ...wasm.advance(column, GROUP_ROWS),
  ]
  const rows = [
    ...wasm.set(base, word(0)),
    ...wasm.set(bits, word(1)),
    ...each.flatMap((k) => [
      ...wasm.set(place(k), wasm.get(base)),
      ...wasm.set(x + k, wasm.load(`${type}.load`, wasm.get(from), k * memory.slotBytes)),
    ]),
    ...wasm.ifElse(wasm.get(bits), wasm.loopWhile(halve, wasm.get(bits))),
    ...each.flatMap((k) =>
      wasm.set(
        place(k),
        wasm.apply('i32.shr_u', wasm.apply('i32.sub', wasm.get(place(k)), wasm.get(base)), wasm.constant(Math.log2(size))),
      ),
    ),
    ...wasm.set(column, word(2)),
    ...wasm.loopWhile(write, wasm.apply('i32.le_u', wasm.get(column), word(3))),
    ...wasm.advance(from, ROWS_AT_ONCE * memory.slotBytes),
    ...wasm.advance(row, ROWS_AT_ONCE),
  ]
  const slotCode = [
    ...wasm.set(from, wasm.get(slot)),
    ...wasm.set(row, wasm.constant(0)),
    ...wasm.loopWhile(rows, wasm.apply('i32.lt_u', wasm.get(row), wasm.get(0))),
    ...wasm.advance(slot, size),
    ...wasm.advance(search, 4 * SEARCH_WORDS),
  ]
  return [
    ...wasm.set(slot, wasm.constant(memory.slots + size)),
    ...wasm.set(search, wasm.constant(0)),
    ...wasm.ifElse(
      wasm.constant(Number(slots.count > 1)),
      wasm.loopWhile(slotCode, wasm.apply('i32.lt_u', wasm.get(search), wasm.constant(4 * SEARCH_WORDS * (slots.count - 1)))),
    ),
  ]
}

const TREE_LOCALS = 10 + 1

interface TreesLocals {
  readonly first: number
  readonly vectors: number
  /** Vectors of rows. */
  readonly width: number
}

function treesCode(spec: WalkSpec, ranks: RanksMemory, { first: local, vectors, width }: TreesLocals): Code {
  const { memory, tables } = spec
  const [tree, record, node, result, left, first, second, leaves, output, rest] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(
    (k) => local + k,
  ) as [number, number, number, number, number, number, number, number, number, number]
  const pointer = local + 10
  const [rank, base] = [vectors, vectors + 1]
  const shift = Math.log2(bytesOf(tables.layout.number))
  const offsets = Array.from({ length: width }, (_, v) => v * VECTOR_ROWS)
  const word = (k: number): Code => wasm.load('i32.load', wasm.get(record), ranks.trees + 4 * k)
  /** All ones where the rank is above the node's. */
  const above = (at: number): Code =>
    wasm.vector('i8x16.gt_s', wasm.loadVector('v128.load', wasm.get(first), ranks.columns + at), wasm.get(rank))
  const test = [
    ...wasm.set(first, wasm.load('i32.load16_u', wasm.get(node), ranks.nodes)),
    ...wasm.set(rank, wasm.loadVector('v128.load8_splat', wasm.get(node), ranks.nodes + 2)),
  ]
  const next = (bytes: number): Code => [
    ...wasm.advance(node, bytes),
    ...wasm.advance(result, GROUP_ROWS),
    ...wasm.advance(left, -1),
  ]
  const low = [
    ...test,
    ...wasm.set(base, wasm.loadVector('v128.load8_splat', wasm.get(node), ranks.nodes + 3)),
    ...offsets.flatMap((at) => wasm.storeVector(wasm.get(result), wasm.vector('i8x16.sub', wasm.get(base), above(at)), at)),
    ...next(LOW_BYTES),
  ]
  const [lower, upper] = [rest, second]
  const high = [
    ...test,
    ...wasm.set(lower, wasm.load('i32.load16_u', wasm.get(node), ranks.nodes + 4)),
    ...wasm.set(upper, wasm.load('i32.load16_u', wasm.get(node), ranks.nodes + 6)),
    ...offsets.flatMap((at) => {
      const taken = wasm.vector('v128.and', wasm.loadVector('v128.load', wasm.get(upper), ranks.results + at), above(at))
      // Leaves of the second child have the larger numbers.
      const chosen = wasm.vector('i8x16.max_u', wasm.loadVector('v128.load', wasm.get(lower), ranks.results + at), taken)
      return wasm.storeVector(wasm.get(result), chosen, at)
    }),
    ...next(HIGH_BYTES),
  ]
  const add = [
    ...[...Array(LANES).keys()].flatMap((k) => {
      const number = wasm.load('i32.load8_u', wasm.get(result), ranks.results + k)
      return [
        ...wasm.set(pointer, wasm.add(wasm.get(leaves), wasm.apply('i32.shl', number, wasm.constant(shift)))),
        ...addLeaf(spec, { pointer, output, tree, treeAt: 0, outputAt: k * memory.outputBytes }),
      ]
    }),
    ...wasm.advance(output, LANES * memory.outputBytes),
    ...wasm.advance(result, LANES),
    ...wasm.advance(rest, -LANES),
  ]
  const one = [
    ...wasm.set(node, word(0)),
    ...wasm.set(result, wasm.constant(ranks.results + ranks.firstResult)),
    ...wasm.set(left, word(1)),
    ...wasm.ifElse(wasm.get(left), wasm.loopWhile(low, wasm.get(left))),
    ...wasm.set(left, word(2)),
    ...wasm.ifElse(wasm.get(left), wasm.loopWhile(high, wasm.get(left))),
    ...wasm.set(result, word(3)),
    ...wasm.set(leaves, wasm.add(word(4), wasm.constant(ranks.leaves))),
    ...wasm.set(output, wasm.constant(memory.output)),
    ...wasm.set(rest, wasm.get(0)),
    ...wasm.loopWhile(add, wasm.apply('i32.gt_s', wasm.get(rest), wasm.constant(0))),
    ...wasm.advance(tree, 4),
    ...wasm.advance(record, 4 * TREE_WORDS),
  ]
  return [
    ...wasm.set(tree, wasm.constant(0)),
    ...wasm.set(record, wasm.constant(0)),
    ...wasm.loopWhile(one, wasm.apply('i32.lt_u', wasm.get(tree), wasm.constant(4 * ranks.treeCount))),
  ]
}
