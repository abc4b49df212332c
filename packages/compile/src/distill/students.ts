// Simpler models that imitate one: its own first trees with leaves fitted again, a smaller forest, a linear model, a small network. Each
// gives a score where the teacher gives one, and what becomes of a score (probability, label) stays the teacher's.
import { assembleForest, type ListedTree, plainSum } from '@whyslow/graph/forest/assemble.ts'
import type { TabularModel } from '@whyslow/graph/forest/types.ts'
import { binRows } from './bins.ts'
import { boost } from './boost.ts'
import { type Lessons, targetOf } from './lessons.ts'
import { fitLinear } from './linear.ts'
import { baseScore, towardProbability, towardScore } from './loss.ts'
import { fitNetwork } from './network.ts'
import { truncateForest } from './truncate.ts'

export interface Student {
  readonly id: string
  readonly kind: 'first trees' | 'forest' | 'linear' | 'network'
  /** As a table has it: '20 trees of depth 4'. */
  readonly says: string
  readonly model: TabularModel
}

const DEPTHS = [3, 5] as const
const SIZES = [5, 10, 20, 40] as const
const RATE = 0.3
/** Above it a linear model's equations take longer than all trees. */
const MOST_LINEAR = 400
const SHARES = [0.1, 0.2, 0.4] as const

export function* studentsOf(lessons: Lessons): Generator<Student> {
  const { teacher } = lessons
  if (teacher.input.featureCount <= MOST_LINEAR) yield linearStudent(lessons)
  for (const depth of DEPTHS) yield* forestStudents(lessons, depth)
  if (teacher.scores.kind === 'forest') {
    for (const share of SHARES) {
      const count = Math.ceil(teacher.scores.treeCount * share)
      const scores = truncateForest(teacher.scores, count, lessons)
      if (scores !== undefined && count < teacher.scores.treeCount)
        yield {
          id: `first-${count}`,
          kind: 'first trees',
          says: `its first ${count} trees, refitted`,
          model: { ...teacher, scores },
        }
    }
  }
  if (teacher.input.featureCount <= MOST_LINEAR) yield networkStudent(lessons)
}

const withScores = (
  { teacher }: Lessons,
  scores: TabularModel['scores'],
  prepare: TabularModel['prepare'] = [],
): TabularModel => ({
  ...teacher,
  prepare,
  scores,
  notes: [],
})

function* forestStudents(lessons: Lessons, depth: number): Generator<Student> {
  const { teacher, rows, count, isLogOdds } = lessons
  const { featureCount, dtype } = teacher.input
  const target = targetOf(lessons)
  const start = Math.fround(baseScore(target, isLogOdds))
  const data = binRows(rows, count, featureCount, dtype === 'float32' ? Math.fround : (value) => value)
  const gradients = isLogOdds ? towardProbability(target) : towardScore(target)
  const plan = { depth, trees: SIZES.at(-1)!, rate: RATE, lambda: 1, leastHessian: isLogOdds ? 1 : 5 }
  const trees = boost(data, new Float64Array(count).fill(start), gradients, plan)
  for (const size of SIZES)
    yield {
      id: `forest-${size}x${depth}`,
      kind: 'forest',
      says: `${size} trees of depth ${depth}`,
      model: withScores(lessons, forestOf(teacher, trees.slice(0, size), start)),
    }
}

function forestOf({ input, scores }: TabularModel, trees: readonly ListedTree[], start: number): TabularModel['scores'] {
  const precision = scores.kind === 'forest' ? scores.sum.precision : scores.precision
  const sum = plainSum(precision, 1, { start: Float64Array.of(start) })
  return assembleForest({ trees, compare: input.dtype, featureCount: input.featureCount, outputCount: 1, sum }, 'student')
}

function linearStudent(lessons: Lessons): Student {
  const { prepare, scores } = fitLinear(lessons, targetOf(lessons))
  return {
    id: 'linear',
    kind: 'linear',
    says: lessons.isLogOdds ? 'a logistic model' : 'a linear model',
    model: withScores(lessons, scores, prepare),
  }
}

function networkStudent(lessons: Lessons): Student {
  const { prepare, scores, hidden } = fitNetwork(lessons, targetOf(lessons))
  return {
    id: `network-${hidden}`,
    kind: 'network',
    says: `a network of ${hidden} units`,
    model: withScores(lessons, scores, prepare),
  }
}
