// What rules of load read of a point, whether a server of this program measured it or another told it.
import type { LoadPoint, LoadSetup } from '@whyslow/report/documents/load.ts'

export interface PartFacts {
  /** Over all requests. */
  readonly meanMs: number
  /** Over the slowest hundredth. */
  readonly slowestMs: number
  /** Squared coefficient of variation over all requests. */
  readonly variation: number
}

/** A part that the server knows of, by its name; null if it is not known. */
export function partOf({ parts }: LoadPoint, name: string): PartFacts | null {
  if (parts === null) return null
  const at = parts.names.findIndex((one) => one === name || one === `server: ${name}`)
  if (at < 0) return null
  return { meanMs: parts.all.partsMs[at]!, slowestMs: parts.slowest.partsMs[at]!, variation: parts.variation[at]! }
}

/** How much of the time workers predict, by the utilisation law; null if their number is not known. */
export function utilisationOf(point: LoadPoint, setup: LoadSetup | null): number | null {
  const compute = partOf(point, 'compute')
  if (setup === null || compute === null) return null
  const together = point.server?.meanTogether ?? 1
  return (point.achievedPerSecond * compute.meanMs) / 1000 / together / setup.workers
}
