// Inputs as nested arrays: {"x": [[…]]}, a list of such objects (one a sample), or the bare array of a model with one input.

import { InputError } from '@whyslow/graph/input-error.ts'
import { isObject, parseJson } from '@whyslow/graph/json.ts'
import type { TensorValue } from '../engines/types.ts'
import { shorten } from './flags.ts'
import type { DataRecord } from './records.ts'

/** NumPy's own limit. */
const MOST_AXES = 64

type Nested = number | boolean | string | null | readonly Nested[]

/** One record, its leading axes counting samples, or one for each object of a list. Throws an InputError for anything else. */
export function readJson(text: string, where: string): readonly DataRecord[] {
  const content = parseJson(text, (words) => new InputError(`${where}: not JSON (${shorten(words, 80)}); write {"input": [[…]]}`))
  if (Array.isArray(content) && content.length > 0 && content.every(isObject)) {
    return content.map((sample, index) => record(sample, false, `${where}, sample ${index}`))
  }
  if (isObject(content)) return [record(content, true, where)]
  if (Array.isArray(content)) return [{ tensors: new Map([['', tensorOf(content as Nested, where)]]), stacked: true, where }]
  throw new InputError(`${where}: neither an object nor a list; write {"input": [[…]]}`)
}

function record(content: Readonly<Record<string, unknown>>, stacked: boolean, where: string): DataRecord {
  const tensors = new Map(
    Object.entries(content).map(([name, value]) => [name, tensorOf(value as Nested, `${where}, '${name}'`)]),
  )
  return { tensors, stacked, where }
}

/** float64, bool or string, as the elements are; null is a missing number. */
function tensorOf(value: Nested, where: string): TensorValue {
  const shape: number[] = []
  for (let at: Nested | undefined = value; Array.isArray(at); at = at[0]) shape.push(at.length)
  if (shape.length > MOST_AXES) throw new InputError(`${where}: lists are nested ${shape.length} deep; give an array`)
  const flat: (number | boolean | string | null)[] = []
  const collect = (item: Nested, depth: number): void => {
    if (!Array.isArray(item)) {
      if (depth !== shape.length || isObject(item)) throw new InputError(`${where}: the nesting is uneven; give a full array`)
      flat.push(item as number | boolean | string | null)
      return
    }
    if (item.length !== shape[depth]) {
      throw new InputError(
        `${where}: one list has ${item.length} items where another has ${shape[depth] ?? 'none'}; give a full array`,
      )
    }
    for (const inner of item) collect(inner, depth + 1)
  }
  collect(value, 0)
  if (flat.length > 0 && flat.every((item) => typeof item === 'string')) return { dtype: 'string', shape, data: flat }
  if (flat.length > 0 && flat.every((item) => typeof item === 'boolean')) {
    return { dtype: 'bool', shape, data: Uint8Array.from(flat, (item) => (item ? 1 : 0)) }
  }
  const odd = flat.find((item) => item !== null && typeof item !== 'number')
  if (odd !== undefined)
    throw new InputError(`${where}: '${String(odd).slice(0, 20)}' is among numbers; give one kind of element`)
  return { dtype: 'float64', shape, data: Float64Array.from(flat as (number | null)[], (item) => item ?? Number.NaN) }
}
