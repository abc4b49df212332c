// Guesses tried against the engine until it runs: first what its error message asks for, then other usual sizes.

import { InputError } from '@whyslow/graph/input-error.ts'
import type { GraphView, ValueDeclaration } from '@whyslow/graph/types.ts'
import { engineWords } from '../engines/onnxruntime/facts/error-words.ts'
import { readRefusal } from '../engines/onnxruntime/facts/refusals.ts'
import { elementCount, isPlainInteger } from './dtype-arrays.ts'
import { checkFlagNames, flagOf, formatShape, type InputFlags, listInputs, shorten } from './flags.ts'
import { type AxisMeaning, readInputFacts } from './graph-facts.ts'
import { adjustTo, type Observation, scaledSide } from './input-refusals.ts'
import { resolveInputs } from './resolve.ts'
import { checkSizes, type ResolvedInput, type ResolvedInputs, withSizes } from './resolved.ts'

export type TryRun = (inputs: ResolvedInputs) => Promise<{ readonly ok: true } | { readonly ok: false; readonly message: string }>

/** Each try opens or runs the model: a dozen covers the usual sizes and stays within seconds. */
const MOST_TRIES = 12

/** Sizes tried after the usual one, likeliest first. */
const OTHER_SIZES: Readonly<Partial<Record<AxisMeaning, readonly number[]>>> = {
  height: [640, 256, 32, 512, 28, 320, 299, 416, 96],
  width: [640, 256, 32, 512, 28, 320, 299, 416, 96],
  depth: [8, 32, 64],
  channels: [1, 4, 2],
  sequence: [64, 32, 16, 77, 256, 1],
  past: [16, 1],
  samples: [512, 256, 1024, 32000, 400, 48000, 4096],
  features: [128, 64, 80, 256, 512, 768, 32, 4],
  state: [128, 64, 256, 512],
  unknown: [2, 128, 64, 256, 512],
}

/** Other sizes for the guessed axes, likeliest first; axes of one meaning change together, one meaning at a time. */
export function* guessSizes(base: ResolvedInputs): Generator<ResolvedInputs> {
  const guessed = base.inputs.flatMap((input) =>
    input.freeAxes.filter(({ from }) => from === 'guess').map((free) => ({ ...free, input: input.name })),
  )
  // The sides of an image are one group.
  const groupOf = (meaning: AxisMeaning): AxisMeaning => (meaning === 'width' ? 'height' : meaning)
  const groups = [...new Set(guessed.map(({ meaning }) => groupOf(meaning)))].filter(
    (meaning) => OTHER_SIZES[meaning] !== undefined,
  )
  const longest = Math.max(0, ...groups.map((meaning) => OTHER_SIZES[meaning]!.length))
  for (let rank = 0; rank < longest; rank++) {
    for (const group of groups) {
      const size = OTHER_SIZES[group]![rank]
      if (size === undefined) continue
      const axes = guessed.filter(({ meaning }) => groupOf(meaning) === group)
      yield withSizes(
        base,
        axes.map(({ input, axis }) => ({ input, axis, size, from: 'guess' as const })),
      )
    }
  }
}

/**
 * The first inputs that the engine runs with, in at most 12 tries. Throws an InputError that names the input and the flag to give
 * where a value decides what the model runs and was not given, and where no guess works.
 */
export async function findWorkingInputs(
  declared: readonly ValueDeclaration[],
  graph: GraphView,
  flags: InputFlags,
  tryRun: TryRun,
): Promise<ResolvedInputs> {
  const base = resolveInputs(declared, graph, flags)
  checkNeededValues(base, declared, graph, flags)
  const others = guessSizes(base)
  const tried = new Set<string>()
  const observations: Observation[] = []
  let current: ResolvedInputs | undefined = base
  let lastMessage = ''
  let last = base

  while (current !== undefined && tried.size < MOST_TRIES) {
    tried.add(keyOf(current))
    last = current
    const result = await tryRun(current)
    if (result.ok) return current
    lastMessage = result.message
    const refusal = readRefusal(lastMessage)
    // Trying on would only hide the engine's own words.
    if (!refusal.isAboutInputs || hasNoTensorOutput(graph)) break
    const adjusted: ResolvedInputs | undefined = adjustTo(refusal, current, observations)
    const side = scaledSide(current)
    if (side !== undefined && refusal.demand !== null) observations.push({ side, got: refusal.demand.got })
    current = isNew(adjusted) ? adjusted : nextGuess()
  }
  throw noneWorks({ base, last, tries: tried.size, message: lastMessage, declared, graph })

  function isNew(inputs: ResolvedInputs | undefined): inputs is ResolvedInputs {
    return inputs !== undefined && !tried.has(keyOf(inputs)) && fits(inputs)
  }

  function nextGuess(): ResolvedInputs | undefined {
    // Not for-of, which would end the generator at the first return.
    for (let next = others.next(); !next.done; next = others.next()) if (isNew(next.value)) return next.value
    return undefined
  }

  function fits({ inputs }: ResolvedInputs): boolean {
    try {
      checkSizes(inputs, flags.limitBytes)
      return true
    } catch (error) {
      if (error instanceof InputError) return false
      throw error
    }
  }
}

