// Larger predictions out of the samples that are there.

import { joinTensors } from '@whyslow/graph/join-tensors.ts'
import type { Feeds } from '../engines/types.ts'

/** As many predictions as there are samples, each of `factor` samples joined along the batch axis of each input; they rotate. */
export function joinSamples(samples: readonly Feeds[], axes: ReadonlyMap<string, number>, factor: number): Feeds[] {
  return samples.map((_, start) => {
    const parts = Array.from({ length: factor }, (_, k) => samples[(start + k) % samples.length]!)
    const names = Object.keys(parts[0]!)
    return Object.fromEntries(
      names.map((name) => [
        name,
        joinTensors(
          parts.map((part) => part[name]!),
          axes.get(name) ?? 0,
        ),
      ]),
    )
  })
}
