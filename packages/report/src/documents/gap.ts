// The gap document, version 1: from the application to the bare benchmark, one difference taken away on each rung. A public contract. Times in ms.

export type GapRungId =
  | 'app'
  | 'app-again' // changes nothing: what it differs by is noise
  | 'loop-still' // what else the event loop runs is held still, from here on
  | 'sessions-still' // sessions of an engine beside the one that calls are about answer at once, from here on
  | 'threads-still' // other threads are held still, from here on
  | 'no-gap'
  | 'same-inputs'
  | 'predict-alone'
  | 'one-input'
  | 'model-alone' // the model file, measured by whyslow itself

export interface GapDocument {
  readonly schema: 'whyslow-gap/1'
  readonly tool: { readonly version: string }
  readonly createdAt: string
  readonly answer: string
  readonly file: string
  readonly language: 'javascript' | 'python'
  readonly runtime: string
  readonly processes: number // in each of which all rungs were climbed, there and back
  readonly rungs: readonly {
    readonly id: GapRungId
    readonly title: string
    readonly timeMs: number // of one call: median over processes
    readonly savedMs: number | null // beside the rung before; null: the first; below 0: it takes longer without the difference
    readonly ratio: number | null // the rung before over this one
    readonly ratioLow: number | null // 95 %, over processes
    readonly ratioHigh: number | null
    readonly matters: boolean // the interval lies beyond 1, and the difference beyond that of the rung that changes nothing
  }[]
  readonly unexplainedMs?: number | null // what the last rung of the application takes beyond the model alone; null: that was not measured
  readonly left?: readonly { readonly id: GapRungId; readonly reason: string }[] // rungs that the application does not have, or that could not be climbed
  readonly warnings: readonly string[]
}
