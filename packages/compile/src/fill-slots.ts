// The function that fills a row's slots from its features: straight code, one load and one store for each.
import { type CategoryRule, ZERO_THRESHOLD } from '@whyslow/graph/forest/types.ts'
import { bytesOf, typeOf } from './number-types.ts'
import type { CategorySlots } from './slots.ts'
import type { WalkSpec } from './walk-spec.ts'
import type { WasmFunction } from './wasm/bytes.ts'
import type { Code } from './wasm/code.ts'
import * as wasm from './wasm/code.ts'

const [INPUT, TO, VALUE, ROW] = [0, 1, 2, 3] as const
/** Rows of slots that stand before those of the categories. */
const [NO_MEMBER, MISSING, FIRST] = [0, 1, 2] as const

/** `fill(input, slots)`: addresses of a row of features and of its slots. */
export function fillFunction(spec: WalkSpec): WasmFunction {
  const { slots, layout } = spec.tables
  const number = typeOf(layout.number)
  const size = bytesOf(layout.number)
  const put = (slot: number, value: Code): Code => wasm.store(`${number}.store`, wasm.get(TO), value, slot * size)
  let next = 1
  const body = [
    ...put(0, wasm.floatConstant(number, Number.NaN)),
    ...slots.numbers.flatMap(({ feature, negated, zeroIsMissing }) => {
      const x = zeroIsMissing ? withoutZero(spec, feature) : featureOf(spec, feature)
      return put(next++, widened(spec, negated ? wasm.apply(`${typeOf(spec.compare)}.neg`, x) : x))
    }),
    ...slots.equals.flatMap(({ feature, value, negated }) => put(next++, equality(spec, { feature, value, negated }))),
    ...slots.categories.flatMap((one, k) => {
      const first = next
      next += one.sets.length
      return categorySlots(spec, one, k, first)
    }),
  ]
  return { params: ['i32', 'i32'], results: [], locals: [typeOf(spec.compare), 'i32'], body }
}

const featureOf = ({ compare }: WalkSpec, feature: number): Code =>
  wasm.load(`${typeOf(compare)}.load`, wasm.get(INPUT), feature * bytesOf(compare))

/** As the slots' type, which is wider or the same. */
function widened({ compare, tables: { layout } }: WalkSpec, x: Code): Code {
  return compare === layout.number ? x : wasm.apply('f64.promote', x)
}

/** NaN if it is nearly zero. */
function withoutZero(spec: WalkSpec, feature: number): Code {
  const type = typeOf(spec.compare)
  const x = wasm.get(VALUE)
  const isZero = wasm.apply(
    'i32.and',
    wasm.apply(`${type}.le`, x, wasm.floatConstant(type, ZERO_THRESHOLD)),
    wasm.apply(`${type}.ge`, x, wasm.floatConstant(type, -ZERO_THRESHOLD)),
  )
  return [...wasm.set(VALUE, featureOf(spec, feature)), ...wasm.apply('select', wasm.floatConstant(type, Number.NaN), x, isZero)]
}

/** 1 or 0, NaN if the feature is. */
function equality(
  spec: WalkSpec,
  { feature, value, negated }: { readonly feature: number; readonly value: number; readonly negated: boolean },
): Code {
  const type = typeOf(spec.compare)
  const number = typeOf(spec.tables.layout.number)
  const [yes, no] = [wasm.floatConstant(number, negated ? 0 : 1), wasm.floatConstant(number, negated ? 1 : 0)]
  const x = wasm.get(VALUE)
  const told = wasm.apply('select', yes, no, wasm.apply(`${type}.eq`, x, wasm.floatConstant(type, value)))
  return [
    ...wasm.set(VALUE, featureOf(spec, feature)),
    ...wasm.apply('select', wasm.floatConstant(number, Number.NaN), told, wasm.apply(`${type}.ne`, x, x)),
  ]
}

/** The row of the feature's category, copied. */
function categorySlots(spec: WalkSpec, { feature, sets }: CategorySlots, k: number, first: number): Code {
  const rowBytes = sets.length * bytesOf(spec.tables.layout.number)
  const from = wasm.add(wasm.apply('i32.mul', wasm.get(ROW), wasm.constant(rowBytes)), wasm.constant(spec.memory.categories[k]!))
  const to = wasm.add(wasm.get(TO), wasm.constant(first * bytesOf(spec.tables.layout.number)))
  return [...wasm.set(VALUE, featureOf(spec, feature)), ...categoryRow(spec, k), ...wasm.copy(to, from, wasm.constant(rowBytes))]
}

/** Sets ROW by the number in VALUE, as `categoryOf` of graph/forest has it. */
function categoryRow({ compare, categoryRule, categoryCounts, unknownIsMissing }: WalkSpec, k: number): Code {
  const type = typeOf(compare)
  const x = wasm.get(VALUE)
  const zero = wasm.floatConstant(type, 0)
  const outside = wasm.constant(unknownIsMissing[k]! ? MISSING : NO_MEMBER)
  const inside = wasm.apply('i32.lt_u', wasm.tee(ROW, wasm.truncate(type, x)), wasm.constant(categoryCounts[k]!))
  const found = wasm.ifElse(inside, wasm.advance(ROW, FIRST), wasm.set(ROW, outside))
  const negative = wasm.apply(`${type}.lt`, x, zero)
  const none = wasm.set(ROW, wasm.constant(NO_MEMBER))
  const byRule: Readonly<Record<CategoryRule, Code>> = {
    xgboost: wasm.ifElse(negative, none, found),
    // Toward zero: −0.5 is 0, and what is below lies, as an unsigned number, beyond all categories.
    lightgbm: found,
    'scikit-learn': wasm.ifElse(negative, wasm.set(ROW, wasm.constant(MISSING)), found),
    exact: wasm.ifElse(wasm.apply(`${type}.eq`, x, wasm.apply(`${type}.trunc`, x)), found, none),
  }
  return wasm.ifElse(wasm.apply(`${type}.ne`, x, x), wasm.set(ROW, wasm.constant(MISSING)), byRule[categoryRule])
}
