import { float32s } from '@whyslow/graph/builder/constant-data.ts'
import { mulberry32, normal } from '@whyslow/graph/random.ts'
import { bools, evaluate, expectClose, floats } from '@whyslow/graph/support/builder/check-build.ts'
import { describe, expect, test } from 'vitest'
import { type CellType, type CellWeights, concatenateDirections, type Direction, GATES, recurrence } from './recurrent.ts'

const [BATCH, STEPS, FEATURES, UNITS] = [3, 5, 2, 2]
const random = mulberry32(7)
const randoms = (count: number): number[] => Array.from({ length: count }, () => normal(random))
const INPUT = randoms(BATCH * STEPS * FEATURES)
const STATE = randoms(BATCH * UNITS)
/** Masked at the end, at the beginning and inside, and everywhere. */
const MASK = [1, 1, 1, 0, 0, 0, 1, 0, 1, 1, 0, 0, 0, 0, 0]
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))

function weightsOf(cell: CellType, recurrentBias: boolean): CellWeights {
  const width = GATES[cell] * UNITS
  return {
    kernel: float32s([FEATURES, width], randoms(FEATURES * width)),
    recurrent: float32s([UNITS, width], randoms(UNITS * width)),
    bias: float32s([width], randoms(width)),
    recurrentBias: recurrentBias ? float32s([width], randoms(width)) : undefined,
  }
}

const product = (row: readonly number[], matrix: CellWeights['kernel']): number[] => {
  const width = matrix.shape[1]!
  const data = matrix.data as Float32Array
  return Array.from({ length: width }, (_, j) => row.reduce((sum, value, i) => sum + value * data[i * width + j]!, 0))
}

/** A step as Keras' cells write it; states h (and c). */
function step(cell: CellType, weights: CellWeights, x: readonly number[], states: readonly number[][]): number[][] {
  const { kernel, recurrent, bias, recurrentBias } = weights
  const given = product(x, kernel).map((value, j) => value + (bias!.data as Float32Array)[j]!)
  const [h, c] = states
  const back = product(h!, recurrent).map((value, j) => value + ((recurrentBias?.data as Float32Array)?.[j] ?? 0))
  const unit = (k: number, gate: number) => given[gate * UNITS + k]! + back[gate * UNITS + k]!
  const each = (of: (k: number) => number) => Array.from({ length: UNITS }, (_, k) => of(k))
  if (cell === 'RNN') return [each((k) => Math.tanh(unit(k, 0)))]
  if (cell === 'LSTM') {
    const next = each((k) => sigmoid(unit(k, 1)) * c![k]! + sigmoid(unit(k, 0)) * Math.tanh(unit(k, 2)))
    return [each((k) => sigmoid(unit(k, 3)) * Math.tanh(next[k]!)), next]
  }
  const reset = each((k) => sigmoid(unit(k, 1)))
  const before = product(
    h!.map((value, k) => value * reset[k]!),
    recurrent,
  )
  const after = recurrentBias !== undefined
  const candidate = each((k) =>
    Math.tanh(given[2 * UNITS + k]! + (after ? reset[k]! * back[2 * UNITS + k]! : before[2 * UNITS + k]!)),
  )
  return [each((k) => sigmoid(unit(k, 0)) * h![k]! + (1 - sigmoid(unit(k, 0))) * candidate[k]!)]
}

interface Case {
  readonly cell: CellType
  readonly backwards?: boolean
  readonly masked?: boolean
  readonly zeroMasked?: boolean
  readonly started?: boolean
  readonly resetAfter?: boolean
}

/** Outputs in the order of the input's steps, the last one that was given out, and the states. */
function reference(weights: CellWeights, one: Case) {
  const outputs = new Array<number[]>(BATCH * STEPS)
  const ends: { last: number[]; states: number[][] }[] = []
  for (let n = 0; n < BATCH; n++) {
    const zero = [0, 0]
    let states = [one.started ? STATE.slice(n * UNITS, (n + 1) * UNITS) : zero, ...(one.cell === 'LSTM' ? [zero] : [])]
    let last = zero
    for (let k = 0; k < STEPS; k++) {
      const at = n * STEPS + (one.backwards ? STEPS - 1 - k : k)
      const runs = one.masked !== true || MASK[at] === 1
      if (runs) {
        states = step(one.cell, weights, INPUT.slice(at * FEATURES, (at + 1) * FEATURES), states)
        last = states[0]!
      } else if (one.zeroMasked) last = zero
      outputs[at] = last
    }
    ends.push({ last, states })
  }
  return { outputs, ends }
}

