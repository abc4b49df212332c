// The task's own measure, where labels were given. Chosen by the labels: whole numbers (also those that a table holds as floats),
// bools and strings are classes and give the accuracy of the output that decides as many rows; other floats are targets and give the
// mean squared error of the output with as many numbers.
import type { TensorValue } from '../engines/types.ts'
import { elementCount } from '../samples/dtype-arrays.ts'
import { bestOf, classesIn, decisionsIn } from './decisions.ts'
import { isRealFloat, type Numbers, numbersOf } from './numbers.ts'
import type { OutputPair } from './output-pair.ts'
import type { Metric, MetricName } from './types.ts'

interface Measured {
  readonly metric: Metric | null
  readonly noMetric: string | null
}

/** `wanted`: what the user named; null chooses. No labels: no metric, and no reason either. */
export function metricOf(
  compared: readonly OutputPair[],
  labels: readonly TensorValue[] | null,
  wanted: MetricName | null,
): Measured {
  if (labels === null) return { metric: null, noMetric: null }
  const none = (noMetric: string): Measured => ({ metric: null, noMetric })
  const samples = compared[0]?.original.length ?? 0
  if (labels.length !== samples) return none(`labels for ${labels.length} samples were given, ${samples} were predicted`)
  const name = wanted ?? (labels.every(areClasses) && deciding(compared, labels) !== undefined ? 'accuracy' : 'mse')
  if (name === 'accuracy') {
    const output = deciding(compared, labels)
    if (output === undefined) return none('no output decides one class for each label; give --metric mse or mae for targets')
    return { metric: accuracy(output, labels), noMetric: null }
  }
  const targets = labels.map(numbersOf)
  const output = compared.find(
    ({ original, originalNumbers }) =>
      originalNumbers !== null &&
      isRealFloat(original[0]!.dtype) &&
      originalNumbers.every((values, sample) => values.length === elementCount(labels[sample]!.shape)),
  )
  if (output === undefined || !targets.every((one) => one !== null)) {
    return none('no output holds one number for each label; name the right labels with --labels')
  }
  const error = (numbers: readonly Numbers[]) => meanError(numbers, targets, name)
  return { metric: { name, before: error(output.originalNumbers!), after: error(output.candidateNumbers!) }, noMetric: null }
}

function areClasses(labels: TensorValue): boolean {
  if (labels.dtype === 'string') return true
  const numbers = numbersOf(labels)
  if (numbers === null) return false
  for (let k = 0; k < numbers.length; k++) if (!Number.isInteger(numbers[k]) || numbers[k]! < 0) return false
  return true
}

/** The output whose decisions the labels are about: a label first, then scores, then yes or no. */
function deciding(compared: readonly OutputPair[], labels: readonly TensorValue[]): OutputPair | undefined {
  const isText = labels[0]?.dtype === 'string'
  const fits = (one: OutputPair) =>
    (one.meaning.meaning === 'label' ? (one.original[0]!.dtype === 'string') === isText : !isText) &&
    labels.every((label, sample) => decisionsIn(one, sample) === elementCount(label.shape))
  const found = (['label', 'scores', 'binary'] as const).flatMap((meaning) =>
    compared.filter((one) => one.meaning.meaning === meaning && fits(one)),
  )[0]
  if (found === undefined && !isText && labels.every(areClasses)) {
    const rows = compared.find((one) => rowsOfClasses(one, labels))
    if (rows !== undefined) return { ...rows, meaning: { meaning: 'scores', threshold: 0 } }
  }
  return found ?? (isText || !labels.every(areYesOrNo) ? undefined : asYesOrNo(compared.find((one) => oneFloatEach(one, labels))))
}

/** A row of numbers for each label, the label's place among them: class labels make scores of what nothing else calls so. */
const rowsOfClasses = ({ original, originalNumbers }: OutputPair, labels: readonly TensorValue[]): boolean =>
  originalNumbers !== null &&
  isRealFloat(original[0]!.dtype) &&
  original.every(({ shape }, sample) => {
    const [rows = 0, classes = 0] = shape
    const isOneEach = rows === elementCount(labels[sample]!.shape) && classes >= 2
    return shape.length === 2 && isOneEach && Array.from(numbersOf(labels[sample]!)!).every((label) => label < classes)
  })

const areYesOrNo = (labels: TensorValue): boolean =>
  Array.from(numbersOf(labels) ?? [2]).every((value) => value === 0 || value === 1)

const oneFloatEach = ({ original }: OutputPair, labels: readonly TensorValue[]): boolean =>
  isRealFloat(original[0]!.dtype) &&
  original.every(({ shape }, sample) => {
    const count = elementCount(shape)
    return count === elementCount(labels[sample]!.shape) && shape.slice(1).every((size) => size === 1)
  })

/** One float a row under labels of 0 and 1: a probability where none is outside of 0..1, else a logit. */
function asYesOrNo(one: OutputPair | undefined): OutputPair | undefined {
  if (one === undefined) return undefined
  const isProbability = one.originalNumbers!.every((values) => Array.from(values).every((x) => x >= 0 && x <= 1))
  return { ...one, meaning: { meaning: 'binary', threshold: isProbability ? 0.5 : 0 } }
}

function accuracy(one: OutputPair, labels: readonly TensorValue[]): Metric {
  let [before, after, rows, worse, better] = [0, 0, 0, 0, 0]
  for (const [sample, label] of labels.entries()) {
    const truth = label.dtype === 'string' ? (label.data as readonly string[]) : numbersOf(label)!
    const count = decisionsIn(one, sample)
    for (let row = 0; row < count; row++) {
      const was = decision(one, one.original[sample]!, one.originalNumbers?.[sample], row) === truth[row]
      const is = decision(one, one.candidate[sample]!, one.candidateNumbers?.[sample], row) === truth[row]
      before += Number(was)
      after += Number(is)
      worse += Number(was && !is)
      better += Number(is && !was)
    }
    rows += count
  }
  const share = (right: number) => (rows === 0 ? 1 : right / rows)
  return { name: 'accuracy', before: share(before), after: share(after), decisions: { rows, worse, better } }
}

function decision({ meaning }: OutputPair, tensor: TensorValue, numbers: Numbers | undefined, row: number): number | string {
  if (meaning.meaning === 'scores') return bestOf(numbers!, row, classesIn(tensor.shape))
  if (meaning.meaning === 'binary') return numbers![row]! > meaning.threshold ? 1 : 0
  return tensor.dtype === 'string' ? (tensor.data as readonly string[])[row]! : numbers![row]!
}

function meanError(numbers: readonly Numbers[], targets: readonly Numbers[], name: 'mse' | 'mae'): number {
  let [sum, count] = [0, 0]
  numbers.forEach((values, sample) => {
    for (let k = 0; k < values.length; k++) {
      const error = values[k]! - targets[sample]![k]!
      sum += name === 'mse' ? error * error : Math.abs(error)
    }
    count += values.length
  })
  return count === 0 ? 0 : sum / count
}
