// Call stacks as other tools read them: speedscope's own format, and collapsed stacks, one a line with a whole number of microseconds.
// https://github.com/jlfwong/speedscope/blob/main/src/lib/file-format-spec.ts
// https://github.com/brendangregg/FlameGraph

/** Frames once, each sample from the root to the leaf, weights in ms. */
export interface CallStacks {
  readonly frames: readonly { readonly name: string; readonly file: string | null; readonly line: number | null }[]
  readonly samples: readonly (readonly number[])[]
  readonly weightsMs: readonly number[]
}

/** A speedscope document. Pure. */
export function speedscope({ frames, samples, weightsMs }: CallStacks, name: string): string {
  const endValue = weightsMs.reduce((sum, weight) => sum + weight, 0)
  const document = {
    $schema: 'https://www.speedscope.app/file-format-schema.json',
    name,
    exporter: 'whyslow',
    activeProfileIndex: 0,
    shared: {
      frames: frames.map(({ name: frame, file, line }) => ({
        name: frame,
        ...(file === null ? {} : { file }),
        ...(line === null ? {} : { line }),
      })),
    },
    profiles: [{ type: 'sampled', name, unit: 'milliseconds', startValue: 0, endValue, samples, weights: weightsMs }],
  }
  return `${JSON.stringify(document)}\n`
}

const US_PER_MS = 1000

/** `a;b;c 12`, microseconds: a semicolon in a name would be a frame's end, and a fraction is not read. Pure. */
export function collapsedStacks({ frames, samples, weightsMs }: CallStacks): string {
  const named = frames.map(({ name, file, line }) => {
    const at = file === null ? '' : ` (${file}${line === null ? '' : `:${line}`})`
    return `${name}${at}`.replaceAll(';', ':').replace(/[\r\n]+/g, ' ')
  })
  const lines = samples.flatMap((stack, at) => {
    const us = Math.round(weightsMs[at]! * US_PER_MS)
    return us === 0 || stack.length === 0 ? [] : [`${stack.map((frame) => named[frame]).join(';')} ${us}`]
  })
  return `${lines.join('\n')}\n`
}
