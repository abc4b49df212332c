// What reading memory alone takes: no engine on this machine makes a token in less.
import type { DepthLine, GenerationFloor, GenerationModel } from '@whyslow/report/documents/generation.ts'

export interface Bandwidth {
  readonly bytesPerSecond: number
  readonly level: string
  readonly threads: number
}

/** null: the model does not say what a token reads. `timePerTokenMs` at `depth`. */
export function floorOf(
  { bytesPerToken, cacheBytesPerToken }: Pick<GenerationModel, 'bytesPerToken' | 'cacheBytesPerToken'>,
  { bytesPerSecond, level, threads }: Bandwidth,
  { timePerTokenMs, depth }: { readonly timePerTokenMs: number | null; readonly depth: number },
): GenerationFloor | null {
  if (bytesPerToken === null) return null
  const ms = (bytes: number) => (1000 * bytes) / bytesPerSecond
  const weightsMs = ms(bytesPerToken)
  const cacheMsPerThousand = ms(1000 * (cacheBytesPerToken ?? 0))
  const floorMs = weightsMs + (cacheMsPerThousand * depth) / 1000
  return {
    ...{ bytesPerSecond, level, threads, weightsMs, cacheMsPerThousand },
    shareOfFloor: timePerTokenMs === null || timePerTokenMs <= 0 ? null : floorMs / timePerTokenMs,
  }
}

/** The line with how steep it is: 1 reads the cache once, 3 and more copies it. */
export function lineOverFloor(line: DepthLine | null, floor: GenerationFloor | null): DepthLine | null {
  if (line === null || floor === null || floor.cacheMsPerThousand <= 0) return line
  return { ...line, slopeOverFloor: line.slopeMsPerThousand / floor.cacheMsPerThousand }
}
