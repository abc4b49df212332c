// A network of one hidden layer, by Adam on batches of rows. https://arxiv.org/abs/1412.6980

import type { NetworkScores, Preparation } from '@whyslow/graph/forest/types.ts'
import { mulberry32, normal } from '@whyslow/graph/random.ts'
import type { Lessons } from './lessons.ts'
import { baseScore, logistic } from './loss.ts'
import { standardize } from './standard.ts'

const HIDDEN = 16
const BATCH = 32
const RATE = 0.01
/** Updates in all: what a second or two gives. */
const UPDATES = 4000

export function fitNetwork(
  lessons: Lessons,
  target: Float64Array,
): { readonly prepare: readonly Preparation[]; readonly scores: NetworkScores; readonly hidden: number } {
  const { teacher, count, isLogOdds } = lessons
  const { featureCount: width, dtype } = teacher.input
  const { prepare, rows } = standardize(lessons)
  const random = mulberry32(1)
  const layout = { w: 0, b: HIDDEN * width, v: HIDDEN * (width + 1), c: HIDDEN * (width + 2) }
  const weights = new Float64Array(layout.c + 1)
  const spread = Math.sqrt(2 / width)
  for (let k = 0; k < layout.b; k++) weights[k] = normal(random) * spread
  for (let k = 0; k < HIDDEN; k++) weights[layout.v + k] = normal(random) / Math.sqrt(HIDDEN)
  weights[layout.c] = baseScore(target, isLogOdds)
  const slope = new Float64Array(weights.length)
  const [mean, square] = [new Float64Array(weights.length), new Float64Array(weights.length)]
  for (let update = 1; update <= UPDATES; update++) {
    slope.fill(0)
    for (let k = 0; k < BATCH; k++) {
      const row = Math.floor(random() * count)
      addSlope(slope, weights, layout, { x: rows.subarray(row * width, (row + 1) * width), target: target[row]!, isLogOdds })
    }
    const rate = RATE * (1 - update / UPDATES)
    for (let k = 0; k < weights.length; k++) {
      const g = slope[k]! / BATCH
      mean[k] = 0.9 * mean[k]! + 0.1 * g
      square[k] = 0.999 * square[k]! + 0.001 * g * g
      weights[k]! -= (rate * (mean[k]! / (1 - 0.9 ** update))) / (Math.sqrt(square[k]! / (1 - 0.999 ** update)) + 1e-8)
    }
  }
  const round = dtype === 'float32' ? Math.fround : (value: number) => value
  const scores: NetworkScores = {
    kind: 'network',
    precision: dtype,
    outputCount: 1,
    layers: [
      {
        inputs: width,
        outputs: HIDDEN,
        weights: weights.slice(0, layout.b).map(round),
        bias: weights.slice(layout.b, layout.v).map(round),
        activation: 'relu',
      },
      {
        inputs: HIDDEN,
        outputs: 1,
        weights: weights.slice(layout.v, layout.c).map(round),
        bias: weights.slice(layout.c).map(round),
        activation: 'identity',
      },
    ],
  }
  return { prepare, scores, hidden: HIDDEN }
}

interface Layout {
  readonly w: number
  readonly b: number
  readonly v: number
  readonly c: number
}

interface Lesson {
  readonly x: Float64Array
  readonly target: number
  readonly isLogOdds: boolean
}

/** One row's derivative by every weight is added. */
function addSlope(slope: Float64Array, weights: Float64Array, { b, v, c }: Layout, { x, target, isLogOdds }: Lesson): void {
  const active = new Float64Array(HIDDEN)
  let score = weights[c]!
  for (let h = 0; h < HIDDEN; h++) {
    let sum = weights[b + h]!
    for (let f = 0; f < x.length; f++) sum += weights[h * x.length + f]! * x[f]!
    active[h] = Math.max(0, sum)
    score += weights[v + h]! * active[h]!
  }
  const error = (isLogOdds ? logistic(score) : score) - target
  slope[c]! += error
  for (let h = 0; h < HIDDEN; h++) {
    slope[v + h]! += error * active[h]!
    if (active[h] === 0) continue
    const inner = error * weights[v + h]!
    slope[b + h]! += inner
    for (let f = 0; f < x.length; f++) slope[h * x.length + f]! += inner * x[f]!
  }
}