/**
 * Throws an InputError for a whole-number scalar that the model compares with constants: it chooses what runs, so that a guess
 * would measure another model (the sample rate of a voice model, a language, a mode).
 */
function checkNeededValues(
  { inputs }: ResolvedInputs,
  declared: readonly ValueDeclaration[],
  graph: GraphView,
  flags: InputFlags,
): void {
  const facts = readInputFacts(declared, graph)
  const { values } = checkFlagNames(flags, declared)
  for (const { name, dtype, shape } of inputs) {
    const compared = facts.get(name)!.comparedWith
    if (!isPlainInteger(dtype) || elementCount(shape) !== 1 || shape.length > 1 || compared.length === 0 || values.has(name))
      continue
    const known = [...new Set(compared)].join(' or ')
    throw new InputError(
      `input '${name}' (${dtype} scalar) decides what the model runs, it is compared with ${known}; give its value: ${flagOf('--value', name, String(compared[0]))}`,
    )
  }
}

interface Tries {
  readonly base: ResolvedInputs
  readonly last: ResolvedInputs
  readonly tries: number
  /** Message of the last try. */
  readonly message: string
  readonly declared: readonly ValueDeclaration[]
  readonly graph: GraphView
}

/** Every output is a sequence or a map: engines are asked for tensors alone. */
const hasNoTensorOutput = ({ outputs }: GraphView): boolean =>
  outputs.length > 0 && outputs.every(({ kind }) => kind !== 'tensor' && kind !== 'unknown')

function noneWorks({ base, last, tries, message, declared, graph }: Tries): InputError {
  if (hasNoTensorOutput(graph)) {
    const [{ name, kind }] = graph.outputs as [ValueDeclaration]
    return new InputError(
      `the engine does not run the model: it gives tensors, and ${graph.outputs.length === 1 ? `the only output, '${name}', is a ${kind}` : `none of the outputs is one ('${name}' is a ${kind})`}; export the model with a tensor among its outputs`,
    )
  }
  const said = shorten(engineWords(message), 200)
  const open = base.inputs.filter(({ freeAxes }) => freeAxes.some(({ from, meaning }) => from === 'guess' && meaning !== 'batch'))
  const { isAboutInputs } = readRefusal(message)
  if (!isAboutInputs || open.length === 0) {
    const next = isAboutInputs
      ? `its inputs: ${listInputs(declared)}; change them with --shape or --value, or give --data`
      : 'export it with operators and types that the engine has, or give one that runs it with --engine (whyslow doctor lists them)'
    return new InputError(`the engine does not run the model: ${said}; ${next}`)
  }
  const shown = last.inputs.slice(0, 3).map(({ name, shape }) => `${name} ${formatShape(shape)}`)
  const flags = open.slice(0, 3).map(asFlag)
  return new InputError(
    `no guess of the shape of input '${open[0]!.name}' lets the engine run (${tries} tried, the last ${shown.join(', ')}): ${said}; give it: ${flags.join(' ')}`,
  )
}

/** `--shape x=1x3x<height>x<width>`: the guessed sizes are left for the user. */
function asFlag({ name, shape, freeAxes }: ResolvedInput): string {
  const sizes = shape.map((size, axis) => {
    const free = freeAxes.find((candidate) => candidate.axis === axis)
    if (free?.from !== 'guess' || free.meaning === 'batch') return String(size)
    return free.meaning === 'unknown' ? '<size>' : `<${free.meaning}>`
  })
  return flagOf('--shape', name, sizes.join('x'))
}

const keyOf = ({ inputs }: ResolvedInputs): string =>
  inputs.map(({ shape, below }) => `${shape.join('x')}<${below ?? ''}`).join(' ')
