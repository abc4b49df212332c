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
  schema: 'whyslow-gap/1'
  tool: { version: string }
  createdAt: string
  answer: string
  file: string
  language: 'javascript' | 'python'
  runtime: string
  processes: number // in each of which all rungs were climbed, there and back
  rungs: {
    id: GapRungId
    title: string
    timeMs: number // of one call: median over processes
    savedMs: number | null // beside the rung before; null: the first; below 0: it takes longer without the difference
    ratio: number | null // the rung before over this one
    ratioLow: number | null // 95 %, over processes
    ratioHigh: number | null
    matters: boolean // the interval lies beyond 1, and the difference beyond that of the rung that changes nothing
  }[]
  unexplainedMs?: number | null // what the last rung of the application takes beyond the model alone; null: that was not measured
  left?: { id: GapRungId; reason: string }[] // rungs that the application does not have, or that could not be climbed
  warnings: string[]
}
