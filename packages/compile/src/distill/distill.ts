// Distilling: rows in three parts, students that learn from the first, are chosen on the second and shown on the third; each compiled and
// timed next to the teacher, compiled too, so that what is saved is the model's own.

import { accuracy, auc, type MetricName, metricUnder, rSquared } from '@whyslow/graph/forest/metric.ts'
import type { TabularModel } from '@whyslow/graph/forest/types.ts'
import { mulberry32 } from '@whyslow/graph/random.ts'
import { type ChoiceTools, type Chosen, chooseForm, timeOf } from '../choose.ts'
import { compileModule, openProgram, type Predict, type Predicted } from '../shipped/compiled.mjs'
import type { Lessons } from './lessons.ts'
import { logistic } from './loss.ts'
import { partsOf, rowsAt, withMore } from './rows.ts'
import { type Student, studentsOf } from './students.ts'

export interface DistillInput {
  readonly teacher: TabularModel
  readonly rows: Float32Array | Float64Array
  readonly count: number
  /** Label of each row; for a classifier the index of its class. null: students are compared with the teacher's predictions. */
  readonly labels: Float64Array | null
  /** Most that the metric may lose. */
  readonly maxLoss: number
  /** Rows that students learn from; absent: as many as they can use. */
  readonly lessons?: number
}

export interface ModelGrade {
  /** Metric on the rows that neither training nor choosing saw. */
  readonly metric: number
  readonly microseconds: number
}

export interface GradedStudent extends ModelGrade {
  readonly student: Student
  readonly chosen: Chosen
  /** The teacher's metric minus its own, on the rows that choose. */
  readonly lossToChoose: number
  /** Its standard error, by resampling these rows: a loss that is allowed only by chance is not. */
  readonly lossError: number
  /** The same on the rows that are shown. */
  readonly loss: number
  /** Root mean square of the differences of the first prediction from the teacher's. */
  readonly differs: number
  /** No other is both faster and better. */
  readonly onFront: boolean
}

export interface Distillation {
  readonly metric: { readonly name: MetricName; readonly against: 'labels' | 'teacher' }
  readonly rows: { readonly learn: number; readonly made: number; readonly choose: number; readonly test: number }
  readonly teacher: ModelGrade
  readonly students: readonly GradedStudent[]
  /** The fastest student whose loss is allowed by the rows that choose, or one about as fast that loses less; null: there is none. */
  readonly best: GradedStudent | null
}

/** Rows that lessons are brought to: as many as trees of 40 leaves can use. */
const LESSONS = 20_000
/** Neither part says anything with fewer. */
export const LEAST_ROWS = 100

export interface DistillTools extends ChoiceTools {
  readonly onStudent: (says: string) => void
}

/** Why it cannot be distilled, as a sentence's end; null if it can. */
export function refusal({ scores }: TabularModel): string | null {
  return scores.outputCount === 1 ? null : `it has ${scores.outputCount} scores for each row, and students learn one`
}

export async function distill(input: DistillInput, tools: DistillTools): Promise<Distillation> {
  const { teacher, rows, count, labels, lessons: most = LESSONS } = input
  const width = teacher.input.featureCount
  const parts = partsOf(count)
  const [learn, choose, test] = [parts.learn, parts.choose, parts.test].map((at) => rowsAt(rows, width, at)) as [Rows, Rows, Rows]
  const more = withMore(learn, width, most)
  const compiled = await opened(teacher, tools)
  const isLogOdds = teacher.transform[0]?.kind === 'logistic'
  const lessons: Lessons = {
    teacher,
    rows: more,
    count: more.length / width,
    scores: Float64Array.from(compiled.predict(more, more.length / width, { margin: true }).margin!),
    isLogOdds,
  }
  const grade = grader(teacher, labels)
  const teachersToChoose = answersOf(teacher, compiled.predict, choose)
  const exam = (predict: Predict, of: Rows, at: Int32Array) =>
    grade(answersOf(teacher, predict, of), at, answersOf(teacher, compiled.predict, of))
  const teachers = exam(compiled.predict, test, parts.test)
  const time = (one: Opened) =>
    timeOf(one.chosen, test.subarray(0, TIMED * width), { count: 1, trees: one.trees, now: tools.now })
  const found: Omit<GradedStudent, 'onFront'>[] = []
  for (const student of studentsOf(lessons)) {
    tools.onStudent(student.says)
    const one = await opened(student.model, tools)
    const metric = exam(one.predict, test, parts.test)
    found.push({
      student,
      chosen: one.chosen,
      metric,
      microseconds: time(one),
      ...lossOf(grade, parts.choose, { teacher: teachersToChoose, student: answersOf(teacher, one.predict, choose) }),
      loss: teachers - metric,
      differs: differenceOf(answersOf(teacher, one.predict, test), answersOf(teacher, compiled.predict, test)),
    })
  }
  const students = found.map((one) => ({
    ...one,
    onFront: !found.some((other) => other.microseconds <= one.microseconds && other.metric >= one.metric && other !== one),
  }))
  const allowed = students.filter(({ lossToChoose, lossError }) => lossToChoose + lossError <= input.maxLoss)
  return {
    metric: { name: metricOf(teacher, labels), against: labels === null ? 'teacher' : 'labels' },
    rows: {
      learn: parts.learn.length,
      made: lessons.count - parts.learn.length,
      choose: parts.choose.length,
      test: parts.test.length,
    },
    teacher: { metric: teachers, microseconds: time(compiled) },
    students: students.toSorted((a, b) => a.microseconds - b.microseconds),
    best: bestOf(allowed),
  }
}

