// Every input with a size for each axis: what the user gave, what the graph fixes, and a stated guess for the rest.
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Dimension, DType, GraphView, ValueDeclaration } from '@whyslow/graph/types.ts'
import { dimensionsOf, meaningsOf, usualSize } from './axis-guess.ts'
import { checkFlagNames, describeInput, type InputFlags, listInputs, parseElements } from './flags.ts'
import { type AxisMeaning, type InputFacts, readInputFacts } from './graph-facts.ts'
import type { KnownValues } from './known.ts'
import {
  checkSizes,
  type FreeAxis,
  type ResolvedInput,
  type ResolvedInputs,
  restateAssumptions,
  type SizeSource,
} from './resolved.ts'

/**
 * A size for every axis of every input. Nothing is tried: see `findWorkingInputs`.
 * Throws an InputError if a flag does not fit the model, if an input is not a tensor, or if the inputs are too large.
 */
export function resolveInputs(declared: readonly ValueDeclaration[], graph: GraphView, flags: InputFlags): ResolvedInputs {
  const checked = checkFlagNames(flags, declared)
  const facts = readInputFacts(declared, graph)
  const drafts = declared.map((input) => draftInput(input, facts.get(input.name)!, checked))
  fixSymbols(drafts, checked, declared)
  const inputs = drafts.map((draft) => settle(draft, drafts))
  checkBatch(inputs, checked, declared)
  checkSizes(inputs, checked.limitBytes)
  const known = checked.known?.()
  return { inputs: known === undefined ? inputs : inputs.map((input) => withKnown(input, known.get(input.name))) }
}

export { type FreeAxis, type ResolvedInput, type ResolvedInputs, type SizeSource, withSizes } from './resolved.ts'

const withKnown = (input: ResolvedInput, known: KnownValues | undefined): ResolvedInput =>
  known === undefined ? input : { ...input, known }

interface Draft {
  readonly input: ValueDeclaration & { readonly dtype: DType }
  readonly facts: InputFacts
  readonly dimensions: readonly Dimension[]
  readonly meanings: readonly AxisMeaning[]
  readonly sizes: (number | null)[]
  readonly from: (SizeSource | null)[]
  readonly values: readonly (number | bigint | string)[] | undefined
}

function draftInput(input: ValueDeclaration, facts: InputFacts, flags: InputFlags): Draft {
  const { name, dtype } = input
  if (input.kind !== 'tensor' || dtype === null) {
    throw new InputError(
      `input '${name}' is ${input.kind === 'tensor' ? 'of an unknown type' : `a ${input.kind}`}: only tensors can be fed`,
    )
  }
  const given = flags.shapes.get(name)
  const text = flags.values.get(name)
  const values = text === undefined ? undefined : parseElements(text, dtype, name)
  const dimensions = input.shape === null && given !== undefined ? given.map(() => null) : dimensionsOf(input, facts)
  if (given !== undefined) checkShape(given, dimensions, input)
  const meanings = meaningsOf(input, dimensions, facts)
  const sizes = dimensions.map((dimension, axis) => given?.[axis] ?? (typeof dimension === 'number' ? dimension : null))
  const from = dimensions.map((dimension) => (typeof dimension === 'number' || given === undefined ? null : ('flag' as const)))
  const givenBatch = given?.[meanings.indexOf('batch')] ?? flags.batch
  if (flags.batch !== null && givenBatch !== flags.batch) {
    throw new InputError(`--batch ${flags.batch} and --shape ${name}=${given!.join('x')} disagree; give one of them`)
  }
  if (flags.batch !== null && given === undefined) setBatch({ sizes, from, meanings }, flags.batch)
  setFromFacts(sizes, from, facts)
  if (values !== undefined) fitValues(values, sizes, from, input)
  return { input: { ...input, dtype }, facts, dimensions, meanings, sizes, from, values }
}

function setBatch({ sizes, from, meanings }: Pick<Draft, 'sizes' | 'from' | 'meanings'>, size: number | null): void {
  if (size === null) return
  meanings.forEach((meaning, axis) => {
    if (meaning !== 'batch' || sizes[axis] !== null) return
    sizes[axis] = size
    from[axis] = 'flag'
  })
}

function setFromFacts(sizes: (number | null)[], from: (SizeSource | null)[], facts: InputFacts): void {
  facts.axes.forEach(({ size }, axis) => {
    if (size === undefined || sizes[axis] !== null) return
    sizes[axis] = size
    from[axis] = 'model'
  })
}

/** A list of values sets the one axis that is still open. */
function fitValues(
  values: readonly unknown[],
  sizes: (number | null)[],
  from: (SizeSource | null)[],
  input: ValueDeclaration,
): void {
  if (values.length === 1) return
  const open = sizes.flatMap((size, axis) => (size === null ? [axis] : []))
  const last = open.pop()
  // The last open axis takes the list; those before it are batches of one.
  const rest = sizes.reduce<number>((count, size, axis) => (axis === last ? count : count * (size ?? 1)), 1)
  if (last !== undefined && Number.isInteger(values.length / rest)) {
    sizes[last] = values.length / rest
    from[last] = 'flag'
    return
  }
  if (values.length === rest && last === undefined) return
  throw new InputError(
    `--value ${input.name}: ${values.length} values do not fill ${describeInput(input)}; give one value, or all with --shape`,
  )
}

