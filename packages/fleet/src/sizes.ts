// Sizes that a study varies in addition to the batch: height and width of inputs that leave them open, or the length of sequences.

import type { WhyOptions } from '@whyslow/command/options.ts'
import { type ReadOptions, readModel } from '@whyslow/formats/index.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { resolveInputs } from '@whyslow/measure/samples/resolve.ts'
import type { ResolvedInput } from '@whyslow/measure/samples/resolved.ts'

/** One number is height and width alike, and the length if there is neither. */
export interface Size {
  readonly height: number
  readonly width: number
}

export const sizeName = ({ height, width }: Size): string => (height === width ? String(height) : `${height}x${width}`)

type Told = Pick<WhyOptions, 'shapes' | 'values' | 'batch'> & ReadOptions

/**
 * Of each size, the shapes of the inputs of the model in `file` that leave it open, for --shape; null if none does. Throws InputError if
 * the model cannot be read, or what was told does not fit it.
 */
export async function shapesOfSizes(file: string, sizes: readonly Size[], told: Told): Promise<(WhyOptions['shapes'] | null)[]> {
  const graph = viewGraph(await readModel(file, told))
  const { inputs } = resolveInputs(graph.inputs, graph, told)
  const open = inputs.filter(({ name, values }) => values === undefined && !told.shapes.has(name))
  return sizes.map((size) => {
    const shapes = resized(open, 'height', 'width', size)
    const found = shapes.size > 0 ? shapes : size.height === size.width ? resized(open, 'sequence', 'sequence', size) : shapes
    return found.size === 0 ? null : new Map([...told.shapes, ...found])
  })
}

type Meaning = ResolvedInput['freeAxes'][number]['meaning']

function resized(inputs: readonly ResolvedInput[], tall: Meaning, wide: Meaning, { height, width }: Size): Map<string, number[]> {
  return new Map(
    inputs.flatMap(({ name, shape, freeAxes }) => {
      const sizes = new Map(
        freeAxes.flatMap(({ axis, meaning }) =>
          meaning === tall ? [[axis, height] as const] : meaning === wide ? [[axis, width] as const] : [],
        ),
      )
      return sizes.size === 0 ? [] : [[name, shape.map((one, axis) => sizes.get(axis) ?? one)] as const]
    }),
  )
}

/** Throws InputError if one is given twice. */
export function checkSizes(sizes: readonly Size[]): void {
  const names = sizes.map(sizeName)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) throw new InputError(`--size ${twice} is given twice; give each once`)
}