interface BothAnswers {
  readonly teacher: Predicted
  readonly student: Predicted
}

const RESAMPLES = 60

function lossOf(
  grade: ReturnType<typeof grader>,
  at: Int32Array,
  { teacher, student }: BothAnswers,
): Pick<GradedStudent, 'lossToChoose' | 'lossError'> {
  const random = mulberry32(5)
  const losses = Array.from({ length: RESAMPLES }, () => {
    const picked = Int32Array.from(at, () => Math.floor(random() * at.length))
    const rows = picked.map((k) => at[k]!)
    const [of, against] = [student, teacher].map((answers) => pick(answers, picked, at.length)) as [Predicted, Predicted]
    return grade(against, rows, against) - grade(of, rows, against)
  }).filter((loss) => !Number.isNaN(loss))
  const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length
  const spread = losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0) / Math.max(1, losses.length - 1)
  return { lossToChoose: grade(teacher, at, teacher) - grade(student, at, teacher), lossError: Math.sqrt(spread) }
}

/** Answers of some of the rows. */
function pick({ margin, prediction, label }: Predicted, picked: Int32Array, count: number): Predicted {
  const of = <T extends Float32Array | Float64Array | Int32Array>(values: T | null): T | null => {
    if (values === null) return null
    const width = values.length / count
    return (values.constructor as unknown as { from: (length: object, map: (_: unknown, k: number) => number) => T }).from(
      { length: picked.length * width },
      (_, k) => values[picked[Math.floor(k / width)]! * width + (k % width)]!,
    )
  }
  return { margin: of(margin), prediction: of(prediction), label: of(label) }
}

/** How much slower than the fastest still counts as about as fast; among those, the student that loses least is chosen. */
const ABOUT_AS_FAST = 1.3

function bestOf(allowed: readonly GradedStudent[]): GradedStudent | null {
  const fastest = Math.min(...allowed.map(({ microseconds }) => microseconds))
  const near = allowed.filter(({ microseconds }) => microseconds <= ABOUT_AS_FAST * fastest)
  return near.length === 0 ? null : near.reduce((a, b) => (b.lossToChoose < a.lossToChoose ? b : a))
}

type Rows = Float32Array | Float64Array
/** Rows that predictions are timed on. */
const TIMED = 256

interface Opened {
  readonly chosen: Chosen
  readonly predict: Predict
  readonly trees: Parameters<typeof timeOf>[2]['trees']
}

async function opened(model: TabularModel, tools: ChoiceTools): Promise<Opened> {
  const chosen = await chooseForm(model, tools)
  const trees = chosen.trees === undefined ? null : await tools.load(chosen.trees)
  return { chosen, trees, predict: openProgram(chosen.program, chosen.module && compileModule(chosen.module), trees) }
}

const answersOf = ({ input, label }: TabularModel, predict: Predict, rows: Rows): Predicted =>
  predict(rows, rows.length / input.featureCount, { margin: true, prediction: true, label: label !== undefined })

const metricOf = (teacher: TabularModel, labels: Float64Array | null): MetricName =>
  labels === null ? 'R²' : metricUnder(teacher, labels)

/** Grades answers, given the rows that they are of and the teacher's answers. */
function grader(teacher: TabularModel, labels: Float64Array | null) {
  const name = metricOf(teacher, labels)
  return (answers: Predicted, at: Int32Array, teachers: Predicted): number => {
    if (labels === null) return rSquared(soft(teacher, answers), soft(teacher, teachers))
    const truth = Float64Array.from(at, (row) => labels[row]!)
    if (name === 'AUC') return auc(answers.margin!, truth)
    return name === 'accuracy' ? accuracy(answers.label!, truth) : rSquared(answers.prediction!, truth)
  }
}

/** Probabilities where scores are log odds: differences far out matter as little as they do to a decision. */
const soft = ({ transform }: TabularModel, { margin }: Predicted): Float64Array =>
  Float64Array.from(margin!, (x) => (transform[0]?.kind === 'logistic' ? logistic(x) : x))

function differenceOf(a: Predicted, b: Predicted): number {
  const [x, y] = [a.prediction!, b.prediction!]
  let sum = 0
  for (let k = 0; k < x.length; k++) sum += (x[k]! - y[k]!) ** 2
  return Math.sqrt(sum / Math.max(1, x.length))
}
