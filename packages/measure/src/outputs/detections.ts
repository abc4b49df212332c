// What a detector finds before NonMaxSuppression, in two setups: scores of 0.5 and more, and the boxes and points of their rows. A score
// differs if it is 0.5 or more in one and below 0.25 in the other: thresholds in use are between the two, and scores that cross one of them
// by a little change no set of detections after suppression. A cosine does not see one object of many lost among ten thousand cells that
// say no, nor all boxes shifted by a part of their width.

import type { Head, HeadPart } from './heads.ts'
import type { Numbers } from './numbers.ts'
import type { OutputPair } from './output-pair.ts'
import { layoutOf } from './rows-each.ts'
import type { HeadAgreement, PlacesAgreement } from './types.ts'
import { FOUND_FROM, NONE_BELOW } from './yes-no.ts'

type Box = readonly [number, number, number, number]

export function compareHead({ rows, scores, places }: Head): HeadAgreement {
  // In a head with boxes, scores of one feature are objectnesses: a class counts as much as the least of them in its row.
  const classes = scores.toSorted((a, b) => b.features.length - a.features.length)
  const isJoint = places.length > 0 && classes.slice(1).every(({ features }) => features.length === 1)
  const apart = isJoint ? [{ counted: classes[0]!, caps: classes.slice(1) }] : scores.map((counted) => ({ counted, caps: [] }))
  const all = { found: 0, differing: 0, margin: Number.POSITIVE_INFINITY, signal: 0, noise: 0 }
  const samples = scores[0]!.output.original.length
  const foundRows = Array.from({ length: samples }, (_, sample): number[] => {
    const inBoth = new Set<number>()
    for (const { counted, caps } of apart) {
      const { start, step } = layoutOf(counted)
      const limits = caps.map((cap) => ({ ...layoutOf(cap), numbers: numbersIn(cap.output, sample), feature: cap.features[0]! }))
      const [a, b] = numbersIn(counted.output, sample)
      for (let row = 0; row < rows; row++) {
        let [mostOfA, mostOfB] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
        for (const { numbers, feature, ...cap } of limits) {
          const at = cap.start(row) + feature * cap.step
          mostOfA = Math.min(mostOfA, numbers[0][at]!)
          mostOfB = Math.min(mostOfB, numbers[1][at]!)
        }
        const from = start(row)
        for (const feature of counted.features) {
          const at = from + feature * step
          const [x, y] = [Math.min(mostOfA, a[at]!), Math.min(mostOfB, b[at]!)]
          if (x >= FOUND_FROM || y >= FOUND_FROM) {
            all.found++
            all.signal += x * x
            all.noise += (y - x) ** 2
            if (x < NONE_BELOW || y < NONE_BELOW) all.differing++
            else inBoth.add(row)
          }
          const left = x >= FOUND_FROM ? y - NONE_BELOW : x < NONE_BELOW ? FOUND_FROM - y : Number.POSITIVE_INFINITY
          if (left < all.margin) all.margin = left
        }
      }
    }
    return [...inBoth]
  })
  const { found, differing, margin, signal, noise } = all
  const logits = scores.filter(({ output: { raw } }) => raw?.places.length === 0).map(({ output }) => output.name)
  return {
    scores: [...new Set(scores.map(({ output }) => output.name))],
    ...(logits.length > 0 && { logits }),
    found,
    differing,
    alike: closenessBy(signal, noise),
    margin: margin === Number.POSITIVE_INFINITY ? null : Math.max(0, margin),
    places: foundRows.some(({ length }) => length > 0) ? places.map((part) => comparePlaces(part, foundRows)) : [],
  }
}

const numbersIn = ({ originalNumbers, candidateNumbers }: OutputPair, sample: number) =>
  [originalNumbers![sample]!, candidateNumbers![sample]!] as const

function comparePlaces(part: HeadPart, foundRows: readonly (readonly number[])[]): PlacesAgreement {
  const { output, features } = part
  const { start, step } = layoutOf(part)
  // A row for each pixel of a mask: nothing is kept of any.
  const eachRow = (look: (a: Numbers, b: Numbers, from: number) => void) => {
    for (const [sample, rows] of foundRows.entries()) {
      const [a, b] = numbersIn(output, sample)
      for (const row of rows) look(a, b, start(row))
    }
  }
  const rows = foundRows.reduce((sum, { length }) => sum + length, 0)
  const boxAt = (numbers: Numbers, from: number) => features.map((k) => numbers[from + k * step]!) as unknown as Box
  const toBox = features.length === 4 ? formOf((look) => eachRow((a, _, from) => look(boxAt(a, from)))) : null
  if (toBox !== null) {
    let overlaps = 0
    eachRow((a, b, from) => {
      overlaps += overlapOf(toBox(boxAt(a, from)), toBox(boxAt(b, from)))
    })
    return { output: output.name, by: 'overlap', rows, value: overlaps / rows }
  }
  let [signal, noise] = [0, 0]
  eachRow((a, b, from) => {
    for (const k of features) {
      const x = a[from + k * step]!
      signal += x * x
      noise += (b[from + k * step]! - x) ** 2
    }
  })
  return { output: output.name, by: 'distance', rows, value: closenessBy(signal, noise) }
}

const closenessBy = (signal: number, noise: number): number => (noise === 0 ? 1 : 1 / Math.sqrt(1 + noise / signal))

/** Corners, or a centre and sides; null: neither, as offsets from anchors are. */
function formOf(eachBox: (look: (box: Box) => void) => void): ((box: Box) => Box) | null {
  let [isCorners, isCentred] = [true, true]
  eachBox(([x, y, z, w]) => {
    isCorners &&= z > x && w > y
    isCentred &&= x >= 0 && y >= 0 && z > 0 && w > 0
  })
  if (isCorners) return (box) => box
  return isCentred ? ([x, y, w, h]) => [x - w / 2, y - h / 2, x + w / 2, y + h / 2] : null
}

function overlapOf(a: Box, b: Box): number {
  const side = (k: 0 | 1) => Math.max(0, Math.min(a[k + 2]!, b[k + 2]!) - Math.max(a[k]!, b[k]!))
  const area = ([x1, y1, x2, y2]: Box) => Math.max(0, x2 - x1) * Math.max(0, y2 - y1)
  const shared = side(0) * side(1)
  const together = area(a) + area(b) - shared
  return together > 0 ? shared / together : 0
}