const CASES: readonly Case[] = (['RNN', 'LSTM', 'GRU'] as const).flatMap((cell): Case[] => [
  { cell },
  { cell, backwards: true, started: true },
  { cell, masked: true },
  { cell, masked: true, backwards: true },
  { cell, masked: true, zeroMasked: true, started: true },
  ...(cell === 'GRU'
    ? [
        { cell, resetAfter: true },
        { cell, resetAfter: true, masked: true },
      ]
    : []),
])

const FUNCTIONS = {
  RNN: [{ name: 'Tanh' }],
  GRU: [{ name: 'Sigmoid' }, { name: 'Tanh' }],
  LSTM: [{ name: 'Sigmoid' }, { name: 'Tanh' }, { name: 'Tanh' }],
}

describe('a recurrence', () => {
  test.each(CASES)('$cell, backwards $backwards, masked $masked, begun $started, reset after $resetAfter', async (one) => {
    const { cell, backwards = false, masked = false, started = false, resetAfter = false, zeroMasked = false } = one
    const weights = weightsOf(cell, resetAfter)
    const inputs = [
      floats([BATCH, STEPS, FEATURES], INPUT, ['n', 'steps', FEATURES]),
      bools([BATCH, STEPS], MASK, ['n', 'steps']),
      floats([BATCH, UNITS], STATE, ['n', UNITS]),
    ]
    // In two graphs: onnxruntime merges equal nodes, and fails where one of them leaves an output out.
    const run = async (sequences: boolean) =>
      await evaluate(inputs, (builder, [x, mask, state]) => {
        const zero = builder.op('Sub', [state, state], state!)
        const initial = started ? [state!, ...(cell === 'LSTM' ? [zero] : [])] : undefined
        const direction: Direction = { weights, backwards, activations: FUNCTIONS[cell], initial }
        const given = { cell, input: x!, mask: masked ? mask : undefined, directions: [direction], resetAfter, zeroMasked }
        const result = recurrence(builder, { ...given, sequences })
        return [concatenateDirections(builder, result), ...result.states[0]!]
      })
    const all = await run(true)
    const made = [all[0]!, ...(await run(false))]
    const { outputs, ends } = reference(weights, one)
    expectClose(made[0]!, outputs.flat(), [BATCH, STEPS, UNITS])
    expectClose(
      made[1]!,
      ends.flatMap(({ last }) => last),
      [BATCH, UNITS],
    )
    for (const [k, state] of made.slice(2).entries())
      expectClose(
        state,
        ends.flatMap(({ states }) => states[k]!),
        [BATCH, UNITS],
      )
    expect(made.length).toBe(cell === 'LSTM' ? 4 : 3)
  })

  test('both ways at once, masked', async () => {
    const [forward, backward] = [weightsOf('LSTM', false), weightsOf('LSTM', false)]
    const inputs = [floats([BATCH, STEPS, FEATURES], INPUT), bools([BATCH, STEPS], MASK)]
    const [all, last] = await evaluate(inputs, (builder, [input, mask]) => {
      const directions = [forward, backward].map((weights, k) => {
        return { weights, backwards: k === 1, activations: FUNCTIONS.LSTM }
      })
      const made = recurrence(builder, { cell: 'LSTM', input: input!, mask, directions, sequences: true })
      return [concatenateDirections(builder, made), concatenateDirections(builder, { last: made.last })]
    })
    const ways = [forward, backward].map((weights, k) => reference(weights, { cell: 'LSTM', masked: true, backwards: k === 1 }))
    const both = ways[0]!.outputs.flatMap((row, k) => [...row, ...ways[1]!.outputs[k]!])
    expectClose(all!, both, [BATCH, STEPS, 2 * UNITS])
    expectClose(
      last!,
      ways[0]!.ends.flatMap((end, k) => [...end.last, ...ways[1]!.ends[k]!.last]),
      [BATCH, 2 * UNITS],
    )
  })
})