/** One symbol, one size: the first that a flag gives, else the first that a weight fixes, is everyone's. */
function fixSymbols(drafts: readonly Draft[], flags: InputFlags, declared: readonly ValueDeclaration[]): void {
  for (const source of ['flag', 'model'] as const) {
    const known = new Map<string, number>()
    eachFree(drafts, (draft, axis, symbol) => {
      if (symbol === null || draft.from[axis] !== source) return
      const size = draft.sizes[axis]!
      const before = known.get(symbol)
      if (before === undefined) known.set(symbol, size)
      else if (before !== size && source === 'flag' && flags.shapes.size > 0) {
        throw new InputError(
          `--shape: '${symbol}' is ${before} in one input and ${size} in '${draft.input.name}'; give it one size: ${listInputs(declared)}`,
        )
      }
    })
    eachFree(drafts, (draft, axis, symbol) => {
      const size = symbol === null ? undefined : known.get(symbol)
      if (size === undefined || draft.from[axis] === 'flag') return
      draft.sizes[axis] = size
      draft.from[axis] = source
    })
  }
  // Axes without a symbol share the batch all the same.
  const batch = drafts.flatMap(({ meanings, sizes, from }) =>
    sizes.filter((_, axis) => meanings[axis] === 'batch' && from[axis] === 'flag'),
  )
  for (const draft of drafts) setBatch(draft, batch[0] ?? null)
  const hasPast = drafts.some(({ meanings, sizes }) =>
    meanings.some((meaning, axis) => meaning === 'past' && sizes[axis] === null),
  )
  const guessed = new Map<string, number>()
  eachFree(drafts, (draft, axis, symbol) => {
    if (draft.sizes[axis] !== null || (symbol?.includes('+') ?? false)) return
    const meaning = draft.meanings[axis]!
    // With a cache of past positions the model is asked for one more.
    const usual = meaning === 'sequence' && hasPast ? 1 : usualSize(meaning, shortest(drafts, symbol, draft.facts))
    const size = (symbol === null ? undefined : guessed.get(symbol)) ?? usual
    if (symbol !== null) guessed.set(symbol, size)
    draft.sizes[axis] = size
    draft.from[axis] = 'guess'
  })
  eachFree(drafts, (draft, axis, symbol) => {
    if (draft.sizes[axis] !== null || symbol === null) return
    draft.sizes[axis] = sum(symbol, drafts)
    draft.from[axis] = 'guess'
  })
}

/** The facts that bound a symbol most tightly: a mask is as long as the ids whose table of positions ends first. */
function shortest(drafts: readonly Draft[], symbol: string | null, own: InputFacts): InputFacts {
  if (symbol === null) return own
  const lengths = drafts.filter(({ dimensions }) => dimensions.includes(symbol)).map(({ facts }) => facts.maxLength)
  const known = lengths.filter((length) => length !== undefined)
  return known.length === 0 ? own : { ...own, maxLength: Math.min(...known) }
}

/** Exporters write 'past_sequence_length + 1' for an axis that is the sum of others. */
function sum(expression: string, drafts: readonly Draft[]): number {
  return expression
    .split('+')
    .map((term) => term.trim())
    .reduce((total, term) => {
      if (/^\d+$/.test(term)) return total + Number(term)
      for (const { dimensions, sizes } of drafts) {
        const axis = dimensions.indexOf(term)
        if (axis >= 0 && sizes[axis] !== null) return total + sizes[axis]!
      }
      return total + 1
    }, 0)
}

function eachFree(drafts: readonly Draft[], visit: (draft: Draft, axis: number, symbol: string | null) => void): void {
  for (const draft of drafts) {
    draft.dimensions.forEach((dimension, axis) => {
      if (typeof dimension !== 'number') visit(draft, axis, dimension)
    })
  }
}

function settle(draft: Draft, drafts: readonly Draft[]): ResolvedInput {
  const { input, dimensions, meanings, sizes, from, values } = draft
  const freeAxes = dimensions.flatMap((dimension, axis): readonly FreeAxis[] =>
    typeof dimension === 'number' ? [] : [{ axis, symbol: dimension, meaning: meanings[axis]!, from: from[axis] ?? 'guess' }],
  )
  if (sizes.includes(null)) throw new Error(`an axis of '${input.name}' was left open among ${drafts.length} inputs`)
  return restateAssumptions({
    name: input.name,
    dtype: input.dtype,
    shape: sizes as number[],
    assumed: [],
    freeAxes,
    rankIsFree: input.shape === null,
    ...(values === undefined ? {} : { values }),
  })
}

function checkShape(given: readonly number[], dimensions: readonly Dimension[], input: ValueDeclaration): void {
  const flag = `--shape ${input.name}=${given.join('x')}`
  if (given.length !== dimensions.length) {
    throw new InputError(`${flag} has ${given.length} axes, the model's input has ${dimensions.length}: ${describeInput(input)}`)
  }
  const wrong = dimensions.findIndex((dimension, axis) => typeof dimension === 'number' && dimension !== given[axis])
  if (wrong >= 0) {
    throw new InputError(`${flag}: axis ${wrong} is fixed at ${dimensions[wrong]} by the model: ${describeInput(input)}`)
  }
}

function checkBatch(inputs: readonly ResolvedInput[], flags: InputFlags, declared: readonly ValueDeclaration[]): void {
  if (flags.batch === null) return
  if (!Number.isInteger(flags.batch) || flags.batch < 1)
    throw new InputError(`--batch ${flags.batch}: give a whole number above 0`)
  const isFree = inputs.some(({ freeAxes }) => freeAxes.some(({ meaning }) => meaning === 'batch'))
  const fixed = inputs.filter(({ shape }) => shape.length > 0).every(({ shape }) => shape[0] === flags.batch)
  if (!isFree && !fixed) {
    throw new InputError(`--batch ${flags.batch}: the model has no free batch axis; export it with one: ${listInputs(declared)}`)
  }
}
