// Softplus, Elu, Selu, Celu, Mish and PRelu in the operators that they are made of. The engine computes the first five by Eigen's exponential, built
// for the oldest CPUs that it runs on, and PRelu number by number; Exp, Log and Tanh by kernels of MLAS for the CPU at hand:
// onnxruntime/core/providers/cpu/activation/activations.h, onnxruntime/core/mlas/lib/compute.cpp. More passes over the same numbers: of
// Softplus and Mish the forms take a third of the time, of Elu and Selu not always less (bench/forms.mjs).
import { floatTensor, node } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { countByOperator } from '@whyslow/graph/rewrite/bypass.ts'
import { sum } from '@whyslow/graph/rewrite/floats.ts'
import { isOperator, type Matching, numberOf, type Replacement } from '@whyslow/graph/rewrite/match.ts'
import { slopesKind } from '@whyslow/graph/rewrite/slopes.ts'
import { defineRemedy, type RemedyEvidence } from '../kit/remedy.ts'
import { rewritingRemedy } from '../kit/rewriting.ts'
import { timeWith } from '../kit/unfused.ts'

/** Since when all of the operators below broadcast as they do now. */
const LEAST_OPSET = 8
/** Share of a prediction: activations of a kind that take less together are left unchanged. */
const LEAST_TIME = 0.005

export const activationForms = defineRemedy(
  rewritingRemedy({
    id: 'activation-forms',
    title: 'Activations written in the functions that they are made of',
    treats: ['costly-activations', 'inefficient-kernels'],
    effect: 'rounding',
    find(matching, fresh, evidence) {
      if (matching.opset < LEAST_OPSET) return []
      const activations = matching.graph.node.filter(({ opType }) => FORMS[opType] !== undefined)
      const long = longKinds(activations, evidence)
      return activations.flatMap((one) => (long.has(one.opType) ? replace(matching, one, fresh) : []))
    },
    changes: ({ parts }) => `${countByOperator(parts)} by the functions they are made of`,
    // The finding's saving is against a Relu, which gives other numbers: only the operators alone tell.
    saving: () => null,
  }),
)

type OneNode = Matching['graph']['node'][number]

/** Kinds of activations that take long enough together, as the engine ran them: whole, or in pieces. */
function longKinds(activations: readonly OneNode[], evidence: RemedyEvidence): ReadonlySet<string> {
  const kinds = new Set(activations.map(({ opType }) => opType))
  if (evidence.profile === undefined) return kinds
  const { nodes } = evidence.profile
  const whole = (kind: string) => sum(nodes.flatMap(({ opType, timeMs }) => (opType === kind ? timeMs : [])))
  const inPieces = (kind: string) => sum(activations.flatMap((one) => (one.opType === kind ? timeWith(evidence, one) : [])))
  return new Set([...kinds].filter((kind) => Math.max(whole(kind), inPieces(kind)) >= LEAST_TIME * evidence.p50Ms))
}

function replace(matching: Matching, one: OneNode, fresh: (hint: string) => string): readonly Replacement[] {
  const form = FORMS[one.opType]
  const [input, output] = [one.input[0]!, one.output[0]!]
  if (form === undefined || !isOperator(one, one.opType) || matching.dtype(input) !== 'float32') return []
  const writer = new Writer(input, fresh)
  form(writer, one, matching)
  if (writer.nodes.length === 0) return []
  return [{ parts: [one], remove: new Set([one]), add: writer.endingIn(output), addInitializers: writer.initializers }]
}

/** One operator after the other; each gives the name of what it makes. */
class Writer {
  readonly nodes: OneNode[] = []
  readonly initializers: ReturnType<typeof floatTensor>[] = []

  readonly x: string
  readonly fresh: (hint: string) => string

  constructor(x: string, fresh: (hint: string) => string) {
    this.x = x
    this.fresh = fresh
  }

  of(opType: string, ...operands: readonly (string | number)[]): string {
    return this.with(opType, operands, {})
  }

  with(opType: string, operands: readonly (string | number)[], attributes: Parameters<typeof node>[3]): string {
    const made = this.fresh(`${this.x}_${opType}`)
    const inputs = operands.map((operand) => (typeof operand === 'string' ? operand : this.number(operand)))
    this.nodes.push(node({ opType, name: made }, inputs, [made], attributes))
    return made
  }

  /** Steps that change nothing are left out. */
  times(value: string, factor: number): string {
    return factor === 1 ? value : this.of('Mul', value, factor)
  }

  number(value: number): string {
    const name = this.fresh(`${this.x}_number`)
    this.initializers.push(floatTensor(name, [], [value]))
    return name
  }

  /** The last one makes `output`. */
  endingIn(output: string): readonly OneNode[] {
    const last = this.nodes.at(-1)!
    return [...this.nodes.slice(0, -1), copyWith(last, { output: [output] })]
  }
}

/** max(x, 0) * above + below * (exp(min(x, 0) / width) - 1) */
function linearUnit(w: Writer, { above, below, width }: { above: number; below: number; width: number }): void {
  const positive = w.of('Relu', w.x)
  const grown = w.of('Exp', w.times(w.of('Min', w.x, 0), 1 / width))
  w.of('Add', w.times(positive, above), w.times(w.of('Sub', grown, 1), below))
}

/** max(x, 0) + log(1 + exp(-|x|)), which no x makes infinite. */
function softplus(w: Writer): string {
  const decayed = w.of('Exp', w.of('Neg', w.of('Abs', w.x)))
  return w.of('Add', w.of('Relu', w.x), w.of('Log', w.of('Add', decayed, 1)))
}

/** One slope: what the engine computes with the convolution before it. Slopes up to 1: the larger of x and its product. */
function slopes(w: Writer, slope: string, numbers: readonly number[]): void {
  const kind = slopesKind(numbers)
  if (kind === 'one') w.with('LeakyRelu', [w.x], { alpha: { float: numbers[0]! } })
  else if (kind === 'up-to-1') w.of('Max', w.x, w.of('Mul', w.x, slope))
}

// Constants of Selu: https://onnx.ai/onnx/operators/onnx__Selu.html
const [SELU_ALPHA, SELU_GAMMA] = [1.6732631921768188, 1.0507010221481323]

/** A form that writes nothing does not hold for this node. */
const FORMS: Readonly<Record<string, (writer: Writer, one: OneNode, matching: Matching) => void>> = {
  Elu: (w, one) => linearUnit(w, { above: 1, below: numberOf(one, 'alpha', 1), width: 1 }),
  Selu: (w, one) => {
    const above = numberOf(one, 'gamma', SELU_GAMMA)
    linearUnit(w, { above, below: above * numberOf(one, 'alpha', SELU_ALPHA), width: 1 })
  },
  Celu: (w, one) => {
    const alpha = numberOf(one, 'alpha', 1)
    linearUnit(w, { above: 1, below: alpha, width: alpha })
  },
  Softplus: (w) => void softplus(w),
  Mish: (w) => void w.of('Mul', w.x, w.of('Tanh', softplus(w))),
  PRelu: (w, { input: [, slope] }, { numbers }) => slopes(w, slope!, numbers(slope) ?? []),
}
