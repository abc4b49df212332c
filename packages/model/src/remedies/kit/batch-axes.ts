// Along which axis samples stand side by side in each input.
import type { RemedyInput } from './remedy.ts'

/** Free axes of these names are something else than the batch. */
const NOT_BATCH = /seq|time|len|frame|token|height|width|depth|channel|sample|audio|past|position|^(h|w|t|l|s)$/i

/**
 * The batch axis of every input: a free axis of one name in all of them, else the free first axis of each, whose names do not say
 * that they are something else. null if an input has none, or if there is no input.
 */
export function batchAxes(inputs: readonly RemedyInput[]): ReadonlyMap<string, number> | null {
  if (inputs.length === 0) return null
  const free = inputs.map(({ freeAxes }) => freeAxes.filter(({ symbol }) => !NOT_BATCH.test(symbol)))
  const shared = free[0]!.find(({ symbol }) => symbol !== '' && free.every((axes) => axes.some((one) => one.symbol === symbol)))
  const axes = free.map((own) => own.find(({ axis, symbol }) => (shared === undefined ? axis === 0 : symbol === shared.symbol)))
  if (axes.some((one) => one === undefined)) return null
  return new Map(inputs.map(({ name }, i) => [name, axes[i]!.axis]))
}
