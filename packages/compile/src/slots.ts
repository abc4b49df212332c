// What a walk compares with. Every test of a forest is brought to one form, so that a step down a tree is the same few instructions
// everywhere: the second child is taken where `slot >= threshold`, and a slot that is NaN leads to the first. What tests differ in (where
// missing values go, whether zero is missing, sets of categories) goes into the slots, which are filled once for a row:
// - x < t, missing goes the way of 'yes': slot x, threshold t, the second child is 'no';
// - x < t, missing goes the way of 'no': slot −x, threshold above −t, the second child is 'yes', since −x > −t;
// - x <= t likewise, with the next number above t in place of t: exact in the type that is compared in;
// - membership: slot 1 or 0, threshold 1, NaN if the category is missing.

import { FLAG, type Forest, TEST } from '@whyslow/graph/forest/types.ts'
import { nextAbove } from './next-above.ts'

/** A number that trees look at. Slot 0 is NaN: leaves look at it and so stay where they are. */
export interface NumberSlot {
  readonly feature: number
  readonly negated: boolean
  /** NaN in its place where it is nearly zero. */
  readonly zeroIsMissing: boolean
}

/** 1 if the feature equals the value, else 0; NaN if it is NaN. Exchanged where `negated`. */
export interface EqualSlot {
  readonly feature: number
  readonly value: number
  readonly negated: boolean
}

/** All sets that one feature is looked for in, in slots that follow each other. */
export interface CategorySlots {
  readonly feature: number
  readonly sets: readonly { readonly set: number; readonly negated: boolean }[]
}

export interface Slots {
  /** Slots from 1 on; then `equals`, then `categories`. */
  readonly numbers: readonly NumberSlot[]
  readonly equals: readonly EqualSlot[]
  readonly categories: readonly CategorySlots[]
  /** Number of slots, including slot 0. */
  readonly count: number
}

/** The slot that each node tests, and its threshold, indexed by node; 0 at leaves. */
export interface SlottedNodes {
  readonly slots: Slots
  readonly slot: Uint32Array
  readonly threshold: Float64Array
  /** 1 if the second child is 'yes'. */
  readonly yesIsSecond: Uint8Array
}

/** A test in the one form. */
interface Brought {
  readonly threshold: number
  readonly yesIsSecond: boolean
}

export function slotNodes(forest: Forest): SlottedNodes {
  const { nodes, compare } = forest
  const { feature, threshold, flags } = nodes
  const count = feature.length
  /** Slots found: equalities by what they compare, numbers by feature and flags. */
  const found = new Map<string | number, number>()
  const numbers: NumberSlot[] = []
  const equals: EqualSlot[] = []
  const sets = new Map<number, Map<number, { readonly set: number; readonly negated: boolean }>>()
  /** Place of number slots; −1 − place for equalities; none yet for members. */
  const place = new Int32Array(count)
  const result = { threshold: new Float64Array(count), yesIsSecond: new Uint8Array(count) }
  const placeOf = <T>(key: string | number, list: T[], make: () => T): number => {
    const known = found.get(key)
    if (known !== undefined) return known
    found.set(key, list.length)
    list.push(make())
    return list.length - 1
  }
  for (let at = 0; at < count; at++) {
    const f = feature[at]!
    if (f < 0) continue
    const bits = flags[at]!
    const missingIsYes = (bits & FLAG.missingIsYes) !== 0
    const test = bits & FLAG.test
    if (test === TEST.member) {
      const ofFeature = sets.get(f) ?? new Map()
      sets.set(f, ofFeature)
      ofFeature.set(threshold[at]! * 2 + Number(missingIsYes), { set: threshold[at]!, negated: missingIsYes })
    } else if (test === TEST.equal) {
      const value = threshold[at]!
      place[at] = -1 - placeOf(`= ${f} ${value} ${missingIsYes}`, equals, () => ({ feature: f, value, negated: missingIsYes }))
    } else {
      const zeroIsMissing = (bits & FLAG.zeroIsMissing) !== 0
      const key = f * 4 + Number(missingIsYes) * 2 + Number(zeroIsMissing)
      place[at] = placeOf(key, numbers, () => ({ feature: f, negated: !missingIsYes, zeroIsMissing }))
    }
    const { threshold: brought, yesIsSecond } = broughtTo(test, threshold[at]!, missingIsYes, compare)
    result.threshold[at] = brought
    result.yesIsSecond[at] = Number(yesIsSecond)
  }
  const categories = [...sets].map(([f, list]): CategorySlots => ({ feature: f, sets: [...list.values()] }))
  const slots: Slots = {
    numbers,
    equals,
    categories,
    count: 1 + numbers.length + equals.length + categories.reduce((sum, one) => sum + one.sets.length, 0),
  }
  return { slots, slot: slotNumbers(forest, slots, place, sets), ...result }
}

function broughtTo(test: number, t: number, missingIsYes: boolean, compare: Forest['compare']): Brought {
  switch (test) {
    case TEST.less:
      return missingIsYes ? { threshold: t, yesIsSecond: false } : { threshold: nextAbove(-t, compare), yesIsSecond: true }
    case TEST.lessOrEqual:
      return missingIsYes ? { threshold: nextAbove(t, compare), yesIsSecond: false } : { threshold: -t, yesIsSecond: true }
    default:
      return { threshold: 1, yesIsSecond: !missingIsYes }
  }
}

function slotNumbers(
  { nodes: { feature, threshold, flags } }: Forest,
  { numbers, categories }: Slots,
  place: Int32Array,
  sets: ReadonlyMap<number, ReadonlyMap<number, unknown>>,
): Uint32Array {
  const equalsFrom = 1 + numbers.length
  let next = equalsFrom + place.reduce((most, at) => Math.max(most, -at), 0)
  const ofSet = new Map<number, Map<number, number>>()
  for (const { feature: f } of categories) ofSet.set(f, new Map([...sets.get(f)!.keys()].map((key) => [key, next++])))
  return new Uint32Array(feature.length).map((_, at) => {
    const f = feature[at]!
    if (f < 0) return 0
    const bits = flags[at]!
    if ((bits & FLAG.test) === TEST.member)
      return ofSet.get(f)!.get(threshold[at]! * 2 + Number((bits & FLAG.missingIsYes) !== 0))!
    return place[at]! < 0 ? equalsFrom - 1 - place[at]! : 1 + place[at]!
  })
}
