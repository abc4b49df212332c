// V8's CPU profile, as its protocol has it. https://chromedevtools.github.io/devtools-protocol/tot/Profiler/

/** What the profile's file holds. */
export interface RawProfile {
  readonly profile: CpuProfile
  /** Intervals of each stage in the clock of the profile, µs; none for a script. */
  readonly intervalsUs: readonly (readonly (readonly [number, number])[])[]
  readonly predictions: number
}

/** As the protocol has it; lines of frames count from 0, of ticks from 1. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[]
  readonly startTime: number
  readonly endTime: number
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

export interface ProfileNode {
  readonly id: number
  readonly callFrame: {
    readonly functionName: string
    readonly url: string
    readonly lineNumber: number
    readonly columnNumber: number
  }
  readonly children?: readonly number[]
  readonly positionTicks?: readonly { readonly line: number; readonly ticks: number }[]
}
