// The gap document, version 1: from the application to the bare benchmark, one difference taken away on each rung. A public contract. Times in ms.

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
    id: 'app' | 'app-again' | 'no-gap' | 'same-inputs' | 'predict-alone' | 'one-input'
    title: string
    timeMs: number // of one call: median over processes
    savedMs: number | null // beside the rung before; null: the first
    ratio: number | null // the rung before over this one
    ratioLow: number | null // 95 %, over processes
    ratioHigh: number | null
    matters: boolean // the interval lies beyond 1, and the difference beyond that of the rung that changes nothing
  }[]
  warnings: string[]
}
